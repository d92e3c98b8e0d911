-- One step of a rate limit (GCRA): auth-service/src/limits/gcra.hpp has the same in C++. Stored is the time at which
-- nothing will be owed any more, in microseconds of Redis' own clock (T5).
--
-- keys     1 the limit
-- args     1 the interval in which one comes back, in microseconds    2 the period in which all do    3 look, take, charge, give_back
-- replies  {1 there was room, else 0, what is owed after the step in microseconds}

local interval, period, step = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local most = 10 * period
local owed = math.min(math.max((tonumber(redis.call('GET', KEYS[1])) or 0) - now, 0), most)

local allowed = owed + interval <= period
if step == 'charge' or (step == 'take' and allowed) then
    owed = math.min(owed + interval, most)
    redis.call('SET', KEYS[1], string.format('%.0f', now + owed), 'PX', math.ceil(owed / 1000))
elseif step == 'give_back' then
    owed = math.max(owed - interval, 0)
    if owed > 0 then
        redis.call('SET', KEYS[1], string.format('%.0f', now + owed), 'PX', math.ceil(owed / 1000))
    else
        redis.call('DEL', KEYS[1])
    end
end
return {allowed and 1 or 0, owed}
