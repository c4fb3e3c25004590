"""How long a daemon takes to be ready when its servers are."""

import subprocess
import time

from bench import Bench, Round
from stack import wait_until

DAEMONS = ("cart-api", "denormalizer", "fraud", "billing", "notifier")
READY_S = 30


def start_ms(bench: Bench, name: str) -> float:
    """From its exec, by us and without the supervisor's scripts, until /readyz answers 200."""
    begin = time.monotonic()
    process = subprocess.Popen(
        [
            str(bench.stack.home / "bin" / name),
            "--config",
            str(bench.stack.home / f"etc/{name}.conf"),
        ],
        env=bench.stack.environment(name),
        stderr=subprocess.DEVNULL,
    )
    try:
        if not wait_until(lambda: bench.stack.is_ready(name), READY_S, poll_s=0.001):
            bench.error(f"{name} is not ready {READY_S} s after its start")
        return (time.monotonic() - begin) * 1000
    finally:
        process.terminate()
        process.wait()


def measure_start(bench: Bench) -> Round:
    figures: Round = {}
    for name in DAEMONS:
        with bench.stack.stopped(name):
            figures[f"ready_ms/{name}"] = start_ms(bench, name)
    return figures
