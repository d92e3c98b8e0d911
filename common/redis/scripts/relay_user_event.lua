-- Posts one event of a user, exactly after its predecessor (R1).
--
-- keys     1 the user's stream, also the name of the channel    2 the user's snapshot
-- args     1 the event's version    2 its letter    3 the snapshot at that version, JSON with a member "version"
--          4 how many entries the stream keeps
-- replies  {"ok", version}   appended, published; the snapshot is this one or a newer one
--          {"dup", top}      it was there before; the snapshot is this one or a newer one
--          {"gap", top}      its predecessor is missing, nothing was done: post from top + 1
-- `top` is the newest version that the stream has ever had, 0 for a new stream.

local stream, snapshot = KEYS[1], KEYS[2]
local version = tonumber(ARGV[1])

-- The last id the stream gave, which outlives the entries themselves.
local function top_of_stream()
    if redis.call('EXISTS', stream) == 0 then return 0 end
    local info = redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then return tonumber(string.match(info[i + 1], '^%d+')) end
    end
end

-- What is not a snapshot is older than any.
local function version_of(json)
    local read, facts = pcall(cjson.decode, json or '')
    return read and type(facts) == 'table' and tonumber(facts.version) or -1
end

local function put_snapshot_if_newer()
    if version > version_of(redis.call('GET', snapshot)) then redis.call('SET', snapshot, ARGV[3]) end
end

local top = top_of_stream()
if top < version - 1 then return {'gap', top} end
if top >= version then
    put_snapshot_if_newer()
    return {'dup', top}
end
redis.call('XADD', stream, 'MAXLEN', '=', ARGV[4], ARGV[1] .. '-0', 'e', ARGV[2])
put_snapshot_if_newer()
redis.call('PUBLISH', stream, ARGV[2])
return {'ok', version}
