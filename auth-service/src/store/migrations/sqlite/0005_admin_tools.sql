-- What admins' tools stand on: where each change came from, the audit log by whom, of whom, what and when, API tokens
-- that keep their rules whoever writes, and answers that are given again. Read the head of 0002 for how these triggers
-- withstand OR IGNORE and OR REPLACE.

-- From which address, and by which API token, if any. A hand leaves both out.
ALTER TABLE change_context ADD COLUMN address TEXT CHECK (length(CAST(address AS BLOB)) BETWEEN 1 AND 64);
ALTER TABLE change_context ADD COLUMN token_id TEXT CHECK (length(CAST(token_id AS BLOB)) = 36);

-- Beside audit_log, whose rows are written by the triggers of 0002 and 0003.
CREATE TABLE audit_sources (
  audit_id INTEGER NOT NULL PRIMARY KEY,
  address  TEXT CHECK (length(CAST(address AS BLOB)) BETWEEN 1 AND 64),
  token_id TEXT CHECK (length(CAST(token_id AS BLOB)) = 36)
) STRICT;

CREATE TRIGGER audit_log_sourced AFTER INSERT ON audit_log BEGIN
  INSERT INTO audit_sources (audit_id, address, token_id)
  SELECT NEW.id, address, token_id FROM change_context WHERE address IS NOT NULL OR token_id IS NOT NULL;
END;

CREATE TRIGGER audit_log_purged AFTER DELETE ON audit_log BEGIN
  DELETE FROM audit_sources WHERE audit_id = OLD.id;
END;

CREATE TRIGGER audit_sources_are_final BEFORE UPDATE ON audit_sources BEGIN
  SELECT RAISE(ABORT, 'audit_sources: what was written stays as it was written');
END;

-- The log is read newest first, all of it or by one of these.
CREATE INDEX audit_by_time ON audit_log (at_ms);
CREATE INDEX audit_by_user ON audit_log (user_id, at_ms);
CREATE INDEX audit_by_actor ON audit_log (actor, at_ms);
CREATE INDEX audit_by_action ON audit_log (action, at_ms);

-- An API token acts in the name of an admin and dies with what makes them one.

CREATE TRIGGER api_tokens_insert_rules BEFORE INSERT ON api_tokens BEGIN
  SELECT CASE
    WHEN (NEW.id GLOB '????????-????-????-????-????????????' AND NEW.id NOT GLOB '*[^0-9a-f-]*'
          AND length(replace(NEW.id, '-', '')) = 32 AND length(CAST(NEW.id AS BLOB)) = 36) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_token: id must be a UUID in lower case')
    WHEN EXISTS (SELECT 1 FROM api_tokens WHERE id = NEW.id)
      THEN RAISE(ABORT, 'id_taken: an API token with this id exists')
    WHEN NOT EXISTS (SELECT 1 FROM users WHERE id = NEW.user_id AND role = 'admin' AND status = 'active')
      THEN RAISE(ABORT, 'no_admin: an API token belongs to an active admin')
    WHEN (length(NEW.name) BETWEEN 1 AND 100 AND trim(NEW.name) <> '' AND instr(NEW.name, char(0)) = 0
          AND NEW.name NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*') IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_token: name must have 1 to 100 characters, none of them a control character')
    WHEN (typeof(NEW.token_hash) = 'blob' AND length(NEW.token_hash) = 32) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_token: token_hash must be a SHA-256')
    WHEN EXISTS (SELECT 1 FROM api_tokens WHERE token_hash = NEW.token_hash)
      THEN RAISE(ABORT, 'invalid_token: token_hash is another token''s')
    WHEN (NEW.scopes IN ('["read"]', '["read","approve"]')) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_token: scopes must be ["read"] or ["read","approve"]')
    WHEN (NEW.created_at_ms BETWEEN 0 AND 253402300799999 AND NEW.expires_at_ms > NEW.created_at_ms
          AND NEW.expires_at_ms - NEW.created_at_ms <= 31622400000) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_token: expires_at_ms must be within 366 days after created_at_ms')
    WHEN NEW.last_used_at_ms IS NOT NULL OR NEW.revoked_at_ms IS NOT NULL
      THEN RAISE(ABORT, 'invalid_token: an API token begins unused and alive')
    WHEN (SELECT count(*) FROM api_tokens, clock
           WHERE user_id = NEW.user_id AND revoked_at_ms IS NULL AND expires_at_ms > now_ms) >= 50
      THEN RAISE(ABORT, 'too_many_tokens: this admin has 50 living API tokens')
  END;
