"""POST add-item with everything at work, and with relay and consumers stopped."""

import time

from bench import CARTS, PRODUCTS, WRK_THREADS, Bench, Round, run_wrk, wrk_figures
from stack import CONSUMERS
from usage import Usage, usage_figures

FOLLOW_S = 120  # until everything is in Kafka and in the views after consumers were away


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


def post_items(bench: Bench, prefix: str, connections: int, seconds: int = 0) -> dict[str, float]:
    arguments = [prefix, str(CARTS), str(PRODUCTS), str(WRK_THREADS)]
    return run_wrk(
        bench, bench.stack.api_url, "add_item.lua", connections, arguments, seconds=seconds
    )


def check_stored(bench: Bench, name: str, good: float, stored: int, connections: int) -> None:
    """What was under way when wrk hung up is stored, and nobody counts it."""
    if not good <= stored <= good + connections:
        bench.error(f"{name}: {good:.0f} acknowledged, {stored} in the event store")


def measure_post(bench: Bench, number: int, connections: int) -> Round:
    name, prefix = f"post_{connections}", bench.prefix(f"{number}-{connections}")
    before = Usage.now(bench)
    result = post_items(bench, prefix, connections)
    lag, stored = catch_up(bench, name, prefix)
    after = Usage.now(bench)
    check_stored(bench, name, result["good"], stored, connections)
    return (
        wrk_figures(name, result) | lag | usage_figures(name, before, after, max(result["good"], 1))
    )


def measure_alone(bench: Bench, number: int) -> Round:
    """The consumers stopped and the relay without a lease: what an event store alone would do."""
    figures: Round = {}
    prefixes = []
    with bench.stack.stopped(*CONSUMERS), bench.stack.held_relay():
        for connections in (64, 256):
            name = f"post_alone_{connections}"
            prefixes.append(bench.prefix(f"{number}-alone-{connections}"))
            before = Usage.now(bench)
            result = post_items(bench, prefixes[-1], connections)
            after = Usage.now(bench)
            stored = sum(bench.stack.stored_versions(prefixes[-1]).values())
            check_stored(bench, name, result["good"], stored, connections)
            figures |= wrk_figures(name, result)
            figures |= usage_figures(name, before, after, max(result["good"], 1))
    for prefix in prefixes:
        if not bench.stack.wait_for_views(bench.stack.stored_versions(prefix), FOLLOW_S):
            bench.error(f"views are not current {FOLLOW_S} s after the pipeline was started again")
    if not bench.stack.wait_for_consumers(FOLLOW_S):
        bench.error(f"consumers have not caught up after {FOLLOW_S} s")
    return figures
