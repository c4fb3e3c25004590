#!lua name=cartwright_cart_v1
-- What the denormalizer and the readers of the event store do in Redis, each call atomic. The first line
-- and the names carry the projection's version: another shape is another library beside this one.
--
-- Keys: the projection's own hash, and one hash per cart with
--   version, view, state   as they were folded
--   owner                  whose cart it is (base/principal.h), empty for nobody's
--   rebuilt                the token of the last rebuild that wrote it, absent before any
-- Whoever writes a view publishes it in the same call, on the channel that is called as its key, and
-- nothing ('') when it deletes one: what is pushed to listeners is what a reader would find. Without
-- listeners that costs a third of a microsecond; texts put together here would cost two.
-- In the projection's hash: <partition> = "position offset" (all events up to position are in the views),
-- repair:<partition> = "token position cursor" while a repair is under way, and
-- generation = a random name of the data since they were last empty.
--
-- A view must not be older than one that was there before, also when Redis lost that one: who writes
-- what was folded earlier says what was there then, the positions or the generation. When it is
-- gone, nothing is written.

local DIGEST = '@DIGEST@'

-- So that a library of another build is noticed and replaced.
local function digest()
    return DIGEST
end

-- -1: there is none.
local function position_of(value)
    return value and tonumber(string.match(value, '^%d+')) or -1
end

-- A cart's fields from args[at] on: version, view, state, owner; four of them.
local function write(key, args, at)
    redis.call('HSET', key, 'version', args[at], 'view', args[at + 1], 'state', args[at + 2],
        'owner', args[at + 3])
    redis.call('PUBLISH', key, args[at + 1])
end

-- What is there of a cart: version (nil when it is no number) and rebuilt. A key of another type is nobody's cart: it makes way.
local function look(key)
    local there = redis.pcall('HMGET', key, 'version', 'rebuilt')
    if there['err'] then
        redis.call('DEL', key)
        return {}
    end
    return {tonumber(there[1]), there[2]}
end

-- KEYS: projection   ARGV: a name for the data, should they have none.
local function generation(keys, args)
    redis.call('HSETNX', keys[1], 'generation', args[1])
    return redis.call('HGET', keys[1], 'generation')
end

local function same_generation(keys, name)
    return redis.call('HGET', keys[1], 'generation') == name
end

