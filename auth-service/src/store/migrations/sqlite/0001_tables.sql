-- The tables of Stagedoor in SQLite. The triggers that keep them true are in 0002 (users) and 0003 (sessions).
--
-- Ids are lower-case UUID text. Times are unix milliseconds by this database's clock. STRICT refuses wrong types, and
-- WITHOUT ROWID leaves no hidden key by which a statement could pass the triggers by (PROTOCOL S1). The CHECKs repeat
-- the bounds of common/core/limits.hpp; what a hand can get wrong is refused by the triggers first, with a sentence.

CREATE VIEW clock AS
SELECT CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) AS now_ms;

CREATE TABLE users (
  id            TEXT    NOT NULL PRIMARY KEY,
  email         TEXT    NOT NULL UNIQUE,  -- folded to lower case by a trigger
  display_name  TEXT    NOT NULL,
  role          TEXT    NOT NULL DEFAULT 'stage_manager',
  status        TEXT    NOT NULL DEFAULT 'pending',
  version       INTEGER NOT NULL DEFAULT 1,  -- raised by a trigger, never by hand
  epoch         INTEGER NOT NULL DEFAULT 1,
  kept_session  TEXT,                        -- the session a password change left alive, valid at kept_epoch only
  kept_epoch    INTEGER,
  password_hash TEXT    NOT NULL DEFAULT '',  -- empty: nobody can sign in with a password
  created_at_ms INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)),
  updated_at_ms INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)),

  CHECK (length(CAST(id AS BLOB)) = 36),
  CHECK (length(CAST(email AS BLOB)) BETWEEN 3 AND 254),
  CHECK (length(display_name) BETWEEN 1 AND 100 AND length(CAST(display_name AS BLOB)) <= 400),
  CHECK (role IN ('stage_manager', 'admin')),
  CHECK (status IN ('pending', 'active', 'rejected', 'suspended')),
  CHECK (version BETWEEN 1 AND 9007199254740991),  -- JSON carries integers up to 2^53 - 1
  CHECK (epoch BETWEEN 1 AND 9007199254740991),
  CHECK ((kept_session IS NULL) = (kept_epoch IS NULL)),
  CHECK (kept_session IS NULL OR length(CAST(kept_session AS BLOB)) = 36),
  CHECK (kept_epoch IS NULL OR kept_epoch BETWEEN 1 AND epoch),
  CHECK (length(CAST(password_hash AS BLOB)) <= 256),
  CHECK (created_at_ms BETWEEN 0 AND 253402300799999),  -- the year 9999
  CHECK (updated_at_ms BETWEEN 0 AND 253402300799999)
) STRICT, WITHOUT ROWID;

-- The list of stage managers goes by id: version 7 UUIDs sort by the time of their making.
CREATE INDEX users_by_status ON users (role, status, id);
CREATE INDEX users_by_role ON users (role, id);

CREATE TABLE stage_manager_profiles (
  user_id       TEXT    NOT NULL PRIMARY KEY REFERENCES users (id),
  phone         TEXT    NOT NULL DEFAULT '' CHECK (length(phone) <= 40 AND length(CAST(phone AS BLOB)) <= 160),
  company       TEXT    NOT NULL DEFAULT '' CHECK (length(company) <= 200 AND length(CAST(company AS BLOB)) <= 800),
  bio           TEXT    NOT NULL DEFAULT '' CHECK (length(bio) <= 2000 AND length(CAST(bio AS BLOB)) <= 8000),
  updated_at_ms INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER))
                CHECK (updated_at_ms BETWEEN 0 AND 253402300799999)
) STRICT, WITHOUT ROWID;

-- The ledger (PROTOCOL T1): one insert at sign-in, one update at the end. A row that was purged counts as ended.
CREATE TABLE sessions (
  id               TEXT    NOT NULL PRIMARY KEY,
  user_id          TEXT    NOT NULL REFERENCES users (id),
  epoch            INTEGER NOT NULL,
  signed_in_status TEXT    NOT NULL,
  created_at_ms    INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)),
  expires_at_ms    INTEGER NOT NULL,  -- absolute: nothing prolongs it
  device           TEXT    NOT NULL DEFAULT '',
  address          TEXT    NOT NULL DEFAULT '',
  ended_at_ms      INTEGER,
  end_reason       TEXT,

  CHECK (length(CAST(id AS BLOB)) = 36),
  CHECK (epoch BETWEEN 1 AND 9007199254740991),
  CHECK (signed_in_status IN ('pending', 'active', 'rejected', 'suspended')),
  CHECK (created_at_ms BETWEEN 0 AND 253402300799999),
  CHECK (expires_at_ms BETWEEN created_at_ms AND 253402300799999),
  CHECK (length(CAST(device AS BLOB)) <= 256),
  CHECK (length(CAST(address AS BLOB)) <= 64),
  CHECK ((ended_at_ms IS NULL) = (end_reason IS NULL)),
  CHECK (ended_at_ms IS NULL OR ended_at_ms BETWEEN 0 AND 253402300799999),
  CHECK (end_reason IS NULL OR (length(end_reason) BETWEEN 1 AND 40 AND end_reason NOT GLOB '*[^a-z_]*'))
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_of_user ON sessions (user_id, created_at_ms);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);

