-- Puts a tombstone in the place of a session, whatever was there, and tells the sockets that hold it (K6).
--
-- keys     1 the session    2 the user's stream: only for its name, which is the channel's
-- args     1 the tombstone    2 its time to live in milliseconds    3 the control message
-- replies  1   the session has a tombstone now
--          0   it had one before, which stays: the first reason counts, and repeats do not prolong it
-- The message is published in both cases: whoever has closed already does not mind.
-- A text whose first word is the tombstone's is a tombstone; nothing else of it is looked at.

local function first_word(text) return string.match(text or '', '^%S*') end

local stored = redis.call('GET', KEYS[1])
local buried = stored and first_word(stored) == first_word(ARGV[1])
if not buried then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
redis.call('PUBLISH', KEYS[2], ARGV[3])
return buried and 0 or 1
