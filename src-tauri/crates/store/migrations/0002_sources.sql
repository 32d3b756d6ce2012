-- What differs from vendor to vendor (region, page size, a second address): a JSON object of texts,
-- never a secret.
ALTER TABLE source ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
-- Failures in a row; a stored page sets it to 0.
ALTER TABLE source ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;

CREATE INDEX alert_by_time ON alert (source, received_at);

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
