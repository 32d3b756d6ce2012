-- What people saved of the queue: a question in the queue's own words and, if they want it, how it is
-- shown. Whoever has the workspace has them.
CREATE TABLE saved_view (
  id       TEXT PRIMARY KEY,
  name     TEXT NOT NULL COLLATE NOCASE UNIQUE,
  query    TEXT NOT NULL,
  -- Names of core::view::Column as JSON, and of core::view::Density; NULL leaves them to the reader.
  columns  TEXT,
  density  TEXT,
  saved_by TEXT NOT NULL,
  saved_at TEXT NOT NULL
) STRICT;

-- An incident handed from one person to another, and what the other must know.
CREATE TABLE handover (
  id       TEXT PRIMARY KEY,
  incident TEXT NOT NULL REFERENCES incident (id),
  at       TEXT NOT NULL,
  given_by TEXT NOT NULL,
  given_to TEXT NOT NULL,
  note     TEXT NOT NULL,
  read_at  TEXT
) STRICT;
CREATE INDEX handover_incident ON handover (incident, at);
-- The one that the incident's owner has not read.
ALTER TABLE incident ADD COLUMN handover TEXT REFERENCES handover (id);
