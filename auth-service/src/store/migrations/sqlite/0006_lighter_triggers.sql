-- What a changed user costs, halved: thousands of people are decided at once. The rules of 0001, 0002, 0004 and 0005 stay
-- as they are. Read the head of 0002 for how these triggers withstand OR IGNORE and OR REPLACE.
--
-- What made them dear, so that it does not come back. Every change of a user is two updates of the row, the statement's
-- own and the one that raises the version: a rule asks only where its column is written (UPDATE OF) or has changed.
-- Within a trigger, IN with more than two constants builds a table in memory for each row, in CHECKs of what it writes
-- to as well, hence CASE; so does INSERT … SELECT into a table that has triggers itself, hence VALUES.

-- The outbox of 0001, with other CHECKs of event_type and previous_status. The triggers that name it keep their text.
PRAGMA legacy_alter_table = ON;

CREATE TABLE outbox_with_lighter_checks (
  id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  kind            TEXT    NOT NULL CHECK (kind IN ('user_event', 'session_ended')),
  user_id         TEXT    NOT NULL CHECK (length(CAST(user_id AS BLOB)) = 36),
  version         INTEGER CHECK (version BETWEEN 1 AND 9007199254740991),
  session_id      TEXT    CHECK (length(CAST(session_id AS BLOB)) = 36),
  event_type      TEXT    CHECK (CASE event_type
                                   WHEN 'approved' THEN 1     WHEN 'rejected' THEN 1   WHEN 'registered' THEN 1
                                   WHEN 'reconsidered' THEN 1 WHEN 'suspended' THEN 1  WHEN 'reinstated' THEN 1
                                   WHEN 'updated' THEN 1      ELSE event_type IS NULL END),
  facts           TEXT    CHECK (facts IS NULL OR json_valid(facts)),
  previous_status TEXT    CHECK (CASE previous_status
                                   WHEN 'pending' THEN 1  WHEN 'active' THEN 1
                                   WHEN 'rejected' THEN 1 WHEN 'suspended' THEN 1 ELSE previous_status IS NULL END),
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

INSERT INTO outbox_with_lighter_checks SELECT * FROM outbox ORDER BY id;
-- Ids go on from the highest that was ever given, also where all rows were purged (S2).
INSERT INTO sqlite_sequence (name, seq)
SELECT 'outbox_with_lighter_checks', 0
 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'outbox_with_lighter_checks');
UPDATE sqlite_sequence SET seq = coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'outbox'), 0)
 WHERE name = 'outbox_with_lighter_checks';
DROP TABLE outbox;
ALTER TABLE outbox_with_lighter_checks RENAME TO outbox;

PRAGMA legacy_alter_table = OFF;

CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at_ms IS NULL;
CREATE UNIQUE INDEX outbox_one_end_per_session ON outbox (session_id) WHERE session_id IS NOT NULL;

DROP TRIGGER users_update_rules;
DROP TRIGGER users_changed;
DROP TRIGGER users_keep_living_sessions;
DROP TRIGGER users_lose_tokens;

-- What a person is.
CREATE TRIGGER users_update_values
BEFORE UPDATE OF id, email, display_name, role, kept_session, kept_epoch, password_hash, created_at_ms ON users
WHEN NEW.version = OLD.version
BEGIN
  INSERT INTO user_rules
  VALUES (NEW.id, NEW.email, NEW.display_name, NEW.role, NEW.status, NEW.version, NEW.epoch, NEW.kept_session,
          NEW.kept_epoch, NEW.password_hash, NEW.created_at_ms, NEW.updated_at_ms);
  SELECT CASE
    WHEN NEW.id <> OLD.id
      THEN RAISE(ABORT, 'invalid_user: id never changes')
    WHEN NEW.created_at_ms <> OLD.created_at_ms
      THEN RAISE(ABORT, 'invalid_user: created_at_ms never changes')
    WHEN EXISTS (SELECT 1 FROM users WHERE email = lower(NEW.email) AND id <> OLD.id)
      THEN RAISE(ABORT, 'email_taken: a user with this e-mail exists')
    WHEN (NEW.kept_session IS NOT OLD.kept_session OR NEW.kept_epoch IS NOT OLD.kept_epoch)
      AND NOT (NEW.epoch > OLD.epoch AND (NEW.kept_epoch IS NULL OR NEW.kept_epoch = NEW.epoch))
      THEN RAISE(ABORT, 'invalid_epoch: what is kept changes only where the epoch rises, and at the new epoch')
  END;
