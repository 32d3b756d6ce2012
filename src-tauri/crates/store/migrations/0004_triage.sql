-- What people did in triage, with what it altered, so that it can be taken back; and incidents that
-- people put together.

-- Into which an incident was merged, and which has its findings because of that: the one at the end of
-- the chain. NULL where it has its own.
ALTER TABLE incident ADD COLUMN merged_into TEXT REFERENCES incident (id);
ALTER TABLE incident ADD COLUMN root TEXT REFERENCES incident (id);
-- Which kind of false positive it is.
ALTER TABLE incident ADD COLUMN cause TEXT;
CREATE INDEX incident_merged_into ON incident (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX incident_cause ON incident (cause) WHERE cause IS NOT NULL;

-- Whose a finding is by itself, where that is not the incident that it is in now.
ALTER TABLE incident_finding ADD COLUMN home TEXT REFERENCES incident (id);

-- The greatest severity that a finding ever had, where it is not the one it has.
ALTER TABLE finding ADD COLUMN worst TEXT;
UPDATE finding SET worst = i.lead->>'$.severity' FROM incident i
  WHERE finding.source = i.lead->>'$.key.source' AND finding.kind = i.lead->>'$.key.kind'
    AND finding.vendor_id = i.lead->>'$.key.vendor_id'
    AND finding.doc->>'$.severity' IS NOT i.lead->>'$.severity';

-- A fact stays when its finding leaves the incident, so that what cites it does not dangle; it counts
-- no more.
ALTER TABLE evidence ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;

CREATE TABLE triage_change (
  position  INTEGER PRIMARY KEY,
  id        TEXT NOT NULL UNIQUE,
  at        TEXT NOT NULL,
  actor     TEXT NOT NULL,
  text      TEXT NOT NULL,
  incidents INTEGER NOT NULL DEFAULT 0,
  undone_at TEXT,
  undone_by TEXT
) STRICT;
CREATE INDEX triage_change_stack ON triage_change (actor, position) WHERE undone_at IS NULL;

-- One incident's standing before and after (core::triage::Standing as JSON).
CREATE TABLE triage_incident (
  change   TEXT NOT NULL REFERENCES triage_change (id),
  incident TEXT NOT NULL REFERENCES incident (id),
  before   TEXT NOT NULL,
  after    TEXT NOT NULL,
  PRIMARY KEY (change, incident)
) STRICT, WITHOUT ROWID;
CREATE INDEX triage_incident_incident ON triage_incident (incident);

-- Whose a finding was and whose it became.
CREATE TABLE triage_finding (
  change  TEXT NOT NULL REFERENCES triage_change (id),
  finding TEXT NOT NULL REFERENCES finding (id),
  before  TEXT NOT NULL REFERENCES incident (id),
  after   TEXT NOT NULL REFERENCES incident (id),
  PRIMARY KEY (change, finding)
) STRICT, WITHOUT ROWID;
