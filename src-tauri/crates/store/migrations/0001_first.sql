-- Times are RFC 3339 in UTC with microseconds, so that text order is time order.
-- `doc` columns hold JSON of core types; the columns beside them are what SQL filters and sorts by.

CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE source (
  name          TEXT PRIMARY KEY,
  vendor        TEXT NOT NULL,
  api_url       TEXT NOT NULL,
  auth_url      TEXT NOT NULL,
  client_id     TEXT NOT NULL,
  polling       INTEGER NOT NULL DEFAULT 1,
  cursor        TEXT,
  seen_until    TEXT,
  last_success  TEXT,
  problem       TEXT,
  remedy        TEXT,
  needs_person  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE cloud_account (
  name         TEXT PRIMARY KEY,
  provider     TEXT NOT NULL,
  account_id   TEXT NOT NULL UNIQUE,
  regions      TEXT NOT NULL,
  endpoint     TEXT,
  role_arn     TEXT,
  external_id  TEXT,
  read_key_id  TEXT NOT NULL,
  write_key_id TEXT
) STRICT;

-- What the keychain should hold, without the secret itself: "no entry" for a name listed here is
-- an alarm, not "not configured".
CREATE TABLE credential_marker (
  name      TEXT PRIMARY KEY,
  stored_at TEXT NOT NULL
) STRICT;

CREATE TABLE approver_key (
  key         TEXT PRIMARY KEY,
  approver    TEXT NOT NULL,
  enrolled_at TEXT NOT NULL
) STRICT;

CREATE TABLE alert (
  id          TEXT PRIMARY KEY,
  source      TEXT NOT NULL,
  kind        TEXT NOT NULL,
  sha256      TEXT NOT NULL,
  received_at TEXT NOT NULL,
  problem     TEXT,
  body        BLOB NOT NULL,
  UNIQUE (source, sha256)
) STRICT;

CREATE TABLE finding (
  id          TEXT PRIMARY KEY,
  source      TEXT NOT NULL,
  kind        TEXT NOT NULL,
  vendor_id   TEXT NOT NULL,
  alert       TEXT NOT NULL REFERENCES alert (id),
  began_at    TEXT NOT NULL,
  received_at TEXT NOT NULL,
  asset       TEXT,
  doc         TEXT NOT NULL,
  UNIQUE (source, kind, vendor_id)
) STRICT;

CREATE TABLE asset (
  id  TEXT PRIMARY KEY,
  doc TEXT NOT NULL
) STRICT;

CREATE TABLE incident (
  id             TEXT PRIMARY KEY,
  number         INTEGER NOT NULL UNIQUE,
  title          TEXT NOT NULL,
  severity       TEXT NOT NULL,
  severity_rank  INTEGER NOT NULL,
  state          TEXT NOT NULL,
  owner          TEXT,
  asset          TEXT,
  asset_name     TEXT,
  account        TEXT,
  account_name   TEXT,
  region         TEXT,
  techniques     TEXT NOT NULL,
  sources        TEXT NOT NULL,
  finding_count  INTEGER NOT NULL,
  steps_proven   INTEGER NOT NULL DEFAULT 0,
  steps_total    INTEGER NOT NULL DEFAULT 0,
  joined_because TEXT NOT NULL,
  opened_at      TEXT NOT NULL,
  last_at        TEXT NOT NULL,
  updated_at     TEXT NOT NULL,
  search         TEXT NOT NULL
) STRICT;
CREATE INDEX incident_queue ON incident (severity_rank DESC, opened_at DESC, number DESC);
CREATE INDEX incident_asset ON incident (asset, state);
CREATE INDEX incident_state ON incident (state, owner, severity_rank);

CREATE TABLE incident_finding (
  finding  TEXT PRIMARY KEY REFERENCES finding (id),
  incident TEXT NOT NULL REFERENCES incident (id)
) STRICT;
CREATE INDEX incident_finding_incident ON incident_finding (incident);

CREATE TABLE evidence (
  incident TEXT NOT NULL REFERENCES incident (id),
  number   INTEGER NOT NULL,
  source   TEXT NOT NULL,
  at       TEXT NOT NULL,
  text     TEXT NOT NULL,
  sha256   TEXT NOT NULL,
  PRIMARY KEY (incident, number),
  UNIQUE (incident, source, at, text)
) STRICT, WITHOUT ROWID;

CREATE TABLE timeline (
  id       INTEGER PRIMARY KEY,
  incident TEXT NOT NULL REFERENCES incident (id),
  at       TEXT NOT NULL,
  kind     TEXT NOT NULL,
  actor    TEXT NOT NULL,
  text     TEXT NOT NULL,
  evidence TEXT
) STRICT;
CREATE INDEX timeline_incident ON timeline (incident, at, id);

CREATE TABLE incident_context (
  incident      TEXT PRIMARY KEY REFERENCES incident (id),
  neighbourhood TEXT,
  neighbours_at TEXT,
  problem       TEXT,
  assessment    TEXT,
  model_note    TEXT
) STRICT;

CREATE TABLE plan (
  id       TEXT PRIMARY KEY,
  incident TEXT NOT NULL REFERENCES incident (id),
  current  INTEGER NOT NULL,
  doc      TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX plan_current ON plan (incident) WHERE current = 1;

CREATE TABLE step (
  id       TEXT PRIMARY KEY,
  plan     TEXT NOT NULL REFERENCES plan (id),
  incident TEXT NOT NULL REFERENCES incident (id),
  rank     INTEGER NOT NULL,
  state    TEXT NOT NULL,
  doc      TEXT NOT NULL,
  undo     TEXT
) STRICT;
CREATE INDEX step_plan ON step (plan, rank);

CREATE TABLE approval (
  id        TEXT PRIMARY KEY,
  step      TEXT NOT NULL REFERENCES step (id),
  direction TEXT NOT NULL,
  digest    TEXT NOT NULL,
  doc       TEXT NOT NULL
) STRICT;
CREATE INDEX approval_step ON approval (step, direction);

-- An intent is on disk before its first call; a call's answer after it. An intent that did not
-- end, or a call that was sent and not answered, has an unknown outcome.
CREATE TABLE intent (
  id         TEXT PRIMARY KEY,
  step       TEXT NOT NULL REFERENCES step (id),
  direction  TEXT NOT NULL,
  digest     TEXT NOT NULL,
  started_at TEXT NOT NULL,
  ended_at   TEXT,
  end_note   TEXT
) STRICT;
CREATE UNIQUE INDEX intent_digest ON intent (step, direction, digest);

CREATE TABLE intent_call (
  intent      TEXT NOT NULL REFERENCES intent (id),
  position    INTEGER NOT NULL,
  call        TEXT NOT NULL,
  sending_at  TEXT,
  answered_at TEXT,
  outcome     TEXT,
  note        TEXT,
  PRIMARY KEY (intent, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_record (
  position INTEGER PRIMARY KEY,
  body     BLOB NOT NULL,
  leaf     BLOB NOT NULL
) STRICT;

-- Where the log ends, so that appending needs no reading. Redundant: verification never trusts it.
CREATE TABLE audit_tail (
  id  INTEGER PRIMARY KEY CHECK (id = 1),
  doc TEXT NOT NULL
) STRICT;

CREATE TABLE audit_checkpoint (
  size INTEGER PRIMARY KEY,
  note TEXT NOT NULL
) STRICT;

-- Accidents stop here; attackers are found by the checkpoints (docs/AUDIT-FORMAT.md).
CREATE TRIGGER audit_record_no_update BEFORE UPDATE ON audit_record
BEGIN SELECT RAISE (ABORT, 'audit records are never updated'); END;
CREATE TRIGGER audit_record_no_delete BEFORE DELETE ON audit_record
BEGIN SELECT RAISE (ABORT, 'audit records are never deleted'); END;
CREATE TRIGGER audit_checkpoint_no_update BEFORE UPDATE ON audit_checkpoint
BEGIN SELECT RAISE (ABORT, 'audit checkpoints are never updated'); END;
CREATE TRIGGER audit_checkpoint_no_delete BEFORE DELETE ON audit_checkpoint
BEGIN SELECT RAISE (ABORT, 'audit checkpoints are never deleted'); END;
CREATE TRIGGER alert_no_update BEFORE UPDATE ON alert
BEGIN SELECT RAISE (ABORT, 'alerts are kept verbatim'); END;
CREATE TRIGGER alert_no_delete BEFORE DELETE ON alert
BEGIN SELECT RAISE (ABORT, 'alerts are kept verbatim'); END;
