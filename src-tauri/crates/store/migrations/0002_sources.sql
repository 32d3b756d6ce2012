-- What differs from vendor to vendor (region, page size, a second address): a JSON object of texts,
-- never a secret.
ALTER TABLE source ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
-- Failures in a row; a stored page sets it to 0.
ALTER TABLE source ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;

-- Alerts of each hour since 1970, so that nobody counts a million of them to draw a line.
CREATE TABLE alert_tally (
  source TEXT NOT NULL,
  hour   INTEGER NOT NULL,
  alerts INTEGER NOT NULL,
  unread INTEGER NOT NULL,
  PRIMARY KEY (source, hour)
) STRICT, WITHOUT ROWID;
INSERT INTO alert_tally (source, hour, alerts, unread)
  SELECT source, CAST(strftime('%s', received_at) AS INTEGER) / 3600, count(*), count(problem)
  FROM alert GROUP BY 1, 2;

-- The finding that an incident is named after.
ALTER TABLE incident ADD COLUMN lead TEXT;
UPDATE incident SET lead = (
  SELECT json_object('severity', incident.severity, 'began_at', f.began_at,
    'key', json_object('source', f.source, 'kind', f.kind, 'vendor_id', f.vendor_id))
  FROM incident_finding i JOIN finding f ON f.id = i.finding
  WHERE i.incident = incident.id AND f.doc->>'title' = incident.title
  ORDER BY f.began_at, f.source, f.kind, f.vendor_id LIMIT 1);

-- A back-fill keeps its own place in the stream: it disturbs neither polling nor its cursor, and goes
-- on where it was after a crash.
CREATE TABLE backfill (
  source     TEXT PRIMARY KEY,
  since      TEXT NOT NULL,
  cursor     TEXT NOT NULL,
  seen_until TEXT,
  pages      INTEGER NOT NULL DEFAULT 0,
  alerts     INTEGER NOT NULL DEFAULT 0,
  started_at TEXT NOT NULL,
  ended_at   TEXT,
  outcome    TEXT
) STRICT;

-- What sources are to be told. An order waits here until the vendor took it, through restarts.
CREATE TABLE write_back (
  id         TEXT PRIMARY KEY,
  source     TEXT NOT NULL,
  incident   TEXT NOT NULL REFERENCES incident (id),
  finding    TEXT NOT NULL REFERENCES finding (id),
  doc        TEXT NOT NULL,
  state      TEXT NOT NULL,
  attempts   INTEGER NOT NULL DEFAULT 0,
  not_before TEXT,
  note       TEXT,
  asked_by   TEXT NOT NULL,
  asked_at   TEXT NOT NULL,
  ended_at   TEXT
) STRICT;

CREATE INDEX write_back_by_incident ON write_back (incident, asked_at);
CREATE INDEX write_back_waiting ON write_back (asked_at) WHERE ended_at IS NULL;