-- What Redis has to be told, in the order it was committed. AUTOINCREMENT: an id is never used twice, also after a
-- purge (PROTOCOL S2). Rows are written by triggers; editing them by hand stays possible, at the editor's own risk.
CREATE TABLE outbox (
  id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  kind            TEXT    NOT NULL CHECK (kind IN ('user_event', 'session_ended')),
  user_id         TEXT    NOT NULL CHECK (length(CAST(user_id AS BLOB)) = 36),
  version         INTEGER CHECK (version BETWEEN 1 AND 9007199254740991),
  session_id      TEXT    CHECK (length(CAST(session_id AS BLOB)) = 36),
  event_type      TEXT    CHECK (event_type IN ('registered', 'approved', 'rejected', 'reconsidered',
                                               'suspended', 'reinstated', 'updated')),
  facts           TEXT    CHECK (facts IS NULL OR json_valid(facts)),
  previous_status TEXT    CHECK (previous_status IN ('pending', 'active', 'rejected', 'suspended')),
  reason          TEXT    CHECK (length(reason) <= 500),
  actor           TEXT    NOT NULL CHECK (length(actor) BETWEEN 1 AND 100),
  at_ms           INTEGER NOT NULL CHECK (at_ms BETWEEN 0 AND 253402300799999),
  published_at_ms INTEGER CHECK (published_at_ms >= 0),
  attempts        INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  parked_reason   TEXT    CHECK (length(parked_reason) <= 500),

  UNIQUE (user_id, version),
  CHECK (CASE kind
           WHEN 'user_event'
             THEN version IS NOT NULL AND session_id IS NULL AND event_type IS NOT NULL AND facts IS NOT NULL
           ELSE version IS NULL AND session_id IS NOT NULL AND event_type IS NULL AND facts IS NULL
                AND reason IS NOT NULL
         END)
) STRICT;

CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at_ms IS NULL;
CREATE UNIQUE INDEX outbox_one_end_per_session ON outbox (session_id) WHERE session_id IS NOT NULL;

CREATE TABLE audit_log (
  id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  user_id    TEXT    NOT NULL,  -- whom it befell
  version    INTEGER,           -- of the user after the change, if the change raised it
  session_id TEXT,
  action     TEXT    NOT NULL CHECK (length(action) BETWEEN 1 AND 40),
  before     TEXT    CHECK (before IS NULL OR json_valid(before)),
  after      TEXT    CHECK (after IS NULL OR json_valid(after)),
  actor      TEXT    NOT NULL CHECK (length(actor) BETWEEN 1 AND 100),
  origin     TEXT    NOT NULL CHECK (length(origin) BETWEEN 1 AND 40),
  reason     TEXT    CHECK (length(reason) <= 500),
  at_ms      INTEGER NOT NULL CHECK (at_ms BETWEEN 0 AND 253402300799999),

  UNIQUE (user_id, version)
) STRICT;

CREATE TRIGGER audit_log_is_final BEFORE UPDATE ON audit_log BEGIN
  SELECT RAISE(ABORT, 'audit_log: what was written stays as it was written');
END;

-- Who makes the changes of this savepoint, and why (PROTOCOL S3). The writer inserts the row first and deletes it
-- before the savepoint is released: it is never committed. Without a row the author is 'sql'. A hand may use it too:
--   BEGIN IMMEDIATE; INSERT INTO change_context (actor, origin, reason) VALUES ('me', 'sql', 'why'); UPDATE …;
--   DELETE FROM change_context; COMMIT;
CREATE TABLE change_context (
  only_row INTEGER NOT NULL PRIMARY KEY DEFAULT 1 CHECK (only_row = 1),
  actor    TEXT    NOT NULL CHECK (length(actor) BETWEEN 1 AND 100),
  origin   TEXT    NOT NULL CHECK (length(origin) BETWEEN 1 AND 40 AND origin NOT GLOB '*[^a-z_-]*'),
  reason   TEXT    CHECK (length(reason) <= 500 AND length(CAST(reason AS BLOB)) <= 2000)
) STRICT;

-- Which Redis master is being fed (PROTOCOL R6): switched before a replay scans the outbox.
CREATE TABLE relay_state (
  only_row       INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
  run_id         TEXT    NOT NULL CHECK (length(run_id) <= 64),  -- empty: none yet
  feed           INTEGER NOT NULL CHECK (feed >= 0),             -- counts the switches
  switched_at_ms INTEGER NOT NULL
) STRICT;
INSERT INTO relay_state VALUES (1, '', 0, 0);

CREATE TABLE api_tokens (
  id              TEXT    NOT NULL PRIMARY KEY CHECK (length(CAST(id AS BLOB)) = 36),
  user_id         TEXT    NOT NULL REFERENCES users (id),  -- in whose name the token acts
  name            TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  token_hash      BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),  -- SHA-256; the token itself is nowhere
  scopes          TEXT    NOT NULL CHECK (json_valid(scopes) AND length(scopes) <= 500),
  created_at_ms   INTEGER NOT NULL CHECK (created_at_ms BETWEEN 0 AND 253402300799999),
  expires_at_ms   INTEGER CHECK (expires_at_ms BETWEEN created_at_ms AND 253402300799999),
  last_used_at_ms INTEGER CHECK (last_used_at_ms >= 0),
  revoked_at_ms   INTEGER CHECK (revoked_at_ms >= 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX api_tokens_of_user ON api_tokens (user_id);
