-- Prints what wrk found as one line of JSON, the last of its output. Loaded by the other scripts.

local function json(name, value)
    return string.format('"%s":%.0f', name, value)
end

function done(summary, latency)
    local errors = summary.errors
    io.write("{", table.concat({
        json("requests", summary.requests),
        json("microseconds", summary.duration),
        json("p50_us", latency:percentile(50)),
        json("p99_us", latency:percentile(99)),
        json("max_us", latency.max),
        json("bad_status", errors.status),
        json("connect_errors", errors.connect),
        json("read_errors", errors.read),
        json("write_errors", errors.write),
        json("timeouts", errors.timeout),
    }, ","), "}\n")
end
