"""The measurements. Each takes the bench and adds its figures to a round."""

import concurrent.futures
import contextlib
import csv
import http.client
import io
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import processes
from stack import Stack

LOAD = Path(__file__).resolve().parents[1]
CARTS = 2000
PRODUCTS = 10  # lines of a cart
WRK_THREADS = 2
BATCH = 200
VISIBLE_RATE = 1000  # posts a second while acknowledged -> visible is measured
VISIBLE_SHARE = 0.4  # of the throughput that was just measured, where that is less
PUSH_SOCKETS = 2000  # each listens to a cart of its own
PUSH_RATE = 500  # posts a second while acknowledged -> pushed is measured
PUSH_SHARE = 0.2  # of the throughput that was just measured, where that is less
SEED_THREADS = 8
DATABASE = "cartwright_bench"
REDIS_GETS_PER_SECOND = 50_000  # so that redis-benchmark takes about as long as the others

Round = dict[str, float]


@dataclass
class Bench:
    stack: Stack
    helpers: Path
    seconds: int
    run: str  # part of every cart's id, so that runs on one home do not meet
    errors: list[str] = field(default_factory=list)

    def error(self, text: str) -> None:
        self.errors.append(text)
        print(f"  ERROR {text}", flush=True)

    def prefix(self, name: str) -> str:
        return f"bench-{self.run}-{name}-"


def run_json(command: list[str], environment: dict[str, str] | None = None) -> dict[str, float]:
    """The JSON object in the last line that a command prints."""
    result = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=7200
    )
    return json.loads(result.stdout.splitlines()[-1])


# ---- wrk


def run_wrk(
    bench: Bench, url: str, script: str, connections: int, arguments: list[str], seconds: int = 0
) -> dict[str, float]:
    command = ["wrk", f"-t{WRK_THREADS}", f"-c{connections}", f"-d{seconds or bench.seconds}s"]
    command += ["--timeout", "10s", "--latency", "-s", str(LOAD / "wrk" / script), url]
    lua_path = {"LUA_PATH": f"{LOAD}/wrk/?.lua;;"}
    result = run_json([*command, "--", *arguments], os.environ | lua_path)
    bad = {
        name: result[name]
        for name in ("bad_status", "connect_errors", "read_errors", "write_errors", "timeouts")
        if result[name] > 0
    }
    if bad:
        bench.error(f"{script}, {connections} connections: {bad} of {result['requests']:.0f}")
    result["good"] = result["requests"] - result["bad_status"]
    return result


def wrk_figures(name: str, result: dict[str, float]) -> Round:
    return {
        f"{name}_per_s": result["good"] / result["microseconds"] * 1e6,
        f"{name}_p50_ms": result["p50_us"] / 1000,
        f"{name}_p99_ms": result["p99_us"] / 1000,
    }


# ---- POST


@dataclass
class Usage:
    """CPU time so far, in µs."""

    by_process: dict[str, int]
    by_thread: dict[str, int]
    machine: int
    generators: int

    @classmethod
    def now(cls, stack: Stack) -> "Usage":
        pids = stack.pids()
        return cls(
            {name: processes.cpu_us(pid) for name, pid in pids.items()},
            {
                f"{name}/{thread}": cpu_us
                for name, pid in pids.items()
                if name in ("cart-api", "denormalizer")
                for thread, cpu_us in processes.thread_cpu_us(pid).items()
            },
            processes.machine_busy_us(),
            processes.finished_children_us(),
        )


def usage_figures(name: str, before: Usage, after: Usage, posts: float, seconds: float) -> Round:
    figures: Round = {}
    for process, cpu_us in after.by_process.items():
        figures[f"{name}_cpu_us/{process}"] = (cpu_us - before.by_process.get(process, 0)) / posts
    for thread, cpu_us in after.by_thread.items():
        used_us = (cpu_us - before.by_thread.get(thread, 0)) / posts
        if used_us >= 0.1:
            figures[f"{name}_thread_cpu_us/{thread}"] = used_us
    ours = sum(after.by_process.values()) - sum(before.by_process.values())
    generators = after.generators - before.generators
    others = max(0, after.machine - before.machine - ours - generators)
    return figures | {
        f"{name}_cpu_us/all": ours / posts,
        f"{name}_generator_us": generators / posts,
        f"{name}_others_cpus": others / seconds / 1e6,
    }


