-- Puts the newest word about sockets of one user into the user's receipts, in bounds (N9).
--
-- keys     1 the receipts: a hash, socket → line
-- args     1 their time to live from now on, in milliseconds    2 how many lines they keep at most
--          3… for each socket its name and its line
-- replies  the number of lines that were dropped: closed sockets first, then the oldest word, until a quarter is free
-- Of a line only its first letter (o: open) and its last word (when, in milliseconds) are looked at. The member "-" is no
-- socket: it says how young a dropped line has been (common/core/receipt.hpp).

local receipts, most = KEYS[1], tonumber(ARGV[2])

redis.call('HSET', receipts, unpack(ARGV, 3))
redis.call('PEXPIRE', receipts, ARGV[1])
if redis.call('HLEN', receipts) <= most then return 0 end

local horizon, lines = 0, {}
local all = redis.call('HGETALL', receipts)
for i = 1, #all, 2 do
    local name, line = all[i], all[i + 1]
    if name == '-' then
        horizon = tonumber(line) or 0
    else
        lines[#lines + 1] = {name = name, open = string.sub(line, 1, 1) == 'o', at = tonumber(string.match(line, '%d+$')) or 0}
    end
end
table.sort(lines, function(a, b)
    if a.open ~= b.open then return b.open end
    if a.at ~= b.at then return a.at < b.at end
    return a.name < b.name
end)

local surplus = #lines - math.floor(most * 3 / 4)
for i = 1, surplus do
    redis.call('HDEL', receipts, lines[i].name)
    horizon = math.max(horizon, lines[i].at)
end
redis.call('HSET', receipts, '-', string.format('%.0f', horizon))
return surplus