-- KEYS: projection, carts ...
-- ARGV: count of positions, for each: partition, position expected to be there at least, new position,
--       offset; then for each cart: its fields, token of the rebuild it was folded from, 1 when a view
--       was there.
-- Reply: 'LOST <partition>' when Redis is behind what the caller believes: nothing was written. Else a
-- character per cart: + written, = there is this or a newer version, ! a rebuild has replaced what this
-- was folded from, or it is gone: fold it anew.
local function put(keys, args)
    local projection = keys[1]
    local count = tonumber(args[1])
    local at = 2
    for i = 1, count do
        if position_of(redis.call('HGET', projection, args[at])) < tonumber(args[at + 1]) then
            return 'LOST ' .. args[at]
        end
        at = at + 4
    end
    local verdicts = {}
    for i = 2, #keys do
        local there = look(keys[i])
        if (there[2] or '') ~= args[at + 4] or (args[at + 5] == '1' and not there[1]) then
            verdicts[#verdicts + 1] = '!'
        elseif there[1] and there[1] >= tonumber(args[at]) then
            verdicts[#verdicts + 1] = '='
        else
            write(keys[i], args, at)
            verdicts[#verdicts + 1] = '+'
        end
        at = at + 6
    end
    local all = table.concat(verdicts)
    -- A position must not be there before all of its carts are.
    if not string.find(all, '!', 1, true) then
        at = 2
        for i = 1, count do
            if position_of(redis.call('HGET', projection, args[at])) < tonumber(args[at + 2]) then
                redis.call('HSET', projection, args[at], args[at + 2] .. ' ' .. args[at + 3])
            end
            at = at + 4
        end
    end
    return all
end

-- KEYS: projection, cart   ARGV: generation, then the cart's fields.
-- Folded from the store while the data had this generation: replaces an older view and half a view.
-- Reply: + written, = there is this or a newer version, ? the generation is another one.
local function offer(keys, args)
    if not same_generation(keys, args[1]) then
        return '?'
    end
    local there = look(keys[2])
    if there[1] and there[1] >= tonumber(args[2]) and redis.call('HEXISTS', keys[2], 'view') == 1 then
        redis.call('HSETNX', keys[2], 'owner', args[5]) -- a newer view has the same one
        return '='
    end
    write(keys[2], args, 2)
    return '+'
end

-- KEYS: projection, carts ...   ARGV: token, generation; for each cart: its fields, and a version that is
--       known to be beyond what the event store has ('' for none).
-- Folded from the store while the data had this generation: also replaces the same version, whose
-- content could be wrong, and one that cannot be.
-- Reply: '?' when the generation is another one: nothing was written. Else per cart: + written, = there is
-- a newer one that comes from this rebuild, or the version of a newer one that does not: fold it anew.
local function replace(keys, args)
    local token = args[1]
    local verdicts = {}
    local at = 3
    if not same_generation(keys, args[2]) then
        return '?'
    end
    for i = 2, #keys do
        local there = look(keys[i])
        local verdict = '+'
        if there[1] and there[1] > tonumber(args[at]) and there[1] ~= tonumber(args[at + 4]) then
            verdict = there[2] == token and '=' or string.format('%.0f', there[1])
        else
            write(keys[i], args, at)
            redis.call('HSET', keys[i], 'rebuilt', token)
        end
        verdicts[#verdicts + 1] = verdict
        at = at + 5
    end
    return verdicts
end

-- KEYS: cart   ARGV: the version and the rebuilt token ('' for none) that were seen.
-- Deletes a view without a stream unless it changed meanwhile.
local function remove(keys, args)
    local there = redis.call('HMGET', keys[1], 'version', 'rebuilt')
    if (there[1] or '') ~= args[1] or (there[2] or '') ~= args[2] then
        return 0
    end
    local deleted = redis.call('DEL', keys[1])
    if deleted == 1 then
        redis.call('PUBLISH', keys[1], '')
    end
    return deleted
end

-- A repair's mark, kept beside the positions: its token, the position that will be true, and the last
-- stream that is done. By it a repair knows that nothing of what it wrote was lost, and goes on after a
-- crash.
local function mark_of(keys, partition, token)
    local mark = redis.call('HGET', keys[1], 'repair:' .. partition)
    if not mark then
        return nil
    end
    return string.match(mark, '^' .. token .. ' (%d+) ')
end

-- KEYS: projection   ARGV: token, then for each: partition, position.
local function repair_begin(keys, args)
    for i = 2, #args, 2 do
        redis.call('HSET', keys[1], 'repair:' .. args[i], args[1] .. ' ' .. args[i + 1] .. ' ')
    end
    return 1
end

-- KEYS: projection   ARGV: token, cursor, partitions ...
-- 0: the mark is gone.
local function repair_mark(keys, args)
    for i = 3, #args do
        local position = mark_of(keys, args[i], args[1])
        if not position then
            return 0
        end
        redis.call('HSET', keys[1], 'repair:' .. args[i],
            args[1] .. ' ' .. position .. ' ' .. args[2])
    end
    return 1
end

-- KEYS: projection   ARGV: token, partitions ...
-- The repair is complete: its positions become true. 0: the mark is gone.
local function repair_end(keys, args)
    for i = 2, #args do
        local position = mark_of(keys, args[i], args[1])
        if not position then
            return 0
        end
        local there = redis.call('HGET', keys[1], args[i])
        if not there or position_of(there) < tonumber(position) then
            redis.call('HSET', keys[1], args[i], position .. ' -1')
        end
        redis.call('HDEL', keys[1], 'repair:' .. args[i])
    end
    return 1
end

redis.register_function{function_name = 'cartwright_cart_v1_digest', callback = digest,
    flags = {'no-writes'}}
redis.register_function('cartwright_cart_v1_generation', generation)
redis.register_function('cartwright_cart_v1_put', put)
redis.register_function('cartwright_cart_v1_offer', offer)
redis.register_function('cartwright_cart_v1_replace', replace)
redis.register_function('cartwright_cart_v1_remove', remove)
redis.register_function('cartwright_cart_v1_repair_begin', repair_begin)
redis.register_function('cartwright_cart_v1_repair_mark', repair_mark)
redis.register_function('cartwright_cart_v1_repair_end', repair_end)
