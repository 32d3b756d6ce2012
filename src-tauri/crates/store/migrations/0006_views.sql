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
