-- POST add-item, quantity 1: every cart in turn, then the next product. The arguments after wrk's `--`:
-- the carts' prefix, how many carts, products in each, threads. LUA_PATH must lead to this folder.
--
-- The requests are built before the measurement and then repeated. A line may hold 999, so each thread
-- moves on to fresh carts in time; it builds those requests one by one when it first needs them.

require("result")

local QUANTITY_MAX = 999

local threads_started = 0
function setup(thread)
    thread:set("thread_index", threads_started)
    threads_started = threads_started + 1
end

local prefix, carts, products, rounds
local requests, built = {}, {}
local step

local function build(slot, generation)
    local cart = slot % carts
    local product = (slot - cart) / carts
    local path = string.format("/api/cart/%s%d-%d/items", prefix, generation, cart)
    local body = string.format(
        '{"userId":"bench","productId":"product-%d","productName":"Product %d","price":1999,"quantity":1}',
        product, product)
    requests[slot] = wrk.format("POST", path, nil, body)
    built[slot] = generation
end

function init(arguments)
    prefix, carts, products = arguments[1], tonumber(arguments[2]), tonumber(arguments[3])
    local threads = tonumber(arguments[4])
    rounds = math.floor(QUANTITY_MAX / threads)
    wrk.headers["Content-Type"] = "application/json"
    for slot = 0, carts * products - 1 do
        build(slot, 0)
    end
    -- Threads are spread over the carts, so that they do not walk hand in hand.
    step = math.floor(carts / threads) * thread_index
end

function request()
    local slots = carts * products
    local slot = step % slots
    local generation = math.floor(step / (slots * rounds))
    if built[slot] ~= generation then
        build(slot, generation)
    end
    step = step + 1
    return requests[slot]
end
