"""What a long history costs: carts of 10,000 events beside carts of 10 that look the same."""

import http.client
import json
import statistics
import time

import arrivals
import fill
import views
from bench import Bench, Round
from stack import CONSUMERS
from usage import Usage, per_post

CARTS = 20
LINES = 9
SHORT, LONG = 10, 10_000
FOLLOW_S = 300
RATE = 1000  # posts a second
LONG_CARTS, SHORT_CARTS = "long", "short"
# Those that know a cart; what the others take at a constant rate would only make the ratio look better.
LENGTH_COSTS = ("cart-api", "postgresql", "denormalizer", "redis")
COLD_ITEM = 0  # of the lines that all carts have
OVER = arrivals.Over(carts=CARTS, products=LINES - 1)


def template(bench: Bench) -> fill.Template:
    """Nine lines; then the last one is removed and added, for ever."""
    cart = bench.prefix("template") + "grown"
    if not bench.stack.stored_versions(cart):
        for product in range(LINES):
            bench.stack.call("POST", f"/api/cart/{cart}/items", views.item(product))
        bench.stack.call("DELETE", f"/api/cart/{cart}/items/product-{LINES - 1}")
        bench.stack.call("POST", f"/api/cart/{cart}/items", views.item(LINES - 1))
    return fill.Template(cart, LINES, LINES + 2)


def prepare(bench: Bench) -> None:
    """The long carts of all rounds. One add each makes the snapshot that they would have by then."""
    copied = template(bench)
    with bench.stack.stopped(*CONSUMERS), bench.stack.held_relay():
        fill.fill(bench.stack, copied, bench.prefix(LONG_CARTS), CARTS, LONG)
    for cart in range(CARTS):
        path = f"/api/cart/{bench.prefix(LONG_CARTS)}{cart}/items"
        bench.stack.call("POST", path, views.item(COLD_ITEM))
    settle(bench, LONG_CARTS)


def settle(bench: Bench, name: str) -> None:
    prefix = bench.prefix(name)
    if not bench.stack.wait_for_consumers(FOLLOW_S):
        bench.error(f"{name}: consumers have not caught up")
    if not bench.stack.wait_for_views(bench.stack.stored_versions(prefix)):
        bench.error(f"{name}: views are not current")


def timed_ms(connection: http.client.HTTPConnection, method: str, path: str, body: str) -> float:
    begin = time.perf_counter()
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    answer = connection.getresponse()
    text = answer.read()
    if not 200 <= answer.status < 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {text.decode()}")
    return (time.perf_counter() - begin) * 1000


def measure_cold(bench: Bench, short: str) -> Round:
    """The first read of carts that are neither in Redis nor in memory, then the first add to each."""
    names = {"long": bench.prefix(LONG_CARTS), "short": bench.prefix(short)}
    with bench.stack.stopped("cart-api"):
        bench.stack.drop_views([f"{names['long']}{cart}" for cart in range(CARTS)])
    connection = http.client.HTTPConnection("127.0.0.1", bench.stack.api_port, timeout=30)
    item = json.dumps(views.item(COLD_ITEM))
    reads = [
        timed_ms(connection, "GET", f"/api/cart/view/{names['long']}{cart}", "")
        for cart in range(CARTS)
    ]
    adds: dict[str, list[float]] = {name: [] for name in names}
    for cart in range(CARTS):
        for name, prefix in names.items():
            path = f"/api/cart/{prefix}{cart}/items"
            adds[name].append(timed_ms(connection, "POST", path, item))
    connection.close()
    return {
        "cold_read_p50_ms": statistics.median(reads),
        "cold_read_max_ms": max(reads),
        "cold_add_long_ms": statistics.median(adds["long"]),
        "cold_add_short_ms": statistics.median(adds["short"]),
    }


def measure_warm(bench: Bench, name: str, carts: str) -> Round:
    """Adds at a constant rate: CPU, and latency from when each was due."""
    before = Usage.now(bench)
    result = arrivals.run_visible(bench, carts, RATE, bench.seconds, OVER)
    after = Usage.now(bench)
    settle(bench, carts)
    if result["errors"] or result["never_seen"] or result["acknowledged"] != result["sent"]:
        bench.error(f"adds to {name} carts: {result}")
    used = per_post(before, after, max(result["acknowledged"], 1))
    return {
        f"add_{name}_p50_ms": result["answer_p50_ms"],
        f"add_{name}_us": sum(used[process] for process in LENGTH_COSTS),
    }


def measure_growth(bench: Bench, number: int) -> Round:
    short = f"{number}-{SHORT_CARTS}"
    with bench.stack.stopped(*CONSUMERS), bench.stack.held_relay():
        fill.fill(bench.stack, template(bench), bench.prefix(short), CARTS, SHORT)
    settle(bench, short)
    figures = measure_cold(bench, short)
    settle(bench, short)
    settle(bench, LONG_CARTS)
    figures |= measure_warm(bench, "long", LONG_CARTS)
    return figures | measure_warm(bench, "short", short)
