-- Puts the next fence only while the one that the caller has read is there, whole (R6). A success proves that Redis takes
-- writes, also when nothing changes.
--
-- keys     1 the fence
-- args     1 the fence as read, empty: there was none    2 the next one
-- replies  {1}            done
--          {0, stored}    another one is there
--          {0, nil}       there is none
-- The texts are opaque here; common/core/fence.hpp has their words.

local stored = redis.call('GET', KEYS[1])
if (stored or '') ~= ARGV[1] then return {0, stored} end
redis.call('SET', KEYS[1], ARGV[2])
return {1}