END;

-- What may become of them. A NULL version is the next trigger's.
CREATE TRIGGER users_update_rules BEFORE UPDATE ON users WHEN NEW.version = OLD.version BEGIN
  SELECT CASE
    WHEN CASE NEW.status WHEN 'pending' THEN 1 WHEN 'active' THEN 1 WHEN 'rejected' THEN 1 WHEN 'suspended' THEN 1 END
         IS NULL
      THEN RAISE(ABORT, 'invalid_user: status must be pending, active, rejected or suspended')
    WHEN NEW.status <> OLD.status THEN CASE OLD.status || '>' || NEW.status
      WHEN 'pending>suspended'
        THEN RAISE(ABORT, 'invalid_transition: a user cannot go from pending to suspended')
      WHEN 'active>pending'
        THEN RAISE(ABORT, 'invalid_transition: a user cannot go from active to pending')
      WHEN 'active>rejected'
        THEN RAISE(ABORT, 'invalid_transition: a user cannot go from active to rejected')
      WHEN 'rejected>active'
        THEN RAISE(ABORT, 'invalid_transition: a user cannot go from rejected to active')
      WHEN 'rejected>suspended'
        THEN RAISE(ABORT, 'invalid_transition: a user cannot go from rejected to suspended')
      WHEN 'suspended>pending'
        THEN RAISE(ABORT, 'invalid_transition: a user cannot go from suspended to pending')
      WHEN 'suspended>rejected'
        THEN RAISE(ABORT, 'invalid_transition: a user cannot go from suspended to rejected')
    END
  END;
  SELECT CASE
    WHEN (NEW.epoch BETWEEN 1 AND 9007199254740991) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: epoch must be an integer from 1 to 2^53 - 1')
    WHEN NEW.epoch < OLD.epoch
      THEN RAISE(ABORT, 'invalid_epoch: the epoch never falls')
    WHEN NEW.updated_at_ms IS NOT OLD.updated_at_ms
      THEN RAISE(ABORT, 'invalid_version: updated_at_ms is set by the trigger')
    WHEN EXISTS (SELECT 1 FROM outbox WHERE user_id = OLD.id AND version > OLD.version)
      OR EXISTS (SELECT 1 FROM audit_log WHERE user_id = OLD.id AND version > OLD.version)
      THEN RAISE(ABORT, 'outbox_conflict: outbox or audit_log is ahead of this user')
  END;
END;

-- The version moves in users_changed alone, right after its outbox row, which must say what the row will say. Nothing
-- else moves with it but what that trigger writes, so the rules above have been kept already.
CREATE TRIGGER users_version_rises BEFORE UPDATE OF version ON users WHEN NEW.version IS NOT OLD.version BEGIN
  SELECT CASE
    WHEN (NEW.version BETWEEN 1 AND 9007199254740991) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: version must be an integer from 1 to 2^53 - 1')
    WHEN (NEW.epoch BETWEEN 1 AND 9007199254740991) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: epoch must be an integer from 1 to 2^53 - 1')
    WHEN (NEW.version = OLD.version + 1
          AND NEW.id = OLD.id AND NEW.email = OLD.email AND NEW.display_name = OLD.display_name
          AND NEW.role = OLD.role AND NEW.status = OLD.status
          AND NEW.kept_session IS OLD.kept_session AND NEW.kept_epoch IS OLD.kept_epoch
          AND NEW.password_hash = OLD.password_hash AND NEW.created_at_ms = OLD.created_at_ms
          AND NEW.updated_at_ms BETWEEN 0 AND 253402300799999
          AND EXISTS (SELECT 1 FROM outbox WHERE user_id = OLD.id AND version = NEW.version AND facts =
                json_object('id', NEW.id, 'email', lower(NEW.email), 'displayName', NEW.display_name, 'role', NEW.role,
                            'status', NEW.status, 'version', NEW.version, 'epoch', NEW.epoch,
                            'keptSession', NEW.kept_session, 'keptEpoch', NEW.kept_epoch))
          AND EXISTS (SELECT 1 FROM audit_log WHERE user_id = OLD.id AND version = NEW.version)) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_version: the version is raised by the trigger, together with its outbox row')
  END;
