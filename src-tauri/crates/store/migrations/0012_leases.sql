-- What steps changed in a cloud, each somebody's until a time (core::lease).

CREATE TABLE lease (
  step         TEXT PRIMARY KEY REFERENCES step (id),
  incident     TEXT NOT NULL REFERENCES incident (id),
  owner        TEXT,
  begun_at     TEXT NOT NULL,
  review_at    TEXT NOT NULL,
  review_told  INTEGER NOT NULL DEFAULT 0 CHECK (review_told IN (0, 1)),
  standing     TEXT NOT NULL,
  since        TEXT NOT NULL,
  proved_at    TEXT,
  read_at      TEXT,
  note         TEXT,
  unread       TEXT,
  failures     INTEGER NOT NULL DEFAULT 0,
  next_read_at TEXT NOT NULL,
  ended_at     TEXT,
  end_kind     TEXT,
  end_reason   TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX lease_next ON lease (next_read_at) WHERE ended_at IS NULL;
CREATE INDEX lease_review ON lease (review_at) WHERE ended_at IS NULL;
CREATE INDEX lease_incident ON lease (incident);

-- A step that may have changed something and was not undone is on lease, also where it ran before leases
-- were kept: it is due for review, and for a read, at once.
INSERT INTO lease (step, incident, owner, begun_at, review_at, standing, since, next_read_at)
SELECT s.id, s.incident, i.owner, min(n.started_at), min(n.started_at),
  'unproven', min(n.started_at), min(n.started_at)
FROM step s
JOIN incident i ON i.id = s.incident
JOIN intent n ON n.step = s.id AND n.direction = 'execute'
WHERE s.state NOT IN ('undone')
  AND EXISTS (SELECT 1 FROM intent_call c WHERE c.intent = n.id AND c.sending_at IS NOT NULL
    AND (c.outcome IS NULL OR c.outcome NOT IN ('rejected', 'already_so')))
GROUP BY s.id;
