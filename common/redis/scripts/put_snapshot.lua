-- Puts a user's snapshot unless a newer one is there, and tells which one won (K8).
--
-- keys     1 the user's snapshot
-- args     1 the version of the one offered    2 the one offered, JSON with a member "version"
-- replies  the snapshot that is there now; at equal versions the one that was there before

local function version_of(json)
    local read, facts = pcall(cjson.decode, json or '')
    return read and type(facts) == 'table' and tonumber(facts.version) or -1
end

local stored = redis.call('GET', KEYS[1])
if tonumber(ARGV[1]) <= version_of(stored) then return stored end
redis.call('SET', KEYS[1], ARGV[2])
return ARGV[2]
