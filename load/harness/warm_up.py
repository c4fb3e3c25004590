"""Until the pipeline is in its steady state: a cold figure, carts for GET, load, then windows of posts
at a constant rate for as long as the broker's JVM compiles."""

import time

import arrivals
import growth
import posts
import processes
import views
from bench import Bench
from usage import Usage, per_post

WINDOW_S = 3
COMPILING_SHARE = 0.15  # of the broker's CPU; below it in two windows running is steady
COMPILER_THREADS = "C[12] CompilerThre"  # the kernel cuts the names off

Window = dict[str, float]


def is_steady(windows: list[Window]) -> bool:
    """Whether the JVM's compilers had little to do in the last two windows."""
    return len(windows) >= 2 and all(
        window["compiler_us"] < COMPILING_SHARE * window["kafka_us"] for window in windows[-2:]
    )


def run_window(bench: Bench, name: str) -> Window:
    kafka = bench.stack.pids()["kafka"]
    before, compiled_us = Usage.now(bench), processes.threads_us(kafka, COMPILER_THREADS)
    result = arrivals.run_visible(bench, name, arrivals.VISIBLE_RATE, WINDOW_S)
    after = Usage.now(bench)
    # The JVM ends compilers that have nothing to do.
    compiled_us = max(0, processes.threads_us(kafka, COMPILER_THREADS) - compiled_us)
    acknowledged = max(result["acknowledged"], 1)
    used = per_post(before, after, acknowledged)
    return {
        "visible_p50_ms": result["visible_p50_ms"],
        "visible_p99_ms": result["visible_p99_ms"],
        "compiler_us": compiled_us / acknowledged,
        "kafka_us": used["kafka"],
        "all_us": sum(used.values()),
    }


def warm_up(bench: Bench) -> dict[str, object]:
    """Compiled code in the broker, filled caches, a log of some size; what it took."""
    begin = time.monotonic()
    cold = run_window(bench, "cold")
    views.seed_carts(bench)
    if not bench.sizes.quick:
        growth.prepare(bench)
    prefix = bench.prefix("warm-up")
    posts.post_items(bench, prefix, 64, bench.sizes.warm_up_seconds)
    bench.stack.wait_for_views(bench.stack.stored_versions(prefix))
    windows: list[Window] = []
    while len(windows) < bench.sizes.warm_up_windows and not is_steady(windows):
        windows.append(run_window(bench, f"window-{len(windows)}"))
    return {
        "cold": cold,
        "windows": windows,
        "steady": is_steady(windows),
        "seconds": time.monotonic() - begin,
    }


def describe(result: dict) -> str:
    """One line: from where to where, and whether it came to an end."""

    def words(window: Window) -> str:
        return (
            f"visible p50 {window['visible_p50_ms']:.1f} ms, "
            f"broker {window['kafka_us']:.0f} us a post, {window['compiler_us']:.0f} of it to compile"
        )

    end = "steady" if result["steady"] else "NOT STEADY, the broker still compiles"
    return (
        f"cold: {words(result['cold'])}; after {result['seconds']:.0f} s: "
        f"{words(result['windows'][-1])}; {end}"
    )