def catch_up(bench: Bench, name: str, prefix: str) -> tuple[Round, int]:
    """How far behind the consumers are and how long until they are not; how many events are stored."""
    begin = time.monotonic()
    figures: Round = {}
    for metric in ("relay_lag", "consumer_lag"):
        value = bench.stack.metric_sum(f"cartwright_{metric}")
        if value is not None:
            figures[f"{name}_{metric}"] = value
    versions = bench.stack.stored_versions(prefix)
    if not bench.stack.wait_for_views(versions):
        bench.error(f"{name}: views are not current a minute after the last request")
    figures[f"{name}_catch_up_s"] = time.monotonic() - begin
    return figures, sum(versions.values())


def measure_post(bench: Bench, number: int, connections: int) -> Round:
    name, prefix = f"post_{connections}", bench.prefix(f"{number}-{connections}")
    before, begin = Usage.now(bench.stack), time.monotonic()
    arguments = [prefix, str(CARTS), str(PRODUCTS), str(WRK_THREADS)]
    result = run_wrk(bench, bench.stack.api_url, "add_item.lua", connections, arguments)
    lag, stored = catch_up(bench, name, prefix)
    after, seconds = Usage.now(bench.stack), time.monotonic() - begin
    # What was under way when wrk hung up is stored, and nobody counts it.
    if not result["good"] <= stored <= result["good"] + connections:
        bench.error(f"{name}: {result['good']:.0f} acknowledged, {stored} in the event store")
    return (
        wrk_figures(name, result)
        | lag
        | usage_figures(name, before, after, max(result["good"], 1), seconds)
    )


# ---- GET


def seed_carts(bench: Bench, prefix: str) -> None:
    """CARTS carts of PRODUCTS lines, one command each."""
    items = [
        {
            "userId": "bench",
            "productId": f"product-{product}",
            "productName": f"Product {product}",
            "price": 1999,
            "quantity": 1,
        }
        for product in range(PRODUCTS)
    ]
    body = json.dumps({"items": items})

    def post(first: int) -> list[int]:
        connection = http.client.HTTPConnection("127.0.0.1", bench.stack.api_port, timeout=30)
        statuses = []
        for cart in range(first, CARTS, SEED_THREADS):
            path = f"/api/cart/{prefix}0-{cart}/items"
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            statuses.append(answer.status)
            if answer.status != 201:
                raise RuntimeError(f"a cart cannot be made: {answer.status} {text.decode()}")
        connection.close()
        return statuses

    with concurrent.futures.ThreadPoolExecutor(SEED_THREADS) as pool:
        list(pool.map(post, range(SEED_THREADS)))
    versions = bench.stack.stored_versions(prefix)
    if len(versions) != CARTS or not bench.stack.wait_for_views(versions):
        raise RuntimeError("the carts for GET have no views")


def measure_view(bench: Bench, _number: int) -> Round:
    arguments = [bench.prefix("views"), str(CARTS), str(WRK_THREADS)]
    result = run_wrk(bench, bench.stack.api_url, "get_view.lua", 64, arguments)
    return wrk_figures("view_64", result)


# ---- what Cartwright is made of


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
    """The mean of what the runs have stored."""
    sql = "SELECT coalesce(round(avg(octet_length(payload))), 64) FROM cart_events"
    return int(stack.psql(f"{sql} WHERE stream_id LIKE 'bench-%'")[0][0])


