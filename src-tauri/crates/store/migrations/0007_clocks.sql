-- Clocks: until when somebody takes an incident on, and until when it is contained (core::clock).

CREATE TABLE clock_target (
  severity    TEXT PRIMARY KEY,
  acknowledge INTEGER NOT NULL,
  contain     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO clock_target VALUES
  ('critical', 15, 60), ('high', 60, 240), ('medium', 480, 1440),
  ('low', 1440, 4320), ('informational', 4320, 10080), ('unknown', 480, 1440);

-- When somebody took it on, when its clock stopped, and the second in which its time is up: NULL where
-- no clock runs. Of what was there before, the last change is the best that is known.
ALTER TABLE incident ADD COLUMN acknowledged_at TEXT;
ALTER TABLE incident ADD COLUMN stopped_at TEXT;
ALTER TABLE incident ADD COLUMN due INTEGER;
UPDATE incident SET
  acknowledged_at = iif(owner IS NOT NULL OR state <> 'new', updated_at, NULL),
  stopped_at = iif(state IN ('contained', 'closed', 'false_positive'), updated_at, NULL);
UPDATE incident SET due = unixepoch(opened_at) + 60 *
    (SELECT iif(incident.acknowledged_at IS NULL, acknowledge, contain) FROM clock_target
     WHERE severity = incident.severity)
  WHERE state IN ('new', 'triaged', 'planned', 'containing');
CREATE INDEX incident_due ON incident (due, place) WHERE due IS NOT NULL;
CREATE INDEX incident_acknowledged ON incident (acknowledged_at) WHERE acknowledged_at IS NOT NULL;
CREATE INDEX incident_stopped ON incident (stopped_at) WHERE stopped_at IS NOT NULL;

CREATE TRIGGER incident_clock_set AFTER INSERT ON incident
BEGIN
  UPDATE incident SET
    acknowledged_at = iif(new.owner IS NOT NULL OR new.state <> 'new', new.updated_at, NULL),
    stopped_at =
      iif(new.state IN ('contained', 'closed', 'false_positive'), new.updated_at, NULL),
    due = CASE WHEN new.state IN ('new', 'triaged', 'planned', 'containing') THEN
      unixepoch(new.opened_at) + 60 *
        (SELECT iif(new.owner IS NOT NULL OR new.state <> 'new', contain, acknowledge)
         FROM clock_target WHERE severity = new.severity) END
  WHERE rowid = new.rowid;
END;
-- Nobody's and new again, it was taken on by nobody: what is taken back runs on.
CREATE TRIGGER incident_clock_moved AFTER UPDATE OF state, owner, severity, opened_at ON incident
WHEN (old.state, old.owner, old.severity, old.opened_at)
  IS NOT (new.state, new.owner, new.severity, new.opened_at)
BEGIN
  UPDATE incident SET
    acknowledged_at = iif(new.owner IS NOT NULL OR new.state <> 'new',
      coalesce(old.acknowledged_at, new.updated_at), NULL),
    stopped_at = iif(new.state IN ('contained', 'closed', 'false_positive'),
      coalesce(old.stopped_at, new.updated_at), NULL),
    due = CASE WHEN new.state IN ('new', 'triaged', 'planned', 'containing') THEN
      unixepoch(new.opened_at) + 60 *
        (SELECT iif(new.owner IS NOT NULL OR new.state <> 'new', contain, acknowledge)
         FROM clock_target WHERE severity = new.severity) END
  WHERE rowid = new.rowid;
END;

-- How far everything active reached, by the minute: the commander's line.
CREATE TABLE reach_sample (
  minute      INTEGER PRIMARY KEY,
  assets      INTEGER NOT NULL,
  jewels      INTEGER NOT NULL,
  compromised INTEGER NOT NULL,
  contained   INTEGER NOT NULL
) STRICT;
