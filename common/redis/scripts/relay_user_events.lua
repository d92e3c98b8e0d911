-- Posts events to their users, each exactly after its predecessor (R1). What befalls one is no matter to the others. On a
-- cluster a call takes events of one user, for keys of a script have to be in one slot.
--
-- keys     for each event: the user's stream, also the name of the channel; the user's snapshot
-- args     1 how many entries the streams keep
--          for each event: its version; its letter; the snapshot at that version, or at a later one, JSON with a member
--          "version"
-- replies  for each event two items, a word and what it says:
--          "ok", version   appended, published; the snapshot is this one or a newer one
--          "dup", top      it was there before; the snapshot is this one or a newer one
--          "gap", top      its predecessor is missing, nothing was done: post from top + 1
--          "error", text   Redis has refused it, and it is tried again
-- `top` is the newest version that the stream has ever had, 0 for a new stream.

-- Half of what an event costs here is the calling of commands, so the usual one takes four.

local kept = ARGV[1]
local kept_count = tonumber(kept)

local function number_in(id) return tonumber(string.match(id, '^%d+')) end

-- The last id the stream gave, which outlives the entries themselves.
local function last_id(stream)
    if redis.call('EXISTS', stream) == 0 then return 0 end
    local info = redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then return number_in(info[i + 1]) end
    end
end

-- Cheaper than XINFO, which brings the first entry along.
local function top_of(stream)
    local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
    return newest and number_in(newest[1]) or last_id(stream)
end

-- What is not a snapshot is older than any. No other text of a snapshot can look like its version: quotes within a text
-- are escaped. Decoding it would cost as much as all the rest.
local function version_of(json) return json and tonumber(string.match(json, '"version":(%d+)')) or -1 end

-- Whether the event was the next of a stream that has all before it. That needs no look at the newest entry: Redis
-- appends an id only behind all others (R2: <version>-0), and version - 1 entries below `version` are 1 to version - 1.
local function append_to_whole(stream, version, id, letter)
    if version > kept_count or redis.call('XLEN', stream) ~= version - 1 then return false end
    return type(redis.pcall('XADD', stream, id, 'e', letter)) == 'string'
end

local function post(stream, snapshot, version_text, letter, facts)
    local version, id, top = tonumber(version_text), version_text .. '-0', nil
    if not append_to_whole(stream, version, id, letter) then
        top = top_of(stream)
        if top < version - 1 then return 'gap', top end
        if top < version then redis.call('XADD', stream, 'MAXLEN', '=', kept, id, 'e', letter) end
    end
    -- Mostly it is newer than what was there; a newer one is put back before anybody can see that it was gone.
    local before = redis.call('SET', snapshot, facts, 'GET')
    if version_of(before) > version then redis.call('SET', snapshot, before) end
    if top and top >= version then return 'dup', top end
    redis.call('PUBLISH', stream, letter)
    return 'ok', version
end

local replies = {}
for i = 1, #KEYS / 2 do
    local done, word, told = pcall(post, KEYS[2 * i - 1], KEYS[2 * i], ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1])
    if not done then word, told = 'error', type(word) == 'table' and word.err or tostring(word) end
    replies[2 * i - 1], replies[2 * i] = word, told
end
return replies
