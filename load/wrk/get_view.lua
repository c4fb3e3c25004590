-- GET /api/cart/view/{id}, every cart in turn. The arguments after wrk's `--`: the carts' prefix, how
-- many carts, threads. LUA_PATH must lead to this folder.

require("result")

local threads_started = 0
function setup(thread)
    thread:set("thread_index", threads_started)
    threads_started = threads_started + 1
end

local carts, step
local requests = {}

function init(arguments)
    local prefix = arguments[1]
    carts = tonumber(arguments[2])
    for cart = 0, carts - 1 do
        requests[cart] = wrk.format("GET", string.format("/api/cart/view/%s0-%d", prefix, cart))
    end
    step = math.floor(carts / tonumber(arguments[3])) * thread_index
end

function request()
    step = step + 1
    return requests[step % carts]
end
