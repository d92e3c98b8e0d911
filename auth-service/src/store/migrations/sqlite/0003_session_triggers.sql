-- What keeps the ledger true (PROTOCOL T1, T4): a session is inserted once and ended once, its end is an outbox row,
-- and nothing else of it ever changes. Read the head of 0002 for how these triggers withstand OR IGNORE and OR REPLACE.

CREATE TRIGGER sessions_insert_rules BEFORE INSERT ON sessions BEGIN
  SELECT CASE
    WHEN (NEW.id GLOB '????????-????-????-????-????????????' AND NEW.id NOT GLOB '*[^0-9a-f-]*'
          AND length(replace(NEW.id, '-', '')) = 32 AND length(CAST(NEW.id AS BLOB)) = 36) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_session: id must be a UUID in lower case')
    WHEN EXISTS (SELECT 1 FROM sessions WHERE id = NEW.id)
      THEN RAISE(ABORT, 'id_taken: a session with this id exists')
    WHEN EXISTS (SELECT 1 FROM outbox WHERE session_id = NEW.id)
      THEN RAISE(ABORT, 'outbox_conflict: outbox already tells of the end of a session with this id')
    WHEN (NEW.epoch >= 1) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_session: epoch must be an integer from 1')
    WHEN NOT EXISTS (SELECT 1 FROM users WHERE id = NEW.user_id)
      THEN RAISE(ABORT, 'unknown_user: a session belongs to a user')
    WHEN NEW.epoch > (SELECT epoch FROM users WHERE id = NEW.user_id)
      THEN RAISE(ABORT, 'invalid_session: epoch is above the user''s')
    WHEN (NEW.signed_in_status IN ('pending', 'active', 'rejected', 'suspended')) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_session: signed_in_status must be a status')
    WHEN (NEW.created_at_ms >= 0 AND NEW.expires_at_ms BETWEEN NEW.created_at_ms AND 253402300799999) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_session: created_at_ms and expires_at_ms must be unix milliseconds, in this order')
    WHEN (length(CAST(NEW.device AS BLOB)) <= 256 AND length(CAST(NEW.address AS BLOB)) <= 64) IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_session: device has at most 256 bytes, address at most 64')
    WHEN NEW.ended_at_ms IS NOT NULL OR NEW.end_reason IS NOT NULL
      THEN RAISE(ABORT, 'invalid_session: a session begins alive')
  END;
END;

CREATE TRIGGER sessions_update_rules BEFORE UPDATE ON sessions BEGIN
  SELECT CASE
    WHEN NEW.id IS NOT OLD.id OR NEW.user_id IS NOT OLD.user_id OR NEW.epoch IS NOT OLD.epoch
      OR NEW.signed_in_status IS NOT OLD.signed_in_status OR NEW.created_at_ms IS NOT OLD.created_at_ms
      OR NEW.expires_at_ms IS NOT OLD.expires_at_ms OR NEW.device IS NOT OLD.device OR NEW.address IS NOT OLD.address
      THEN RAISE(ABORT, 'invalid_session: of a session nothing but its end can be written')
    WHEN OLD.ended_at_ms IS NOT NULL
     AND (NEW.ended_at_ms IS NOT OLD.ended_at_ms OR NEW.end_reason IS NOT OLD.end_reason)
      THEN RAISE(ABORT, 'session_ended: the end of a session is final')
    WHEN (NEW.ended_at_ms IS NULL AND NEW.end_reason IS NULL
          OR NEW.ended_at_ms BETWEEN 0 AND 253402300799999 AND length(CAST(NEW.end_reason AS BLOB)) BETWEEN 1 AND 40
             AND NEW.end_reason NOT GLOB '*[^a-z_]*') IS NOT TRUE
      THEN RAISE(ABORT, 'invalid_session: a session ends with ended_at_ms and an end_reason of 1 to 40 of a-z and _')
    WHEN OLD.ended_at_ms IS NULL AND NEW.ended_at_ms IS NOT NULL
     AND EXISTS (SELECT 1 FROM outbox WHERE session_id = OLD.id)
      THEN RAISE(ABORT, 'outbox_conflict: outbox already tells of the end of this session')
  END;
END;

CREATE TRIGGER sessions_ended AFTER UPDATE ON sessions
WHEN OLD.ended_at_ms IS NULL AND NEW.ended_at_ms IS NOT NULL
BEGIN
  INSERT INTO outbox (kind, user_id, session_id, reason, actor, at_ms)
  SELECT 'session_ended', NEW.user_id, NEW.id, NEW.end_reason, coalesce(who.actor, 'sql'), clock.now_ms
    FROM clock LEFT JOIN change_context AS who;
  INSERT INTO audit_log (user_id, session_id, action, actor, origin, reason, at_ms)
  SELECT NEW.user_id, NEW.id, 'session_ended', told.actor, coalesce(who.origin, 'sql'), told.reason, told.at_ms
    FROM outbox AS told LEFT JOIN change_context AS who
   WHERE told.session_id = NEW.id;
  SELECT RAISE(ABORT, 'outbox_conflict: the end of the session could not be told')
   WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE session_id = NEW.id);
END;

-- A purge may take what is over: ended, or past its absolute expiry.
CREATE TRIGGER sessions_live_stay BEFORE DELETE ON sessions
WHEN OLD.ended_at_ms IS NULL AND OLD.expires_at_ms > (SELECT now_ms FROM clock)
BEGIN
  SELECT RAISE(ABORT, 'session_live: a live session is ended, not deleted');
END;
