"""What Cartwright is made of, by itself: bare inserts, a static reply, Redis."""

import contextlib
import csv
import io
import subprocess
from collections.abc import Iterator

import processes
from bench import CONNECTIONS, Bench, Round, free_port, program, run_json, run_wrk, wrk_figures
from stack import Stack

BATCH = 200
DATABASE = "cartwright_bench"
REDIS_GETS_PER_SECOND = 50_000  # so that redis-benchmark takes about as long as the others


@contextlib.contextmanager
def bench_database(stack: Stack) -> Iterator[None]:
    """A database of its own with a table like ours, made from the real one."""
    stack.psql(f"DROP DATABASE IF EXISTS {DATABASE}", "postgres")
    stack.psql(f"CREATE DATABASE {DATABASE}", "postgres")
    try:
        schema = subprocess.run(
            ["pg_dump", "--schema-only", "--no-owner", "--no-privileges", "--table=cart_events"],
            env=stack.superuser_environment("cartwright"),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        # pg_dump's script empties the search path for the rest of the session.
        stack.psql(f"{schema}\nALTER TABLE public.cart_events RENAME TO bench_events", DATABASE)
        yield
    finally:
        stack.psql(f"DROP DATABASE {DATABASE}", "postgres")


def payload_bytes(stack: Stack) -> int:
    """The mean of what a run has stored."""
    rows = "SELECT payload FROM cart_events WHERE stream_id LIKE 'bench-%' LIMIT 10000"
    sql = f"SELECT coalesce(round(avg(octet_length(payload))), 64) FROM ({rows}) AS sample"
    return int(stack.psql(sql)[0][0])


def measure_bare_insert(bench: Bench) -> Round:
    width = payload_bytes(bench.stack)
    with bench_database(bench.stack):
        result = run_json(
            [str(bench.helpers / "bare_insert"), str(bench.seconds), str(BATCH), str(width)],
            bench.stack.superuser_environment(DATABASE),
        )
    return {"bare_insert_per_s": result["events"] / result["microseconds"] * 1e6}


def measure_static(bench: Bench) -> Round:
    """As many event loops as cart-api has."""
    loops = processes.thread_count(bench.stack.pids()["cart-api"], "http-[0-9]+") or 2
    port = free_port()
    with program([str(bench.helpers / "static_reply"), str(port), str(loops)], port):
        result = run_wrk(bench, f"http://127.0.0.1:{port}", "result.lua", CONNECTIONS, [])
    return wrk_figures("static_64", result)


def measure_own_static(bench: Bench) -> Round:
    """What cart-api answers without a thought, over the same workers and checks as all else."""
    result = run_wrk(bench, f"{bench.stack.api_url}/healthz", "result.lua", CONNECTIONS, [])
    return wrk_figures("own_static_64", result)


def measure_redis(bench: Bench) -> Round:
    count = bench.seconds * REDIS_GETS_PER_SECOND
    command = f"redis-benchmark -p {bench.stack.redis_port} -t get -c {CONNECTIONS} -n {count}"
    result = subprocess.run(
        [*command.split(), "-P", "1", "--csv"], stdout=subprocess.PIPE, text=True, check=True
    )
    row = next(csv.DictReader(io.StringIO(result.stdout)))
    return {
        "redis_64_per_s": float(row["rps"]),
        "redis_64_p50_ms": float(row["p50_latency_ms"]),
        "redis_64_p99_ms": float(row["p99_latency_ms"]),
    }
