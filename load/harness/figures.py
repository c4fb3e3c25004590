"""Which ratios and figures there are, in the order of the table, and what they are meant to reach."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    limit: float
    at_least: bool

    def words(self, digits: int) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:,.{digits}f}"

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


def least(limit: float) -> Goal:
    return Goal(limit, at_least=True)


def most(limit: float) -> Goal:
    return Goal(limit, at_least=False)


@dataclass(frozen=True)
class Row:
    key: str
    label: str
    unit: str = ""
    digits: int = 0
    goal: Goal | None = None


@dataclass(frozen=True)
class Ratio:
    key: str
    label: str
    numerator: str
    denominator: str
    goal: Goal | None = None


RATIOS = [
    Ratio(
        "post_alone_to_bare_insert",
        "POST without relay and consumers : bare inserts",
        *("post_alone_64_per_s", "bare_insert_per_s"),
        least(0.25),
    ),
    Ratio(
        "post_to_bare_insert",
        "POST, 64 connections : bare inserts",
        *("post_64_per_s", "bare_insert_per_s"),
    ),
    Ratio(
        "post_to_static",
        "POST, 64 connections : h2o's static reply",
        *("post_64_per_s", "static_64_per_s"),
    ),
    Ratio(
        "post_256_to_64",
        "POST, 256 connections : 64 connections",
        *("post_256_per_s", "post_64_per_s"),
    ),
    Ratio(
        "view_to_own_static",
        "GET view : cart-api's own static reply",
        *("view_64_per_s", "own_static_64_per_s"),
        least(0.6),
    ),
    Ratio(
        "view_to_static",
        "GET view : h2o's static reply",
        *("view_64_per_s", "static_64_per_s"),
        least(0.6),
    ),
    Ratio(
        "view_to_redis",
        "GET view : Redis GET",
        *("view_64_per_s", "redis_64_per_s"),
        least(1.2),
    ),
    Ratio(
        "long_to_short_us",
        "add to a cart of 10,000 events : of 10, CPU",
        *("add_long_us", "add_short_us"),
        most(1.2),
    ),
    Ratio(
        "long_to_short_ms",
        "                                        latency",
        *("add_long_p50_ms", "add_short_p50_ms"),
        most(1.2),
    ),
    Ratio(
        "long_to_short_cold",
        "                                        cold",
        *("cold_add_long_ms", "cold_add_short_ms"),
        most(1.2),
    ),
    Ratio(
        "store_size_post",
        "store of 10,000,000 events : small, POST (*)",
        *("store_large_post_to_static", "store_small_post_to_static"),
        least(0.9),
    ),
    Ratio(
        "store_size_view",
        "                                     GET view (*)",
        *("store_large_view_to_static", "store_small_view_to_static"),
        least(0.9),
    ),
    Ratio(
        "view_while_rebuilt",
        "GET view while all views are rebuilt : before",
        *("rebuild_reads_per_s", "rebuild_reads_before_per_s"),
    ),
]

THROUGHPUT = [
    Row("post_64_per_s", "POST add-item, 64 connections", "acknowledged/s", 0, least(20_000)),
    Row("post_256_per_s", "POST add-item, 256 connections", "acknowledged/s", 0, least(25_000)),
    Row(
        "post_alone_64_per_s",
        "POST without relay and consumers, 64",
        *("acknowledged/s", 0, least(27_000)),
    ),
    Row(
        "post_alone_256_per_s",
        "                                 256",
        *("acknowledged/s", 0, least(33_000)),
    ),
    Row("view_64_per_s", "GET view, 64 connections", "answers/s", 0, least(60_000)),
    Row("bare_insert_per_s", "bare inserts, batches of 200, one connection", "events/s"),
    Row("own_static_64_per_s", "cart-api's static reply, 64 connections", "answers/s"),
    Row("static_64_per_s", "h2o's static reply, 64 connections", "answers/s"),
    Row("redis_64_per_s", "Redis GET without pipelining, 64 connections", "answers/s"),
]

OPEN_LOOP = [
    Row("visible_rate", "posts at a constant rate", "per s"),
    Row("visible_answer_p50_ms", "due -> acknowledged, p50", "ms", 2, most(3)),
    Row("visible_answer_p99_ms", "                     p99", "ms", 2, most(15)),
    Row("visible_p50_ms", "acknowledged -> visible in Redis, p50", "ms", 2, most(5)),
    Row("visible_p99_ms", "                                  p99", "ms", 2, most(50)),
    Row("visible_latest_send_ms", "a post was sent late by at most", "ms", 2),
    Row("push_sockets", "WebSockets on one process"),
    Row("push_rate", "posts at a constant rate", "per s"),
    Row("push_p50_ms", "acknowledged -> pushed to the listener, p50", "ms", 2, most(7)),
    Row("push_p99_ms", "                                        p99", "ms", 2, most(52)),
]

CLOSED_LOOP = [
    Row("post_64_p50_ms", "POST, 64 connections, p50", "ms", 2),
    Row("post_64_p99_ms", "                      p99", "ms", 2),
    Row("post_256_p50_ms", "POST, 256 connections, p50", "ms", 2),
    Row("post_256_p99_ms", "                       p99", "ms", 2),
    Row("post_alone_64_p50_ms", "POST without relay and consumers, 64, p50", "ms", 2),
    Row("post_alone_64_p99_ms", "                                      p99", "ms", 2),
    Row("view_64_p50_ms", "GET view, 64 connections, p50", "ms", 2),
    Row("view_64_p99_ms", "                          p99", "ms", 2),
    Row("own_static_64_p50_ms", "cart-api's static reply, p50", "ms", 2),
    Row("own_static_64_p99_ms", "                         p99", "ms", 2),
    Row("static_64_p50_ms", "h2o's static reply, p50", "ms", 2),
    Row("static_64_p99_ms", "                    p99", "ms", 2),
    Row("redis_64_p50_ms", "Redis GET, p50", "ms", 2),
    Row("redis_64_p99_ms", "           p99", "ms", 2),
]

CONSUMERS = [
    Row("post_64_relay_lag", "64 connections: events not in Kafka yet", "events"),
    Row("post_64_consumer_lag", "                events not handled yet", "events"),
    Row("post_64_catch_up_s", "                every view is current after", "s", 2),
    Row("post_256_relay_lag", "256 connections: events not in Kafka yet", "events"),
    Row("post_256_consumer_lag", "                 events not handled yet", "events"),
    Row("post_256_catch_up_s", "                 every view is current after", "s", 2),
]

RECOVERY = [
    Row("recovery_events", "events that wait for relay and consumers", "events"),
    Row("relay_catch_up_per_s", "relay catches up", "events/s", 0, least(200_000)),
    Row("relay_catch_up_begins_s", "                 after", "s", 2),
    Row(
        "projection_per_s",
        "projection catches up, from Kafka into views",
        "events/s",
        0,
        least(200_000),
    ),
    Row("projection_begins_s", "                 after", "s", 2),
    Row("effects_catch_up_s", "fraud, billing, notifier too after another", "s", 1),
    Row("rebuild_events", "events in a rebuild of all views", "events"),
    Row("rebuild_per_s", "rebuild", "events/s"),
    Row("rebuild_million_s", "rebuild, of 1,000,000 events", "s", 1, most(30)),
    Row("rebuild_reads_per_s", "GET view while it runs", "answers/s"),
    Row("rebuild_reads_p99_ms", "                  p99", "ms", 2),
    Row("rebuild_reads_before_p99_ms", "                  p99 before", "ms", 2),
]

GROWTH = [
    Row("add_short_us", "add to a cart of 10 events, CPU", "us", 1),
    Row("add_long_us", "              10,000 events", "us", 1),
    Row("add_short_p50_ms", "add to a cart of 10 events, p50", "ms", 2),
    Row("add_long_p50_ms", "              10,000 events", "ms", 2),
    Row("cold_add_short_ms", "first add after a restart, 10 events, median", "ms", 2),
    Row("cold_add_long_ms", "                           10,000 events", "ms", 2),
    Row("cold_read_p50_ms", "first read, 10,000 events, no view, median", "ms", 2, most(10)),
    Row("cold_read_max_ms", "                                    slowest", "ms", 2),
    Row("store_small_events", "events in a small store", "events"),
    Row("store_small_post_per_s", "     POST, relay and projection at work", "acknowledged/s"),
    Row("store_small_view_per_s", "     GET view", "answers/s"),
    Row("store_small_static_per_s", "     (*) divided by: h2o's static reply", "answers/s"),
    Row("store_large_events", "events in a large store", "events"),
    Row("store_large_post_per_s", "     POST, relay and projection at work", "acknowledged/s"),
    Row("store_large_view_per_s", "     GET view", "answers/s"),
    Row("store_large_static_per_s", "     (*) divided by: h2o's static reply", "answers/s"),
]

CPU = [
    Row("post_64_everything_us", "all of it, with the load generator", "us", 1, most(100)),
    Row("post_64_views_us", "denormalizer and Redis", "us", 1, most(16)),
    Row("post_64_cpu_us/*", "", "us", 1),
    Row("post_64_generator_us", "(load generator)", "us", 1),
    Row("post_64_others_cpus", "(others on this machine, in CPUs)", "", 2),
    Row("post_64_idle_cpus", "(the set-up beside it, idle, in CPUs)", "", 2),
]

FIGURES = {
    "throughput": THROUGHPUT,
    "at a constant rate, open loop": OPEN_LOOP,
    "latency, closed loop": CLOSED_LOOP,
    "consumers at the end of the POST runs": CONSUMERS,
    "coming back": RECOVERY,
    "growth": GROWTH,
    "from exec until ready, servers running": [Row("ready_ms/*", "", "ms")],
    "CPU of an acknowledged POST, 64 connections": CPU,
    "the same by thread": [Row("post_64_thread_cpu_us/*", "", "us", 1)],
    "the same without relay and consumers": [Row("post_alone_64_cpu_us/*", "", "us", 1)],
    "resident memory after a round": [Row("resident_mib/*", "", "MiB")],
    "resident memory after 100,000 carts": [
        Row("touched_carts", "carts that were touched since the start"),
        Row("touched_mib/*", "", "MiB"),
    ],
    "resident memory, begin of the soak": [Row("soak_begin_mib/*", "", "MiB")],
    "resident memory, end of the soak": [
        Row("soak_minutes", "after", "minutes"),
        Row("soak_end_mib/*", "", "MiB"),
    ],
}

# Of single members of a family.
DAEMONS = ("cart-api", "denormalizer", "fraud", "billing", "notifier")
FAMILY_GOALS = {
    "post_64_cpu_us/cart-api": most(25),
    "post_64_cpu_us/postgresql": most(30),
    "post_64_cpu_us/kafka": most(12),
}
FAMILY_GOALS |= {f"touched_mib/{daemon}": most(50) for daemon in DAEMONS}
FAMILY_GOALS |= {f"ready_ms/{daemon}": most(200) for daemon in DAEMONS}


def expand(row: Row, figures: dict[str, dict]) -> list[Row]:
    """A row whose key ends with * stands for every figure of that family, the largest first."""
    if not row.key.endswith("*"):
        return [row] if row.key in figures else []
    family = [key for key in figures if key.startswith(row.key[:-1])]
    family.sort(key=lambda key: -figures[key]["median"])
    return [
        Row(key, key.partition("/")[2], row.unit, row.digits, FAMILY_GOALS.get(key))
        for key in family
    ]
