"""Measures on a home that runs what an event and a cart cost in bytes, what a GET costs in CPU, and how
long commits of different sizes take."""

import datetime
import subprocess
import sys
import time
from pathlib import Path

LOAD = Path(__file__).resolve().parents[1]
sys.path.append(str(LOAD / "harness"))

import machine  # noqa: E402
import processes  # noqa: E402
from bench import CONNECTIONS, WRK_THREADS, Bench, Sizes, run_wrk  # noqa: E402
from stack import Redis, Stack  # noqa: E402
from views import read_views, seed_carts  # noqa: E402

COMMIT_CONNECTIONS = (4, 64, 256)
EVENTS_PER_CART = 10
LINES = 5  # products of a cart, each added twice on average
SETTLE_S = 3


def sizes_of_postgresql(stack: Stack) -> dict[str, float]:
    row = stack.psql(
        "SELECT pg_table_size('cart_events'), pg_indexes_size('cart_events'),"
        " pg_database_size('cartwright'), pg_current_wal_insert_lsn() - '0/0',"
        " (SELECT count(*) FROM cart_events)"
    )[0]
    return dict(zip(("table", "index", "database", "wal", "events"), map(float, row), strict=True))


def size_of_kafka(stack: Stack) -> float:
    return sum(path.stat().st_size for path in (stack.home / "kafka").glob("cart.events-*/*.log"))


def redis_info(stack: Stack, section: str) -> dict[str, str]:
    command = ["redis-cli", "-p", str(stack.redis_port), "INFO", section]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return dict(line.strip().split(":", 1) for line in text.splitlines() if ":" in line)


def views_of_redis(stack: Stack) -> tuple[float, float]:
    """Bytes that are used, and keys."""
    used = float(redis_info(stack, "memory")["used_memory"])
    keys = redis_info(stack, "keyspace").get("db0", "keys=0")
    return used, float(keys.split(",")[0].removeprefix("keys="))


def state_of(stack: Stack) -> dict[str, float]:
    used, carts = views_of_redis(stack)
    kafka = {"kafka": size_of_kafka(stack), "redis": used, "carts": carts}
    return sizes_of_postgresql(stack) | kafka


def post(bench: Bench, name: str, carts: int, connections: int, seconds: int) -> dict[str, float]:
    arguments = [bench.prefix(name), str(carts), str(LINES), str(WRK_THREADS)]
    return run_wrk(
        bench, bench.stack.api_url, "add_item.lua", connections, arguments, seconds=seconds
    )


def wait_for_all(bench: Bench, name: str) -> None:
    if not bench.stack.wait_for_views(bench.stack.stored_versions(bench.prefix(name))):
        raise RuntimeError("the views never became current")
    time.sleep(SETTLE_S)  # fraud's observations and the last flush of buffers follow


def measure_storage(bench: Bench, seconds: int) -> dict[str, float]:
    """So many carts that each gets about EVENTS_PER_CART events. A checkpoint before, so that the log
    has the full pages that follow any checkpoint."""
    rate = post(bench, "pace", 1000, CONNECTIONS, 3)
    wait_for_all(bench, "pace")
    carts = max(100, round(rate["good"] / rate["microseconds"] * 1e6 * seconds / EVENTS_PER_CART))
    bench.stack.psql("CHECKPOINT")
    before = state_of(bench.stack)
    post(bench, "storage", carts, CONNECTIONS, seconds)
    wait_for_all(bench, "storage")
    after = state_of(bench.stack)
    grown = {name: after[name] - before[name] for name in after}
    events = grown["events"]
    own = grown["table"] + grown["index"]
    return {
        "events": events,
        "events_per_cart": events / grown["carts"],
        "postgresql_event_bytes": own / events,
        "postgresql_index_bytes": grown["index"] / events,
        "other_event_bytes": max(0.0, grown["database"] - own) / events,
        "wal_event_bytes": grown["wal"] / events,
        "kafka_event_bytes": grown["kafka"] / events,
        "redis_cart_bytes": grown["redis"] / grown["carts"],
    }


LANES_SQL = "SELECT pid FROM pg_stat_activity WHERE application_name = 'cart-api lane'"


def lanes_cpu_us(stack: Stack) -> float:
    """Of the backends that the lanes talk to."""
    pids = [int(row[0]) for row in stack.psql(LANES_SQL)]
    return sum(processes.cpu_us(pid) for pid in pids)


def commit_totals(stack: Stack) -> dict[str, float]:
    names = {
        "batches": "cartwright_commit_batches_total",
        "events": "cartwright_commit_events_total",
        "seconds": "cartwright_commit_duration_seconds_sum",
        "commits": "cartwright_commit_duration_seconds_count",
    }
    totals = {key: stack.metric_sum(name, "cart-api") or 0.0 for key, name in names.items()}
    return totals | {"cpu_us": lanes_cpu_us(stack)}


def measure_commits(bench: Bench, seconds: int) -> list[dict[str, float]]:
    """At each number of connections: how large batches are, how long they take, their CPU time."""
    points = []
    for connections in COMMIT_CONNECTIONS:
        before = commit_totals(bench.stack)
        result = post(bench, f"commit-{connections}", 2000, connections, seconds)
        after = commit_totals(bench.stack)
        grown = {name: after[name] - before[name] for name in after}
        points.append(
            {
                "connections": connections,
                "per_s": result["good"] / result["microseconds"] * 1e6,
                "p50_ms": result["p50_us"] / 1000,
                "batch_mean": grown["events"] / grown["batches"],
                "commit_us": grown["seconds"] / grown["commits"] * 1e6,
                "cpu_us": grown["cpu_us"] / grown["batches"],
            }
        )
    return points


def measure_gets(bench: Bench, seconds: int) -> dict[str, float]:
    """CPU time of the processes that a GET of a view in Redis needs."""
    seed_carts(bench)
    pids = bench.stack.pids()
    names = ("cart-api", "redis")
    before = {name: processes.cpu_us(pids[name]) for name in names}
    answers = read_views(bench, seconds)["good"]
    return {name: (processes.cpu_us(pids[name]) - before[name]) / answers for name in names}


def measure(home: Path, helpers: Path, seconds: int) -> dict[str, object]:
    stack = Stack(home)
    sizes = Sizes(
        quick=False, seconds=seconds, warm_up_seconds=0, warm_up_windows=0, recovery_carts=0
    )
    errors: list[str] = []
    bench = Bench("new", stack, helpers, sizes, f"{int(time.time()):x}", errors)
    with Redis(stack.redis_port):
        pass  # it is there, before anything is written
    started_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    described = machine.describe_machine(home)
    result = {
        "started_at": started_at,
        "revision": machine.describe_versions(home, LOAD.parent)["revision"],
        "machine": f"{described['cpus']} CPUs ({described['cpu']})",
        "sync_us": described["sync_us"],
        "seconds": seconds,
        "storage": measure_storage(bench, seconds),
        "commits": measure_commits(bench, seconds),
        "get_us": measure_gets(bench, seconds),
    }
    if errors:
        raise RuntimeError("; ".join(errors))
    return result
