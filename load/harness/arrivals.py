"""Posts at a constant rate, whatever the answers do: how long until acknowledged, visible, pushed."""

from dataclasses import dataclass

from bench import CARTS, PRODUCTS, Bench, Round, run_json

VISIBLE_RATE = 1000  # posts a second while acknowledged -> visible is measured
VISIBLE_SHARE = 0.4  # of the throughput that was just measured, where that is less
PUSH_SOCKETS = 2000  # each listens to a cart of its own
PUSH_RATE = 500  # posts a second while acknowledged -> pushed is measured
PUSH_SHARE = 0.2  # of the throughput that was just measured, where that is less


@dataclass(frozen=True)
class Over:
    """What is posted, and of which posts the view is followed."""

    carts: int = CARTS
    products: int = PRODUCTS
    follow_every: int = 5  # more would measure the polling


def run_visible(
    bench: Bench, name: str, rate: int, seconds: int, over: Over = Over()
) -> dict[str, float]:
    words = [bench.stack.api_port, bench.stack.redis_port, rate, seconds, bench.prefix(name)]
    words += [over.carts, over.products, over.follow_every]
    return run_json([str(bench.helpers / "ack_to_visible"), *map(str, words)])


def measure_visible(bench: Bench, number: int, so_far: Round) -> Round:
    rate = max(10, int(min(VISIBLE_RATE, VISIBLE_SHARE * so_far["post_64_per_s"])))
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


def measure_pushed(bench: Bench, number: int, so_far: Round) -> Round:
    rate = max(10, int(min(PUSH_RATE, PUSH_SHARE * so_far["post_64_per_s"])))
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
