-- Posts one event to the consoles of all admins, once (R3).
--
-- The entries of one life of the stream are numbered 1…n without holes, so that a console sees what it missed just as a
-- user's socket does. A life has a name, its incarnation, which is the other half of a position: after a wipe the stream
-- starts empty, in a new life, and consoles whose position names another life reload. Whether an event is a repeat is
-- known from the set of ids seen; the three keys live and die together.
--
-- keys     1 the admins' stream, also the name of the channel    2 the sorted set of event ids in it or before it, by time
--          3 the incarnation       (one hash tag: {admins})
-- args     1 the event's id    2 the event as its readers get it    3 how many entries the stream keeps
--          4 for how many milliseconds ids are remembered; longer than an outbox row may be relayed again
--          5 how many ids are remembered at most    6 a fresh random name, in case that a new life begins
-- replies  {"ok" | "dup", n, incarnation}   n: the number of the newest entry
-- An entry's only field `e`, and the message on the channel, are: a <incarnation> <n> <event>

local stream, seen, incarnation = KEYS[1], KEYS[2], KEYS[3]
local id, event, fresh_name = ARGV[1], ARGV[2], ARGV[6]

local function top_of_stream()
    local info = redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then return tonumber(string.match(info[i + 1], '^%d+')) end
    end
end

local name, top
if redis.call('EXISTS', stream, seen, incarnation) == 3 then
    name, top = redis.call('GET', incarnation), top_of_stream()
else
    redis.call('DEL', stream, seen)
    redis.call('SET', incarnation, fresh_name)
    name, top = fresh_name, 0
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('ZADD', seen, 'NX', now, id) == 0 then return {'dup', top, name} end
redis.call('ZREMRANGEBYSCORE', seen, '-inf', string.format('(%.0f', now - ARGV[4]))
redis.call('ZREMRANGEBYRANK', seen, 0, -ARGV[5] - 1)

local n = string.format('%.0f', top + 1)
local letter = 'a ' .. name .. ' ' .. n .. ' ' .. event
redis.call('XADD', stream, 'MAXLEN', '=', ARGV[3], n .. '-0', 'e', letter)
redis.call('PUBLISH', stream, letter)
return {'ok', top + 1, name}
