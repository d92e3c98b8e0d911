-- A transition in one step: a statement may raise the version itself, with all that the trigger would have written to the
-- row, and spares it a second update, a fifth of what a changed user cost. Whoever names the status alone is served as
-- before (users_changed of 0006). Read the head of 0002 for how these triggers withstand OR IGNORE and OR REPLACE.

DROP TRIGGER users_version_rises;

-- Asked by column: what a statement does not name costs it nothing.
CREATE TRIGGER users_version_rises_without_these
BEFORE UPDATE OF id, email, display_name, role, kept_session, kept_epoch, password_hash, created_at_ms ON users
WHEN NEW.version IS NOT OLD.version
BEGIN
  SELECT RAISE(ABORT, 'invalid_version: only status, epoch and updated_at_ms can be written together with the version');
END;

-- Where the status stays, the version moves in users_changed alone, right after its outbox row, which must say what the
-- row will say. Nothing else moves with it but what that trigger writes, so the rules have been kept already.
CREATE TRIGGER users_version_rises BEFORE UPDATE OF version ON users
WHEN NEW.version IS NOT OLD.version AND NEW.status IS OLD.status
BEGIN
  SELECT CASE
    WHEN (NEW.version BETWEEN 1 AND 9007199254740991) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: version must be an integer from 1 to 2^53 - 1')
    WHEN (NEW.epoch BETWEEN 1 AND 9007199254740991) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: epoch must be an integer from 1 to 2^53 - 1')
    WHEN (NEW.version = OLD.version + 1
          AND NEW.updated_at_ms BETWEEN 0 AND 253402300799999
          AND EXISTS (SELECT 1 FROM outbox WHERE user_id = OLD.id AND version = NEW.version AND facts =
                json_object('id', NEW.id, 'email', lower(NEW.email), 'displayName', NEW.display_name, 'role', NEW.role,
                            'status', NEW.status, 'version', NEW.version, 'epoch', NEW.epoch,
                            'keptSession', NEW.kept_session, 'keptEpoch', NEW.kept_epoch))
          AND EXISTS (SELECT 1 FROM audit_log WHERE user_id = OLD.id AND version = NEW.version)) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_version: the version is raised by the trigger, together with its outbox row')
  END;
END;

-- Where it moves with the status, the rows that tell of it are written afterwards, by the trigger below. The time is one
-- for a whole statement, so it can be asked for exactly. A suspension ends all sessions (T3).
CREATE TRIGGER users_step_rules BEFORE UPDATE OF version ON users
WHEN NEW.version IS NOT OLD.version AND NEW.status IS NOT OLD.status
BEGIN
  SELECT CASE
    WHEN (NEW.version = OLD.version + 1 AND NEW.version <= 9007199254740991
          AND NEW.epoch = OLD.epoch + (NEW.status = 'suspended') AND NEW.epoch <= 9007199254740991
          AND NEW.updated_at_ms = (SELECT now_ms FROM clock)) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_version: with a status goes version + 1, clock.now_ms, and epoch + 1 if suspended')
    WHEN CASE OLD.status || '>' || NEW.status
           WHEN 'pending>active' THEN 1   WHEN 'pending>rejected' THEN 1 WHEN 'rejected>pending' THEN 1
           WHEN 'active>suspended' THEN 1 WHEN 'suspended>active' THEN 1 END IS NULL
      THEN RAISE(ABORT, 'invalid_transition: a user cannot go from this status to that')
    WHEN EXISTS (SELECT 1 FROM outbox WHERE user_id = OLD.id AND version > OLD.version)
      OR EXISTS (SELECT 1 FROM audit_log WHERE user_id = OLD.id AND version > OLD.version)
      THEN RAISE(ABORT, 'outbox_conflict: outbox or audit_log is ahead of this user')
  END;
END;

CREATE TRIGGER users_stepped AFTER UPDATE OF version ON users
WHEN NEW.version IS NOT OLD.version AND NEW.status IS NOT OLD.status
BEGIN
  INSERT INTO outbox (kind, user_id, version, event_type, facts, previous_status, reason, actor, at_ms)
  VALUES ('user_event', NEW.id, NEW.version,
          CASE OLD.status || '>' || NEW.status
            WHEN 'pending>active' THEN 'approved'       WHEN 'pending>rejected' THEN 'rejected'
            WHEN 'rejected>pending' THEN 'reconsidered'
            WHEN 'active>suspended' THEN 'suspended'    WHEN 'suspended>active' THEN 'reinstated' END,
          json_object('id', NEW.id, 'email', lower(NEW.email), 'displayName', NEW.display_name, 'role', NEW.role,
                      'status', NEW.status, 'version', NEW.version, 'epoch', NEW.epoch,
                      'keptSession', NEW.kept_session, 'keptEpoch', NEW.kept_epoch),
          OLD.status, (SELECT reason FROM change_context), coalesce((SELECT actor FROM change_context), 'sql'),
          NEW.updated_at_ms);
  SELECT RAISE(ABORT, 'outbox_conflict: the change could not be told') WHERE changes() <> 1;
  INSERT INTO audit_log (user_id, version, action, before, after, actor, origin, reason, at_ms)
  VALUES (NEW.id, NEW.version, (SELECT event_type FROM outbox WHERE id = last_insert_rowid()),
          json_object('id', OLD.id, 'email', lower(OLD.email), 'displayName', OLD.display_name, 'role', OLD.role,
                      'status', OLD.status, 'version', OLD.version, 'epoch', OLD.epoch,
                      'keptSession', OLD.kept_session, 'keptEpoch', OLD.kept_epoch),
          (SELECT facts FROM outbox WHERE id = last_insert_rowid()),
          coalesce((SELECT actor FROM change_context), 'sql'), coalesce((SELECT origin FROM change_context), 'sql'),
          (SELECT reason FROM change_context), NEW.updated_at_ms);
  SELECT RAISE(ABORT, 'outbox_conflict: the change could not be audited') WHERE changes() <> 1;
END;
