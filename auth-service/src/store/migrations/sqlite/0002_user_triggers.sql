-- What keeps `users` true, whoever writes (PROTOCOL T2, T3, S1 to S3): every change of role, status, e-mail, name or
-- epoch raises `version` by one and writes one outbox row and one audit row with all facts, or fails with a sentence.
--
-- Messages begin with a word for programs and a colon. RAISE(ABORT) is the one refusal that `OR IGNORE`, `OR REPLACE`
-- and upserts cannot soften: they override the conflict clause of every statement inside a trigger. So nothing here
-- relies on a constraint: what a constraint would refuse is raised before, and what had to be written is looked for
-- afterwards. Wrong types alone are left to STRICT, which refuses them under every clause. A rule about NULL is NULL,
-- hence IS NOT TRUE.

-- The rules a row must keep, written once: both BEFORE triggers insert their NEW row into this view.
CREATE VIEW user_rules AS
SELECT id, email, display_name, role, status, version, epoch, kept_session, kept_epoch, password_hash, created_at_ms,
       updated_at_ms
  FROM users WHERE FALSE;

CREATE TRIGGER user_rules_hold INSTEAD OF INSERT ON user_rules BEGIN
  SELECT CASE
    WHEN (NEW.id GLOB '????????-????-????-????-????????????' AND NEW.id NOT GLOB '*[^0-9a-f-]*'
          AND length(replace(NEW.id, '-', '')) = 32 AND length(CAST(NEW.id AS BLOB)) = 36) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: id must be a UUID in lower case')
    WHEN (length(CAST(NEW.email AS BLOB)) BETWEEN 3 AND 254 AND instr(NEW.email, char(0)) = 0
          AND NEW.email NOT GLOB '*[^!-~]*' AND NEW.email GLOB '?*@?*' AND NEW.email NOT GLOB '*@*@*') IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: email must be one address of at most 254 bytes of ASCII without spaces')
    WHEN (length(NEW.display_name) BETWEEN 1 AND 100
          AND length(CAST(NEW.display_name AS BLOB)) <= 400 AND trim(NEW.display_name) <> '') IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: display_name must have 1 to 100 characters')
    WHEN instr(NEW.display_name, char(0))
      OR NEW.display_name GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'
      THEN RAISE(ABORT, 'invalid_user: display_name must not contain control characters')
    -- Bytes that are not UTF-8 do not survive being decoded and encoded again, one character at a time.
    WHEN NEW.display_name GLOB '*[^ -~]*' AND EXISTS (
      SELECT 1 FROM (VALUES (0), (10), (20), (30), (40), (50), (60), (70), (80), (90)) AS tens,
                    (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) AS ones
       WHERE tens.column1 + ones.column1 <= length(NEW.display_name)
         AND char(unicode(substr(NEW.display_name, tens.column1 + ones.column1, 1)))
             <> substr(NEW.display_name, tens.column1 + ones.column1, 1))
      THEN RAISE(ABORT, 'invalid_user: display_name must be UTF-8')
    WHEN (NEW.role IN ('stage_manager', 'admin')) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: role must be stage_manager or admin')
    WHEN (NEW.status IN ('pending', 'active', 'rejected', 'suspended')) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: status must be pending, active, rejected or suspended')
    WHEN (NEW.version BETWEEN 1 AND 9007199254740991) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: version must be an integer from 1 to 2^53 - 1')
    WHEN (NEW.epoch BETWEEN 1 AND 9007199254740991) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: epoch must be an integer from 1 to 2^53 - 1')
    WHEN (NEW.kept_session IS NULL AND NEW.kept_epoch IS NULL
          OR NEW.kept_session GLOB '????????-????-????-????-????????????' AND NEW.kept_session NOT GLOB '*[^0-9a-f-]*'
             AND length(replace(NEW.kept_session, '-', '')) = 32 AND length(CAST(NEW.kept_session AS BLOB)) = 36
             AND NEW.kept_epoch BETWEEN 1 AND NEW.epoch) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: kept_session must be a UUID, with kept_epoch from 1 to epoch, or both NULL')
    WHEN (length(CAST(NEW.password_hash AS BLOB)) <= 256) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: password_hash must be text of at most 256 bytes')
    WHEN (NEW.created_at_ms BETWEEN 0 AND 253402300799999
          AND NEW.updated_at_ms BETWEEN 0 AND 253402300799999) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_user: created_at_ms and updated_at_ms must be unix milliseconds')
  END;
