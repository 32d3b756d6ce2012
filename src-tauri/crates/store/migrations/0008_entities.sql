-- What findings name, by which they find each other: an asset, an access key, a user, an address. One
-- row for each stretch of time in which findings of an incident name an entity with no gap greater than
-- the window of core::correlate. The incident is the finding's home, not the one that it is shown in.
CREATE TABLE incident_entity (
  entity   TEXT NOT NULL,
  last_at  TEXT NOT NULL,
  incident TEXT NOT NULL REFERENCES incident (id),
  first_at TEXT NOT NULL,
  PRIMARY KEY (entity, last_at, incident)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_entity_incident ON incident_entity (incident);

-- One stretch for each incident from before: what it named, from its first to its last finding.
INSERT INTO incident_entity (entity, last_at, incident, first_at)
  SELECT named.entity, max(f.began_at), coalesce(l.home, l.incident), min(f.began_at)
  FROM (
    SELECT id, asset AS entity FROM finding WHERE asset IS NOT NULL
    UNION SELECT id, doc->>'$.actor.access_key_id' FROM finding
      WHERE coalesce(doc->>'$.actor.access_key_id', '') <> ''
  ) named
  JOIN finding f ON f.id = named.id
  JOIN incident_finding l ON l.finding = f.id
  GROUP BY 1, 3;
-- What it is about, where its findings no longer name it.
INSERT INTO incident_entity (entity, last_at, incident, first_at)
  SELECT asset, last_at, id, opened_at FROM incident WHERE asset IS NOT NULL
  ON CONFLICT DO NOTHING;

-- Why a finding is in its incident, where that is not because it opened it.
ALTER TABLE incident_finding ADD COLUMN because TEXT;
ALTER TABLE incident_finding ADD COLUMN score REAL;

-- Whether somebody moved findings of an incident, or merged others into it or took them out.
CREATE INDEX triage_incident_from ON triage_incident (before->>'$.merged_into')
  WHERE before->>'$.merged_into' IS NOT NULL;
CREATE INDEX triage_incident_into ON triage_incident (after->>'$.merged_into')
  WHERE after->>'$.merged_into' IS NOT NULL;
CREATE INDEX triage_finding_before ON triage_finding (before);
CREATE INDEX triage_finding_after ON triage_finding (after);
