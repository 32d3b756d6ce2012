-- The queue at any size: one number that sorts it, counts that are kept, text that is indexed.

-- Where an incident stands in the queue, greatest first: severity, then the second it was opened in
-- (from 2000 to 2136), then its number. The cursor of the queue's pages, and the row of its text.
ALTER TABLE incident ADD COLUMN place INTEGER GENERATED ALWAYS AS (
  (severity_rank << 60)
  | (max(0, min(coalesce(unixepoch(opened_at), 0) - 946684800, 4294967295)) << 28)
  | (number & 268435455)
) VIRTUAL;
DROP INDEX incident_queue;
DROP INDEX incident_state;
CREATE INDEX incident_place ON incident (place);
CREATE INDEX incident_state_place ON incident (state, place);
CREATE INDEX incident_owner_place ON incident (owner, state, place);
-- The owner is there to be looked at without reading the row.
CREATE INDEX incident_account_place ON incident (account, state, place, owner);

-- How many there are of each kind. The owner is '' where there is none.
CREATE TABLE incident_tally (
  state     TEXT NOT NULL,
  severity  TEXT NOT NULL,
  owner     TEXT NOT NULL,
  incidents INTEGER NOT NULL,
  PRIMARY KEY (state, severity, owner)
) STRICT, WITHOUT ROWID;
CREATE TABLE account_tally (
  account      TEXT NOT NULL,
  account_name TEXT NOT NULL,
  state        TEXT NOT NULL,
  severity     TEXT NOT NULL,
  incidents    INTEGER NOT NULL,
  PRIMARY KEY (account, account_name, state, severity)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_tally_name ON account_tally (account_name);

-- What people search, by word and by the beginning of a word. `facets` says state, account and owner
-- as words of their own (hex, so that no text can pretend to be one): a search with filters is one
-- walk through lists that are in the queue's order.
CREATE VIRTUAL TABLE incident_text USING fts5 (
  words, facets, content = '', contentless_delete = 1, prefix = '1 2 3'
);

INSERT INTO incident_tally (state, severity, owner, incidents)
  SELECT state, severity, coalesce(owner, ''), count(*) FROM incident GROUP BY 1, 2, 3;
INSERT INTO account_tally (account, account_name, state, severity, incidents)
  SELECT account, coalesce(account_name, ''), state, severity, count(*) FROM incident
  WHERE account IS NOT NULL GROUP BY 1, 2, 3, 4;
INSERT INTO incident_text (rowid, words, facets)
  SELECT place, search,
    's' || hex(state) || ' a' || hex(account) || ' o' || hex(owner)
  FROM incident ORDER BY place;

CREATE TRIGGER incident_counted_in AFTER INSERT ON incident
BEGIN
  INSERT INTO incident_tally VALUES (new.state, new.severity, coalesce(new.owner, ''), 1)
    ON CONFLICT DO UPDATE SET incidents = incidents + 1;
  INSERT INTO account_tally
    SELECT new.account, coalesce(new.account_name, ''), new.state, new.severity, 1
    WHERE new.account IS NOT NULL
    ON CONFLICT DO UPDATE SET incidents = incidents + 1;
END;
CREATE TRIGGER incident_counted_again AFTER UPDATE OF state, severity, owner, account, account_name
ON incident
WHEN (old.state, old.severity, old.owner, old.account, old.account_name)
  IS NOT (new.state, new.severity, new.owner, new.account, new.account_name)
BEGIN
  UPDATE incident_tally SET incidents = incidents - 1
    WHERE (state, severity, owner) = (old.state, old.severity, coalesce(old.owner, ''));
  INSERT INTO incident_tally VALUES (new.state, new.severity, coalesce(new.owner, ''), 1)
    ON CONFLICT DO UPDATE SET incidents = incidents + 1;
  UPDATE account_tally SET incidents = incidents - 1
    WHERE (account, account_name, state, severity)
      = (old.account, coalesce(old.account_name, ''), old.state, old.severity);
  INSERT INTO account_tally
    SELECT new.account, coalesce(new.account_name, ''), new.state, new.severity, 1
    WHERE new.account IS NOT NULL
    ON CONFLICT DO UPDATE SET incidents = incidents + 1;
END;
CREATE TRIGGER incident_indexed AFTER INSERT ON incident
BEGIN
  INSERT INTO incident_text (rowid, words, facets) VALUES (new.place, new.search,
    's' || hex(new.state) || ' a' || hex(new.account)
    || ' o' || hex(new.owner));
END;
CREATE TRIGGER incident_indexed_again AFTER UPDATE OF search, state, owner, account, severity_rank,
  opened_at ON incident
WHEN (old.search, old.state, old.owner, old.account, old.place)
  IS NOT (new.search, new.state, new.owner, new.account, new.place)
BEGIN
  DELETE FROM incident_text WHERE rowid = old.place;
  INSERT INTO incident_text (rowid, words, facets) VALUES (new.place, new.search,
    's' || hex(new.state) || ' a' || hex(new.account)
    || ' o' || hex(new.owner));
END;
-- An incident is never deleted by the product; a tally that is wrong after someone did would stay so.
CREATE TRIGGER incident_no_delete BEFORE DELETE ON incident
BEGIN SELECT RAISE (ABORT, 'incidents are closed, never deleted'); END;
