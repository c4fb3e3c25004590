"""What the plots show: latency against offered load, throughput against cart length and store size."""

import statistics
from dataclasses import dataclass

import arrivals
import fill
import growth
import store_size
import views
from bench import CONNECTIONS, WRK_THREADS, Bench, Round, run_wrk
from stack import CONSUMERS

FOLLOW_S = 900
SATURATED = 0.9  # of what was offered; what answers less than that is saturated
RATES = [250, 500, 1000, 1500, 2000, 3000, 4000, 6000, 8000, 10_000, 12_500, 15_000, 17_500]
RATES += [20_000, 25_000, 30_000, 40_000]
PERCENTILES = {"p50": "answer_p50_ms", "p90": "answer_p90_ms", "p99": "answer_p99_ms"}
PERCENTILES |= {"p999": "answer_p999_ms"}
LENGTH_CARTS = 200
LENGTH_KEPT = 1000  # carts of so many events are used again; shorter ones would have grown too much


@dataclass(frozen=True)
class Extent:
    seconds: int
    repeats: int
    lengths: list[int]  # events of a cart
    sizes: list[int]  # events in the store, besides what the warm-up leaves there


FULL = Extent(5, 3, [10, 100, 1000, 10_000], [1_000_000, 3_000_000, 10_000_000])
QUICK = Extent(2, 3, [10, 100, 1000], [1_000_000, 2_000_000])


def wait_for_all(bench: Bench) -> None:
    if not bench.stack.wait_for_consumers(FOLLOW_S):
        bench.error(f"consumers have not caught up after {FOLLOW_S} s")


def offered_load(bench: Bench, extent: Extent) -> list[Round]:
    """Open loop, every rate for some seconds, up to the first that is not answered."""
    steps: list[Round] = []
    for rate in RATES:
        over = arrivals.Over(follow_every=0)
        result = arrivals.run_visible(bench, f"offered-{rate}", rate, extent.seconds, over)
        answered = result["acknowledged"] / result["seconds"]
        if result["errors"]:
            bench.error(f"{rate} posts a second: {result}")
        steps.append(
            {"rate": rate, "answered_per_s": answered}
            | {name: result[key] for name, key in PERCENTILES.items()}
        )
        print(f"  {rate}/s: {answered:,.0f}/s, p99 {result['answer_p99_ms']:.1f} ms", flush=True)
        wait_for_all(bench)
        if answered < SATURATED * rate:
            break
    return steps


def summarised(values: list[float]) -> Round:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def named(name: str, summary: Round) -> Round:
    return {f"{name}_{key}": value for key, value in summary.items()}


def post_to(bench: Bench, prefix: str, seconds: int) -> float:
    arguments = [prefix, str(LENGTH_CARTS), str(growth.LINES - 1), str(WRK_THREADS)]
    result = run_wrk(
        bench, bench.stack.api_url, "add_item.lua", CONNECTIONS, arguments, seconds=seconds
    )
    return result["good"] / result["microseconds"] * 1e6


def fill_length(bench: Bench, length: int, number: int) -> str:
    """The prefix of LENGTH_CARTS carts of about that length, each with its snapshot."""
    name = f"length-{length}" + (f"-{number}" if length < LENGTH_KEPT else "")
    prefix = bench.prefix(name)
    if not bench.stack.stored_versions(prefix):
        with bench.stack.stopped(*CONSUMERS), bench.stack.held_relay():
            # add_item.lua puts its generation before the cart's number.
            fill.fill(bench.stack, growth.template(bench), f"{prefix}0-", LENGTH_CARTS, length)
        for cart in range(LENGTH_CARTS):
            path = f"/api/cart/{prefix}0-{cart}/items"
            bench.stack.call("POST", path, views.item(growth.COLD_ITEM))
    wait_for_all(bench)
    return prefix


def cart_length(bench: Bench, extent: Extent) -> list[Round]:
    measured: dict[int, list[tuple[float, float]]] = {length: [] for length in extent.lengths}
    for number in range(extent.repeats):
        for length in extent.lengths:
            prefix = fill_length(bench, length, number)
            before = bench.stack.stored_versions(prefix)
            per_s = post_to(bench, prefix, extent.seconds)
            after = bench.stack.stored_versions(prefix)
            middle = (sum(before.values()) + sum(after.values())) / 2 / LENGTH_CARTS
            measured[length].append((middle, per_s))
            print(f"  {middle:,.0f} events a cart: {per_s:,.0f}/s", flush=True)
            wait_for_all(bench)
    return [
        {"events": statistics.mean(at for at, _ in values)}
        | named("post", summarised([per_s for _, per_s in values]))
        for values in measured.values()
    ]


def store_points(bench: Bench, extent: Extent, sizes: list[int]) -> list[Round]:
    """Of the store as it is, where sizes has a 0, and of larger ones."""
    points: list[Round] = []
    with bench.stack.stopped(*store_size.EFFECTS):
        for size in sizes:
            store_size.fill_up_to(bench, size)
            rounds = store_size.measure(bench, f"size_{size}", extent.seconds, extent.repeats)
            events, post, view = (
                summarised([one[f"size_{size}_{key}"] for one in rounds])
                for key in ("events", "post_per_s", "view_per_s")
            )
            points.append({"events": events["median"]} | named("post", post) | named("view", view))
            words = [f"{value['median']:,.0f}" for value in (events, post, view)]
            print("  {} events: POST {}/s, GET {}/s".format(*words), flush=True)
    return points


def measure_all(bench: Bench, extent: Extent) -> dict[str, list[Round]]:
    """The store is filled last: what follows it would have to catch up."""
    print("store size, as it is", flush=True)
    small = store_points(bench, extent, [0])
    wait_for_all(bench)
    print("offered load", flush=True)
    load = offered_load(bench, extent)
    print("cart length", flush=True)
    length = cart_length(bench, extent)
    print("store size", flush=True)
    size = small + store_points(bench, extent, extent.sizes)
    return {"offered_load": load, "cart_length": length, "store_size": size}