END;

CREATE TRIGGER api_tokens_update_rules BEFORE UPDATE ON api_tokens BEGIN
  SELECT CASE
    WHEN NEW.id IS NOT OLD.id OR NEW.user_id IS NOT OLD.user_id OR NEW.name IS NOT OLD.name
      OR NEW.token_hash IS NOT OLD.token_hash OR NEW.scopes IS NOT OLD.scopes
      OR NEW.created_at_ms IS NOT OLD.created_at_ms OR NEW.expires_at_ms IS NOT OLD.expires_at_ms
      THEN RAISE(ABORT, 'invalid_token: of an API token nothing but its last use and its end can be written')
    WHEN OLD.revoked_at_ms IS NOT NULL AND NEW.revoked_at_ms IS NOT OLD.revoked_at_ms
      THEN RAISE(ABORT, 'token_revoked: the end of an API token is final')
    WHEN (NEW.revoked_at_ms IS NULL OR NEW.revoked_at_ms BETWEEN 0 AND 253402300799999) IS NOT TRUE
      OR (NEW.last_used_at_ms IS NULL OR NEW.last_used_at_ms BETWEEN 0 AND 253402300799999) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_token: last_used_at_ms and revoked_at_ms must be unix milliseconds')
  END;
END;

CREATE TRIGGER api_tokens_created AFTER INSERT ON api_tokens BEGIN
  INSERT INTO audit_log (user_id, action, after, actor, origin, reason, at_ms)
  SELECT NEW.user_id, 'token_created',
         json_object('tokenId', NEW.id, 'name', NEW.name, 'scope', iif(NEW.scopes = '["read"]', 'read', 'approve'),
                     'expiresAtMs', NEW.expires_at_ms),
         coalesce(who.actor, 'sql'), coalesce(who.origin, 'sql'), who.reason, clock.now_ms
    FROM clock LEFT JOIN change_context AS who;
  SELECT RAISE(ABORT, 'audit_conflict: the API token could not be told')
   WHERE NOT EXISTS (SELECT 1 FROM audit_log WHERE id = last_insert_rowid() AND user_id = NEW.user_id);
END;

CREATE TRIGGER api_tokens_revoked AFTER UPDATE ON api_tokens
WHEN OLD.revoked_at_ms IS NULL AND NEW.revoked_at_ms IS NOT NULL
BEGIN
  INSERT INTO audit_log (user_id, action, after, actor, origin, reason, at_ms)
  SELECT NEW.user_id, 'token_revoked',
         json_object('tokenId', NEW.id, 'name', NEW.name, 'scope', iif(NEW.scopes = '["read"]', 'read', 'approve'),
                     'expiresAtMs', NEW.expires_at_ms),
         coalesce(who.actor, 'sql'), coalesce(who.origin, 'sql'), who.reason, clock.now_ms
    FROM clock LEFT JOIN change_context AS who;
END;

-- A purge may take what is over.
CREATE TRIGGER api_tokens_living_stay BEFORE DELETE ON api_tokens
WHEN OLD.revoked_at_ms IS NULL AND OLD.expires_at_ms > (SELECT now_ms FROM clock)
BEGIN
  SELECT RAISE(ABORT, 'token_live: a living API token is revoked, not deleted');
END;

-- For good: whoever becomes an admin again makes new ones.
CREATE TRIGGER users_lose_tokens AFTER UPDATE ON users
WHEN OLD.role = 'admin' AND OLD.status = 'active' AND (NEW.role <> 'admin' OR NEW.status <> 'active')
BEGIN
  UPDATE api_tokens SET revoked_at_ms = (SELECT now_ms FROM clock) WHERE user_id = NEW.id AND revoked_at_ms IS NULL;
END;

-- Idempotency-Key: what was asked with a key, and what was answered. Bounded in time and number by whoever writes
-- (auth-service/src/store/sqlite_answer_store.cpp). The answer is sealed by the key, which is nowhere here.
CREATE TABLE kept_answers (
  id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  key_hash    BLOB    NOT NULL UNIQUE CHECK (length(key_hash) = 32),  -- of the one who asks and the key
  request     BLOB    NOT NULL CHECK (length(request) = 32),          -- SHA-256 of method, target and body
  begun_at_ms INTEGER NOT NULL CHECK (begun_at_ms BETWEEN 0 AND 253402300799999),
  answer      BLOB                                                    -- NULL: under way
) STRICT;

CREATE INDEX kept_answers_by_age ON kept_answers (begun_at_ms);