END;

-- Insert: a user begins at version 1, pending or (an admin, a person taken over from elsewhere) active.

CREATE TRIGGER users_insert_rules BEFORE INSERT ON users BEGIN
  INSERT INTO user_rules
  VALUES (NEW.id, NEW.email, NEW.display_name, NEW.role, NEW.status, NEW.version, NEW.epoch, NEW.kept_session,
          NEW.kept_epoch, NEW.password_hash, NEW.created_at_ms, NEW.updated_at_ms);
  SELECT CASE
    WHEN EXISTS (SELECT 1 FROM users WHERE id = NEW.id)
      THEN RAISE(ABORT, 'id_taken: a user with this id exists')
    WHEN EXISTS (SELECT 1 FROM users WHERE email = lower(NEW.email))
      THEN RAISE(ABORT, 'email_taken: a user with this e-mail exists')
    WHEN NEW.version <> 1
      THEN RAISE(ABORT, 'invalid_version: a user begins at version 1')
    WHEN NEW.status NOT IN ('pending', 'active')
      THEN RAISE(ABORT, 'invalid_transition: a user begins pending or active')
    WHEN NEW.kept_session IS NOT NULL
      THEN RAISE(ABORT, 'invalid_user: a user begins without a kept session')
    WHEN EXISTS (SELECT 1 FROM outbox WHERE user_id = NEW.id AND version >= 1)
      OR EXISTS (SELECT 1 FROM audit_log WHERE user_id = NEW.id AND version >= 1)
      THEN RAISE(ABORT, 'outbox_conflict: outbox or audit_log already tells of a user with this id')
  END;
END;

CREATE TRIGGER users_inserted AFTER INSERT ON users BEGIN
  INSERT INTO outbox (kind, user_id, version, event_type, facts, reason, actor, at_ms)
  SELECT 'user_event', NEW.id, 1, 'registered',
         json_object('id', NEW.id, 'email', lower(NEW.email), 'displayName', NEW.display_name, 'role', NEW.role,
                     'status', NEW.status, 'version', 1, 'epoch', NEW.epoch, 'keptSession', NULL, 'keptEpoch', NULL),
         who.reason, coalesce(who.actor, 'sql'), clock.now_ms
    FROM clock LEFT JOIN change_context AS who;
  INSERT INTO audit_log (user_id, version, action, after, actor, origin, reason, at_ms)
  SELECT NEW.id, 1, 'registered', told.facts, told.actor, coalesce(who.origin, 'sql'), told.reason, told.at_ms
    FROM outbox AS told LEFT JOIN change_context AS who
   WHERE told.user_id = NEW.id AND told.version = 1;
  SELECT RAISE(ABORT, 'outbox_conflict: the change could not be told')
   WHERE NOT EXISTS (SELECT 1 FROM audit_log WHERE user_id = NEW.id AND version = 1);
END;

-- Update.

