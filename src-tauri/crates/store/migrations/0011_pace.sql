-- An incident that is inserted with its clock running needs no second write for it.
DROP TRIGGER incident_clock_set;
CREATE TRIGGER incident_clock_set AFTER INSERT ON incident WHEN new.due IS NULL
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
