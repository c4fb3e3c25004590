"""Resident memory: after a round, after 100,000 carts, at the begin and the end of a soak."""

import itertools
import time

import processes
from bench import CONNECTIONS, WRK_THREADS, Bench, Round, run_wrk
from posts import post_items

TOUCHED = 100_000
SETTLE_S = 60  # of load before the begin of a soak is looked at: caches fill
SOAK_STEP_S = 30


def resident(bench: Bench, name: str) -> Round:
    pids = bench.stack.pids().items()
    return {f"{name}/{process}": processes.resident_mib(pid) for process, pid in pids}


def wait_for_views(bench: Bench, prefix: str) -> None:
    if not bench.stack.wait_for_views(bench.stack.stored_versions(prefix)):
        bench.error(f"{prefix}: views are not current")


def measure_touched(bench: Bench, number: int) -> Round:
    """One item into each of TOUCHED carts that are new, at full load."""
    prefix, touched = bench.prefix(f"{number}-touched"), 0
    for run in itertools.count():
        arguments = [f"{prefix}{run}-", str(TOUCHED), "1", str(WRK_THREADS)]
        run_wrk(bench, bench.stack.api_url, "add_item.lua", CONNECTIONS, arguments)
        touched = len(bench.stack.stored_versions(prefix))
        if touched >= TOUCHED:
            break
    wait_for_views(bench, prefix)
    return resident(bench, "touched_mib") | {"touched_carts": touched}


def soak(bench: Bench, minutes: int) -> Round:
    """POST at full load; every process's memory after the first minute and after the last."""
    post_items(bench, bench.prefix("soak-first"), CONNECTIONS, SETTLE_S)
    figures = resident(bench, "soak_begin_mib")
    end = time.monotonic() + minutes * 60
    for step in itertools.count():
        left = end - time.monotonic()
        if left <= 0:
            break
        seconds = max(1, min(SOAK_STEP_S, round(left)))
        post_items(bench, bench.prefix(f"soak-{step}"), CONNECTIONS, seconds)
    figures |= resident(bench, "soak_end_mib")
    wait_for_views(bench, bench.prefix("soak"))
    return figures | {"soak_minutes": minutes}
