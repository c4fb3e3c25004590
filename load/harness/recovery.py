"""How fast what was away comes back: the relay, the projection, a rebuild, and readers meanwhile."""

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import fill
import views
from bench import Bench, Round
from stack import CONSUMERS, Stack, wait_until

EVENTS_A_CART = 50  # of ten products
REPETITIONS = EVENTS_A_CART // 10
FOLLOW_S = 900


def template(bench: Bench) -> fill.Template:
    """Made when first asked for."""
    cart = bench.prefix("template") + str(EVENTS_A_CART)
    if not bench.stack.stored_versions(cart):
        for item in [views.item(product) for product in range(10)] * REPETITIONS:
            bench.stack.call("POST", f"/api/cart/{cart}/items", item)
    return fill.Template(cart, EVENTS_A_CART, EVENTS_A_CART)


def position(stack: Stack, daemon: str, metric: str, before: float) -> float:
    """What it had before, while it starts."""
    try:
        return stack.metric_sum(metric, daemon) or before
    except OSError:
        return before


def follow(position: Callable[[], float], goal: float) -> tuple[float, float]:
    """Events a second from the first step on, and seconds until that step; position is polled."""
    begin_s, begin = time.monotonic(), position()
    first_s, first = begin_s, begin

    def arrived() -> bool:
        nonlocal first_s, first
        now = position()
        if first == begin and now > begin:
            first_s, first = time.monotonic(), now
        return now >= goal

    if not wait_until(arrived, FOLLOW_S):
        raise RuntimeError(f"{position():.0f} of {goal:.0f} events after {FOLLOW_S} s")
    end_s = time.monotonic()
    if first >= goal:  # all of it in one step
        first_s, first = begin_s, begin
    return (goal - first) / (end_s - first_s), first_s - begin_s


def catch_up(bench: Bench, prefix: str) -> Round:
    """Relay, then projection, then the other consumers, each with all those events before it."""
    stack, carts = bench.stack, bench.sizes.recovery_carts
    copied, before = template(bench), stack.stored_events()
    with stack.stopped(*CONSUMERS):
        with stack.held_relay():
            fill.fill(stack, copied, prefix, carts, EVENTS_A_CART)
            goal = stack.stored_events()
        relay, relay_waits = follow(
            lambda: position(stack, "cart-api", "cartwright_relay_position", before), goal
        )
        stack.begin_start("denormalizer")
        projection, projection_waits = follow(
            lambda: position(stack, "denormalizer", "cartwright_consumer_position", before), goal
        )
    begin = time.monotonic()
    if not stack.wait_for_consumers(FOLLOW_S):
        bench.error(f"consumers have not caught up after {FOLLOW_S} s")
    if not stack.wait_for_views(stack.stored_versions(prefix)):
        bench.error("views are not current although the projection has caught up")
    return {
        "recovery_events": goal - before,
        "relay_catch_up_per_s": relay,
        "relay_catch_up_begins_s": relay_waits,
        "projection_per_s": projection,
        "projection_begins_s": projection_waits,
        "effects_catch_up_s": time.monotonic() - begin,
    }


def rebuild_once(bench: Bench) -> float:
    """Of all views; how many seconds it took."""
    begin = time.monotonic()
    result = subprocess.run(
        [str(bench.stack.home / "bin/denormalizer"), "--rebuild"],
        env=bench.stack.environment("denormalizer"),
        stdout=subprocess.DEVNULL,
        timeout=FOLLOW_S,
        check=False,
    )
    if result.returncode != 0:
        bench.error(f"the rebuild ended with {result.returncode}")
    return time.monotonic() - begin


@contextlib.contextmanager
def rebuilding(bench: Bench) -> Iterator[None]:
    """One rebuild after the other."""
    enough = threading.Event()

    def repeat() -> None:
        while not enough.is_set():
            rebuild_once(bench)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def rebuild(bench: Bench) -> Round:
    """All views anew: alone, and then with readers, whose reads before are the measure."""
    events = bench.stack.stored_events()
    seconds = rebuild_once(bench)
    before = views.read_views(bench)
    with rebuilding(bench):
        during = views.read_views(bench)
    return {
        "rebuild_events": events,
        "rebuild_s": seconds,
        "rebuild_per_s": events / seconds,
        "rebuild_million_s": seconds / events * 1e6,
        "rebuild_reads_per_s": during["good"] / during["microseconds"] * 1e6,
        "rebuild_reads_before_per_s": before["good"] / before["microseconds"] * 1e6,
        "rebuild_reads_p99_ms": during["p99_us"] / 1000,
        "rebuild_reads_before_p99_ms": before["p99_us"] / 1000,
    }


def measure_recovery(bench: Bench, number: int) -> Round:
    return catch_up(bench, bench.prefix(f"{number}-recovery")) | rebuild(bench)