CREATE TRIGGER users_update_rules BEFORE UPDATE ON users BEGIN
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
    WHEN OLD.status = 'pending' AND NEW.status = 'suspended'
      THEN RAISE(ABORT, 'invalid_transition: a user cannot go from pending to suspended')
    WHEN OLD.status = 'active' AND NEW.status = 'pending'
      THEN RAISE(ABORT, 'invalid_transition: a user cannot go from active to pending')
    WHEN OLD.status = 'active' AND NEW.status = 'rejected'
      THEN RAISE(ABORT, 'invalid_transition: a user cannot go from active to rejected')
    WHEN OLD.status = 'rejected' AND NEW.status = 'active'
      THEN RAISE(ABORT, 'invalid_transition: a user cannot go from rejected to active')
    WHEN OLD.status = 'rejected' AND NEW.status = 'suspended'
      THEN RAISE(ABORT, 'invalid_transition: a user cannot go from rejected to suspended')
    WHEN OLD.status = 'suspended' AND NEW.status = 'pending'
      THEN RAISE(ABORT, 'invalid_transition: a user cannot go from suspended to pending')
    WHEN OLD.status = 'suspended' AND NEW.status = 'rejected'
      THEN RAISE(ABORT, 'invalid_transition: a user cannot go from suspended to rejected')
    WHEN NEW.epoch < OLD.epoch
      THEN RAISE(ABORT, 'invalid_epoch: the epoch never falls')
    WHEN (NEW.kept_session IS NOT OLD.kept_session OR NEW.kept_epoch IS NOT OLD.kept_epoch)
      AND NOT (NEW.epoch > OLD.epoch AND (NEW.kept_epoch IS NULL OR NEW.kept_epoch = NEW.epoch))
      THEN RAISE(ABORT, 'invalid_epoch: what is kept changes only where the epoch rises, and at the new epoch')
    -- The version moves in users_changed alone, right after its outbox row, which must say what the row will say.
    WHEN NEW.version <> OLD.version AND NOT (
           NEW.version = OLD.version + 1
           AND EXISTS (SELECT 1 FROM outbox WHERE user_id = OLD.id AND version = NEW.version AND facts =
                 json_object('id', NEW.id, 'email', lower(NEW.email), 'displayName', NEW.display_name, 'role', NEW.role,
                             'status', NEW.status, 'version', NEW.version, 'epoch', NEW.epoch,
                             'keptSession', NEW.kept_session, 'keptEpoch', NEW.kept_epoch))
           AND EXISTS (SELECT 1 FROM audit_log WHERE user_id = OLD.id AND version = NEW.version))
      THEN RAISE(ABORT, 'invalid_version: the version is raised by the trigger, together with its outbox row')
    WHEN NEW.version = OLD.version AND NEW.updated_at_ms <> OLD.updated_at_ms
      THEN RAISE(ABORT, 'invalid_version: updated_at_ms is set by the trigger')
    WHEN NEW.version = OLD.version
      AND (EXISTS (SELECT 1 FROM outbox WHERE user_id = OLD.id AND version > OLD.version)
           OR EXISTS (SELECT 1 FROM audit_log WHERE user_id = OLD.id AND version > OLD.version))
      THEN RAISE(ABORT, 'outbox_conflict: outbox or audit_log is ahead of this user')
  END;
END;

CREATE TRIGGER users_changed AFTER UPDATE ON users
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
  INSERT INTO audit_log (user_id, version, action, before, after, actor, origin, reason, at_ms)
  SELECT NEW.id, told.version, told.event_type,
         json_object('id', OLD.id, 'email', lower(OLD.email), 'displayName', OLD.display_name, 'role', OLD.role,
                     'status', OLD.status, 'version', OLD.version, 'epoch', OLD.epoch,
                     'keptSession', OLD.kept_session, 'keptEpoch', OLD.kept_epoch),
         told.facts, told.actor, coalesce(who.origin, 'sql'), told.reason, told.at_ms
    FROM outbox AS told LEFT JOIN change_context AS who
   WHERE told.user_id = NEW.id AND told.version = OLD.version + 1;
  UPDATE users
     SET version = OLD.version + 1,
         epoch = NEW.epoch + (NEW.status = 'suspended' AND OLD.status <> 'suspended'),
         updated_at_ms = (SELECT now_ms FROM clock)
   WHERE id = NEW.id;
  SELECT RAISE(ABORT, 'outbox_conflict: the change could not be told')
   WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = NEW.id AND version = OLD.version + 1);
END;

-- A changed hash is no fact that others are told of, so it raises no version; it is audited, without the hash.
CREATE TRIGGER users_password_audited AFTER UPDATE OF password_hash ON users
WHEN NEW.password_hash <> OLD.password_hash
BEGIN
  INSERT INTO audit_log (user_id, action, actor, origin, reason, at_ms)
  SELECT NEW.id, 'password_changed', coalesce(who.actor, 'sql'), coalesce(who.origin, 'sql'), who.reason, clock.now_ms
    FROM clock LEFT JOIN change_context AS who;
END;

-- E-mails are stored in lower case. Comparisons and facts above fold by themselves: the order of these does not matter.

CREATE TRIGGER users_insert_folded AFTER INSERT ON users WHEN NEW.email <> lower(NEW.email) BEGIN
  UPDATE users SET email = lower(NEW.email) WHERE id = NEW.id;
END;

CREATE TRIGGER users_update_folded AFTER UPDATE OF email ON users WHEN NEW.email <> lower(NEW.email) BEGIN
  UPDATE users SET email = lower(NEW.email) WHERE id = NEW.id;
END;

CREATE TRIGGER users_stay BEFORE DELETE ON users BEGIN
  SELECT RAISE(ABORT, 'users_stay: users are never deleted; reject or suspend instead');
END;
