-- Replaces a session's record only while it is the one that the caller has read, whole (K6): touch, rotate, move forward.
--
-- keys     1 the session
-- args     1 the record as read    2 the next one    3 its time to live in milliseconds, 0: as it is
-- replies  {1}            done
--          {0, stored}    another one is stored, or a tombstone
--          {0, nil}       nothing is stored
-- The texts are opaque here. A session is made by SET … NX PX, which needs no script.

local stored = redis.call('GET', KEYS[1])
if stored ~= ARGV[1] then return {0, stored} end
if tonumber(ARGV[3]) > 0 then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
else
    redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
end
return {1}
