#!lua name=cartwright_cart_v1
-- What the denormalizer does in Redis, each call atomic. The first line and the names carry the
-- projection's version: another shape is another library beside this one.
--
-- Keys: the projection's own hash, and one hash per cart with
--   version, view, state   as the denormalizer folded them
--   rebuilt                the token of the last rebuild that wrote it, absent before any
-- In the projection's hash: <partition> = "position offset" (all events up to position are in the views),
-- and repair:<partition> = "token cursor" while a repair is under way.

local DIGEST = '@DIGEST@'

-- So that a library of another build is noticed and replaced.
local function digest()
    return DIGEST
end

local function position_of(value)
    if not value then
        return 0
    end
    return tonumber(string.match(value, '^%d+')) or 0
end

-- What is there of a cart: version and rebuilt. A key of another type is nobody's cart: it makes way.
local function look(key)
    local there = redis.pcall('HMGET', key, 'version', 'rebuilt')
    if there['err'] then
        redis.call('DEL', key)
        return {}
    end
    return there
end

-- KEYS: projection, carts ...
-- ARGV: count of positions, for each: partition, position expected to be there at least, new position,
--       offset; then for each cart: version, view, state, token of the rebuild it was folded from.
-- Reply: 'LOST <partition>' when Redis is behind what the caller believes: nothing was written. Else a
-- character per cart: + written, = there is this or a newer version, ! a rebuild has replaced what this
-- was folded from: fold it anew.
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
        if (there[2] or '') ~= args[at + 3] then
            verdicts[#verdicts + 1] = '!'
        elseif there[1] and tonumber(there[1]) >= tonumber(args[at]) then
            verdicts[#verdicts + 1] = '='
        else
            redis.call('HSET', keys[i], 'version', args[at], 'view', args[at + 1], 'state', args[at + 2])
            verdicts[#verdicts + 1] = '+'
        end
        at = at + 4
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

-- KEYS: carts ...   ARGV: token; for each cart: version, view, state.
-- Folded from the store: also replaces the same version, whose content could be wrong.
-- Reply, a character per cart: + written, = there is a newer one that comes from this rebuild, ! there is
-- a newer one that does not: fold it anew.
local function replace(keys, args)
    local token = args[1]
    local verdicts = {}
    local at = 2
    for i = 1, #keys do
        local there = look(keys[i])
        if there[1] and tonumber(there[1]) > tonumber(args[at]) then
            verdicts[i] = there[2] == token and '=' or '!'
        else
            redis.call('HSET', keys[i], 'version', args[at], 'view', args[at + 1],
                'state', args[at + 2], 'rebuilt', token)
            verdicts[i] = '+'
        end
        at = at + 3
    end
    return table.concat(verdicts)
end

-- KEYS: cart   ARGV: the version and the rebuilt token ('' for none) that were seen.
-- Deletes a view without a stream unless it changed meanwhile.
local function remove(keys, args)
    local there = redis.call('HMGET', keys[1], 'version', 'rebuilt')
    if (there[1] or '') ~= args[1] or (there[2] or '') ~= args[2] then
        return 0
    end
    return redis.call('DEL', keys[1])
end

-- KEYS: projection   ARGV: token, partitions ...
-- Leaves the mark by which a repair knows that nothing of what it wrote was lost.
local function repair_begin(keys, args)
    for i = 2, #args do
        redis.call('HSET', keys[1], 'repair:' .. args[i], args[1] .. ' ')
    end
    return 1
end

-- KEYS: projection   ARGV: token, cursor, partitions ...
-- Notes how far a repair is. 0: its mark is gone, so is what it has written.
local function repair_mark(keys, args)
    for i = 3, #args do
        local mark = redis.call('HGET', keys[1], 'repair:' .. args[i])
        if not mark or string.sub(mark, 1, #args[1]) ~= args[1] then
            return 0
        end
    end
    for i = 3, #args do
        redis.call('HSET', keys[1], 'repair:' .. args[i], args[1] .. ' ' .. args[2])
    end
    return 1
end

-- KEYS: projection   ARGV: token, then for each: partition, position.
-- The repair is complete: its positions become true. 0: its mark is gone.
local function repair_end(keys, args)
    for i = 2, #args, 2 do
        local mark = redis.call('HGET', keys[1], 'repair:' .. args[i])
        if not mark or string.sub(mark, 1, #args[1]) ~= args[1] then
            return 0
        end
    end
    for i = 2, #args, 2 do
        local there = redis.call('HGET', keys[1], args[i])
        if not there or position_of(there) < tonumber(args[i + 1]) then
            redis.call('HSET', keys[1], args[i], args[i + 1] .. ' -1')
        end
        redis.call('HDEL', keys[1], 'repair:' .. args[i])
    end
    return 1
end

redis.register_function{function_name = 'cartwright_cart_v1_digest', callback = digest,
    flags = {'no-writes'}}
redis.register_function('cartwright_cart_v1_put', put)
redis.register_function('cartwright_cart_v1_replace', replace)
redis.register_function('cartwright_cart_v1_remove', remove)
redis.register_function('cartwright_cart_v1_repair_begin', repair_begin)
redis.register_function('cartwright_cart_v1_repair_mark', repair_mark)
redis.register_function('cartwright_cart_v1_repair_end', repair_end)
