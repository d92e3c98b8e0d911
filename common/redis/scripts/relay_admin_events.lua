-- Posts events to the consoles of all admins, each once (R3).
--
-- The entries of one life of the stream are numbered 1…n without holes, so that a console sees what it missed just as a
-- user's socket does. A life has a name, its incarnation, which is the other half of a position: after a wipe the stream
-- starts empty, in a new life, and consoles whose position names another life reload. Whether an event is a repeat is
-- known from the set of ids seen; the three keys live and die together.
--
-- keys     1 the admins' stream, also the name of the channel    2 the sorted set of event ids in it or before it, by time
--          3 the incarnation       (one hash tag: {admins})
-- args     1 how many entries the stream keeps
--          2 for how many milliseconds ids are remembered; longer than an outbox row may be relayed again
--          3 how many ids are remembered at most    4 a fresh random name, in case that a new life begins
--          then for each event: its id; the event as its readers get it
-- replies  {incarnation, n, then for each event: "ok" | "dup"}   n: the number of the newest entry
-- An entry's only field `e`, and the message on the channel, are: a <incarnation> <n> <event>

local stream, seen, incarnation = KEYS[1], KEYS[2], KEYS[3]
local kept, fresh_name = ARGV[1], ARGV[4]

local function number_in(id) return tonumber(string.match(id, '^%d+')) end

local function last_id()
    local info = redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then return number_in(info[i + 1]) end
    end
end

-- Cheaper than XINFO, which brings the first entry along.
local function top_of_stream()
    local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
    return newest and number_in(newest[1]) or last_id()
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
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))

-- Ids are looked up together and remembered together: half of what an event costs here is the calling of commands.
local ids = {}
for i = 5, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end
local replies, to_remember, posted = {name, 0}, {}, {}
for i, score in ipairs(redis.call('ZMSCORE', seen, unpack(ids))) do
    if score or posted[ids[i]] then
        replies[i + 2] = 'dup'
    else
        replies[i + 2] = 'ok'
        posted[ids[i]] = true
        to_remember[#to_remember + 1], to_remember[#to_remember + 2] = now, ids[i]
    end
end
if #to_remember > 0 then redis.call('ZADD', seen, 'NX', unpack(to_remember)) end

for i = 1, #ids do
    if replies[i + 2] == 'ok' then
        top = top + 1
        local n = string.format('%.0f', top)
        local letter = 'a ' .. name .. ' ' .. n .. ' ' .. ARGV[2 * i + 4]
        redis.call('XADD', stream, n .. '-0', 'e', letter)
        redis.call('PUBLISH', stream, letter)
    end
end
redis.call('XTRIM', stream, 'MAXLEN', '=', kept)
redis.call('ZREMRANGEBYSCORE', seen, '-inf', string.format('(%.0f', now - ARGV[2]))
redis.call('ZREMRANGEBYRANK', seen, 0, -ARGV[3] - 1)
replies[2] = top
return replies
