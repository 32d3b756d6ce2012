-- Incidents that are put off, and rules that keep findings from opening incidents.

-- Until when an incident is put off, and where it stood. NULL where it is not.
ALTER TABLE incident ADD COLUMN snoozed_until TEXT;
ALTER TABLE incident ADD COLUMN snoozed_from TEXT;
CREATE INDEX incident_snoozed ON incident (snoozed_until) WHERE snoozed_until IS NOT NULL;

-- What the source calls the rule behind a finding. Older ones are not looked back to.
ALTER TABLE finding ADD COLUMN rule TEXT;
UPDATE finding SET rule = coalesce(nullif(doc->>'$.rule_id', ''), nullif(doc->>'$.rule_name', ''))
  WHERE received_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-31 days');
CREATE INDEX finding_rule ON finding (source, rule, received_at) WHERE rule IS NOT NULL;
CREATE INDEX finding_asset ON finding (asset, received_at) WHERE asset IS NOT NULL;

-- `scope` is core::suppression::Scope as JSON. A rule is never deleted: it expires or is ended.
CREATE TABLE suppression (
  id         TEXT PRIMARY KEY,
  scope      TEXT NOT NULL,
  up_to      TEXT NOT NULL,
  reason     TEXT NOT NULL,
  made_by    TEXT NOT NULL,
  made_at    TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  ended      INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What a rule hid, and since when it is shown again. A finding is hidden by one rule at a time.
CREATE TABLE suppressed_finding (
  rule     TEXT NOT NULL REFERENCES suppression (id),
  finding  TEXT NOT NULL REFERENCES finding (id),
  at       TEXT NOT NULL,
  shown_at TEXT,
  PRIMARY KEY (rule, finding)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX suppressed_finding_now ON suppressed_finding (finding) WHERE shown_at IS NULL;
CREATE INDEX suppressed_finding_rule ON suppressed_finding (rule) WHERE shown_at IS NULL;

-- How long a rule held before and after a change of people (core::suppression::Term as JSON).
CREATE TABLE triage_suppression (
  change TEXT NOT NULL REFERENCES triage_change (id),
  rule   TEXT NOT NULL REFERENCES suppression (id),
  before TEXT NOT NULL,
  after  TEXT NOT NULL,
  PRIMARY KEY (change, rule)
) STRICT, WITHOUT ROWID;