def measure_bare_insert(bench: Bench, _number: int) -> Round:
    width = payload_bytes(bench.stack)
    with bench_database(bench.stack):
        result = run_json(
            [str(bench.helpers / "bare_insert"), str(bench.seconds), str(BATCH), str(width)],
            bench.stack.superuser_environment(DATABASE),
        )
    return {"bare_insert_per_s": result["events"] / result["microseconds"] * 1e6}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def static_server(bench: Bench) -> Iterator[int]:
    """As many event loops as cart-api has."""
    loops = processes.thread_count(bench.stack.pids()["cart-api"], "http-[0-9]+") or 2
    port = free_port()
    server = subprocess.Popen([str(bench.helpers / "static_reply"), str(port), str(loops)])
    try:
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.01)
        yield port
    finally:
        server.terminate()
        server.wait()


def measure_static(bench: Bench, _number: int) -> Round:
    with static_server(bench) as port:
        result = run_wrk(bench, f"http://127.0.0.1:{port}", "result.lua", 64, [])
    return wrk_figures("static_64", result)


def measure_redis(bench: Bench, _number: int) -> Round:
    count = bench.seconds * REDIS_GETS_PER_SECOND
    command = f"redis-benchmark -p {bench.stack.redis_port} -t get -c 64 -n {count} -P 1 --csv"
    result = subprocess.run(command.split(), stdout=subprocess.PIPE, text=True, check=True)
    row = next(csv.DictReader(io.StringIO(result.stdout)))
    return {
        "redis_64_per_s": float(row["rps"]),
        "redis_64_p50_ms": float(row["p50_latency_ms"]),
        "redis_64_p99_ms": float(row["p99_latency_ms"]),
    }


# ---- acknowledged -> visible


def run_visible(bench: Bench, name: str, rate: int, seconds: int) -> dict[str, float]:
    ports = [str(bench.stack.api_port), str(bench.stack.redis_port)]
    command = [str(bench.helpers / "ack_to_visible"), *ports, str(rate), str(seconds)]
    return run_json([*command, bench.prefix(name)])


def measure_visible(bench: Bench, number: int, throughput: float) -> Round:
    rate = max(10, int(min(VISIBLE_RATE, VISIBLE_SHARE * throughput)))
    result = run_visible(bench, f"{number}-visible", rate, bench.seconds)
    if result["errors"] or result["never_seen"] or result["acknowledged"] != result["sent"]:
        bench.error(f"acknowledged to visible: {result}")
    return {
        "visible_rate": rate,
        "visible_p50_ms": result["visible_p50_ms"],
        "visible_p99_ms": result["visible_p99_ms"],
        "visible_answer_p50_ms": result["answer_p50_ms"],
        "visible_answer_p99_ms": result["answer_p99_ms"],
        "visible_latest_send_ms": result["latest_send_ms"],
    }


# ---- acknowledged -> pushed


def measure_pushed(bench: Bench, number: int, throughput: float) -> Round:
    rate = max(10, int(min(PUSH_RATE, PUSH_SHARE * throughput)))
    prefix = bench.prefix(f"{number}-pushed")
    arguments = [bench.stack.api_port, rate, bench.seconds, PUSH_SOCKETS, prefix]
    result = run_json([str(bench.helpers / "ack_to_push"), *map(str, arguments)])
    if result["errors"] or result["never_pushed"]:
        bench.error(f"acknowledged to pushed: {result}")
    return {
        "push_sockets": result["sockets"],
        "push_rate": rate,
        "push_p50_ms": result["push_p50_ms"],
        "push_p99_ms": result["push_p99_ms"],
    }


# ---- all of it


def measure_round(bench: Bench, number: int) -> Round:
    figures = measure_post(bench, number, 64)
    figures |= measure_view(bench, number)
    figures |= measure_bare_insert(bench, number)
    figures |= measure_post(bench, number, 256)
    figures |= measure_static(bench, number)
    figures |= measure_redis(bench, number)
    figures |= measure_visible(bench, number, figures["post_64_per_s"])
    figures |= measure_pushed(bench, number, figures["post_64_per_s"])
    for name, pid in bench.stack.pids().items():
        figures[f"resident_mib/{name}"] = processes.resident_mib(pid)
    return figures
