"""POST and GET over a store of few events and over one of many, with relay and projection; the other
consumers rest, they would need many times as long to follow the filling."""

import fill
import peers
import posts
import recovery
import views
from bench import CONNECTIONS, Bench, Round
from stack import CONSUMERS, wait_until

LARGE = 10_000_000
EFFECTS = tuple(name for name in CONSUMERS if name != "denormalizer")


def wait_for_projection(bench: Bench) -> None:
    stack, goal = bench.stack, bench.stack.stored_events()
    if not wait_until(
        lambda: stack.metric_sum("cartwright_consumer_position", "denormalizer") == goal,
        recovery.FOLLOW_S,
    ):
        bench.error(f"the projection has not followed {goal} events")


def fill_up_to(bench: Bench, size: int) -> None:
    carts = max(0, size - bench.stack.stored_events()) // recovery.EVENTS_A_CART
    if not carts:
        return
    copied, prefix = recovery.template(bench), bench.prefix(f"size-{size}")
    with bench.stack.stopped("denormalizer"), bench.stack.held_relay():
        fill.fill(bench.stack, copied, prefix, carts, recovery.EVENTS_A_CART)
    wait_for_projection(bench)


def measure(bench: Bench, name: str, seconds: int, repeats: int) -> list[Round]:
    """As many rounds as repeats."""
    rounds: list[Round] = []
    for number in range(repeats):
        events = bench.stack.stored_events()
        prefix = bench.prefix(f"{name}-{number}")
        post = posts.post_items(bench, prefix, CONNECTIONS, seconds)
        wait_for_projection(bench)
        view = views.read_views(bench, seconds)
        # Minutes lie between a small store and a large one: the machine is not the same in both.
        static = peers.measure_static(bench)["static_64_per_s"]
        posted = post["good"] / post["microseconds"] * 1e6
        viewed = view["good"] / view["microseconds"] * 1e6
        rounds.append(
            {
                f"{name}_events": events,
                f"{name}_post_per_s": posted,
                f"{name}_view_per_s": viewed,
                f"{name}_static_per_s": static,
                f"{name}_post_to_static": posted / static,
                f"{name}_view_to_static": viewed / static,
            }
        )
    return rounds


def measure_small(bench: Bench, repeats: int) -> list[Round]:
    """What the warm-up has left in the store."""
    with bench.stack.stopped(*EFFECTS):
        rounds = measure(bench, "store_small", bench.seconds, repeats)
    if not bench.stack.wait_for_consumers(recovery.FOLLOW_S):
        bench.error("consumers have not caught up")
    return rounds


def measure_large(bench: Bench, repeats: int) -> list[Round]:
    """The last that is done to a set-up."""
    with bench.stack.stopped(*EFFECTS):
        fill_up_to(bench, LARGE)
        return measure(bench, "store_large", bench.seconds, repeats)
