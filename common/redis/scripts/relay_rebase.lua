-- Starts a user's stream anew with an unbroken run of events, because what came before them is nowhere any more (R1).
--
-- keys     1 the user's stream, also the name of the channel    2 the user's snapshot
-- args     1 the top that the caller saw, from the reply "gap"    2 the version of the first event of the run
--          3 the snapshot at the last event, JSON with a member "version"    4 how many entries the stream keeps
--          5… the letters of the run, of consecutive versions
-- replies  {"ok", version of the last event}   the stream is this run; its last letter was published
--          {"moved", top}   the top is no longer the one seen, or the run does not go beyond it; nothing was done
-- Subscribers that miss what lies before the last letter see a hole and read the stream.

local stream, snapshot = KEYS[1], KEYS[2]
local first = tonumber(ARGV[2])
local last = first + #ARGV - 5

local function top_of_stream()
    if redis.call('EXISTS', stream) == 0 then return 0 end
    local info = redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then return tonumber(string.match(info[i + 1], '^%d+')) end
    end
end

local function version_of(json)
    local read, facts = pcall(cjson.decode, json or '')
    return read and type(facts) == 'table' and tonumber(facts.version) or -1
end

local top = top_of_stream()
if top ~= tonumber(ARGV[1]) or last <= top then return {'moved', top} end

redis.call('DEL', stream)
for i = 5, #ARGV do
    redis.call('XADD', stream, 'MAXLEN', '=', ARGV[4], string.format('%.0f-0', first + i - 5), 'e', ARGV[i])
end
if last > version_of(redis.call('GET', snapshot)) then redis.call('SET', snapshot, ARGV[3]) end
redis.call('PUBLISH', stream, ARGV[#ARGV])
return {'ok', last}