END;

CREATE TRIGGER users_changed AFTER UPDATE OF role, status, email, display_name, epoch ON users
WHEN NEW.version = OLD.version
 AND (NEW.role <> OLD.role OR NEW.status <> OLD.status OR lower(NEW.email) <> lower(OLD.email)
      OR NEW.display_name <> OLD.display_name OR NEW.epoch <> OLD.epoch)
BEGIN
  -- A suspension raises the epoch once more than the statement did (T3): no session outlives it, not even a kept one.
  INSERT INTO outbox (kind, user_id, version, event_type, facts, previous_status, reason, actor, at_ms)
  SELECT 'user_event', NEW.id, OLD.version + 1,
         CASE OLD.status || '>' || NEW.status
           WHEN 'pending>active' THEN 'approved'      WHEN 'pending>rejected' THEN 'rejected'
           WHEN 'rejected>pending' THEN 'reconsidered'
           WHEN 'active>suspended' THEN 'suspended'   WHEN 'suspended>active' THEN 'reinstated'
           ELSE 'updated' END,
         json_object('id', NEW.id, 'email', lower(NEW.email), 'displayName', NEW.display_name, 'role', NEW.role,
                     'status', NEW.status, 'version', OLD.version + 1,
                     'epoch', NEW.epoch + (NEW.status = 'suspended' AND OLD.status <> 'suspended'),
                     'keptSession', NEW.kept_session, 'keptEpoch', NEW.kept_epoch),
         OLD.status, who.reason, coalesce(who.actor, 'sql'), clock.now_ms
    FROM clock LEFT JOIN change_context AS who;
  -- Where the row was not taken, the last one is another's, and the version does not rise.
  INSERT INTO audit_log (user_id, version, action, before, after, actor, origin, reason, at_ms)
  VALUES (NEW.id, OLD.version + 1, (SELECT event_type FROM outbox WHERE id = last_insert_rowid()),
          json_object('id', OLD.id, 'email', lower(OLD.email), 'displayName', OLD.display_name, 'role', OLD.role,
                      'status', OLD.status, 'version', OLD.version, 'epoch', OLD.epoch,
                      'keptSession', OLD.kept_session, 'keptEpoch', OLD.kept_epoch),
          (SELECT facts FROM outbox WHERE id = last_insert_rowid()),
          (SELECT actor FROM outbox WHERE id = last_insert_rowid()),
          coalesce((SELECT origin FROM change_context), 'sql'),
          (SELECT reason FROM outbox WHERE id = last_insert_rowid()),
          (SELECT at_ms FROM outbox WHERE id = last_insert_rowid()));
  UPDATE users
     SET version = OLD.version + 1,
         epoch = NEW.epoch + (NEW.status = 'suspended' AND OLD.status <> 'suspended'),
         updated_at_ms = (SELECT now_ms FROM clock)
   WHERE id = NEW.id;
  SELECT RAISE(ABORT, 'outbox_conflict: the change could not be told') WHERE changes() <> 1;
END;

-- As in 0004.
CREATE TRIGGER users_keep_living_sessions BEFORE UPDATE OF kept_session, kept_epoch ON users
WHEN NEW.kept_session IS NOT NULL
 AND (NEW.kept_session IS NOT OLD.kept_session OR NEW.kept_epoch IS NOT OLD.kept_epoch)
BEGIN
  SELECT RAISE(ABORT, 'session_over: kept_session must be a session of this user that lives')
   WHERE NOT EXISTS (SELECT 1 FROM living_sessions WHERE id = NEW.kept_session AND user_id = NEW.id);
END;

-- As in 0005.
CREATE TRIGGER users_lose_tokens AFTER UPDATE OF role, status ON users
WHEN OLD.role = 'admin' AND OLD.status = 'active' AND (NEW.role <> 'admin' OR NEW.status <> 'active')
BEGIN
  UPDATE api_tokens SET revoked_at_ms = (SELECT now_ms FROM clock) WHERE user_id = NEW.id AND revoked_at_ms IS NULL;
END;
