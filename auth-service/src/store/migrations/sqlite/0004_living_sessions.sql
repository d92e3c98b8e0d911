-- Which sessions live (PROTOCOL K7), said once: the list of devices, the bound on sessions, and what a password change
-- may keep all ask here. Redis may know of an idle one that is over; the ledger learns of that when it is used again.

CREATE VIEW living_sessions AS
SELECT sessions.*
  FROM sessions JOIN users ON users.id = sessions.user_id
 WHERE sessions.ended_at_ms IS NULL
   AND sessions.expires_at_ms > (SELECT now_ms FROM clock)
   AND (sessions.epoch = users.epoch OR (users.kept_session = sessions.id AND users.kept_epoch = users.epoch));

-- What has ended is never looked for by its user: an old account with many sessions behind it costs no more than a new one.
DROP INDEX sessions_of_user;
CREATE INDEX sessions_not_ended ON sessions (user_id, created_at_ms) WHERE ended_at_ms IS NULL;

-- A password change keeps the session it came from, and nothing else: without this rule a change that overlaps with
-- "sign out everywhere" would bring an ended session back. The row is still the old one here, and so is its epoch.
CREATE TRIGGER users_keep_living_sessions BEFORE UPDATE ON users
WHEN NEW.kept_session IS NOT NULL
 AND (NEW.kept_session IS NOT OLD.kept_session OR NEW.kept_epoch IS NOT OLD.kept_epoch)
BEGIN
  SELECT RAISE(ABORT, 'session_over: kept_session must be a session of this user that lives')
   WHERE NOT EXISTS (SELECT 1 FROM living_sessions WHERE id = NEW.kept_session AND user_id = NEW.id);
END;
