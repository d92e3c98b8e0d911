-- Begins the admins' stream anew for a life of Redis' data, once (R3, R6): in what came back from an older copy, numbers
-- that consoles have seen would be given a second time, to other events.
--
-- keys     as of relay_admin_event: 1 the stream    2 the set of ids    3 the incarnation
-- args     1 the life's name    2 a fresh random name
-- replies  {1}    the stream is empty and has a new incarnation, whose name begins with the life's
--          {0}    it was begun for this life before; nothing was done

local stream, seen, incarnation = KEYS[1], KEYS[2], KEYS[3]
local life, fresh_name = ARGV[1], ARGV[2]

local name = redis.call('GET', incarnation)
if name and string.sub(name, 1, #life) == life and redis.call('EXISTS', stream, seen) == 2 then return {0} end

redis.call('DEL', stream, seen)
redis.call('SET', incarnation, life .. fresh_name)
-- The three keys live and die together: an empty stream, and a set with an id that is no event's.
redis.call('XADD', stream, 'MAXLEN', '=', 0, '0-1', 'e', '')
local time = redis.call('TIME')
redis.call('ZADD', seen, time[1] * 1000 + math.floor(time[2] / 1000), life)
return {1}
