"""What every measurement needs: the set-up, its errors, programs that print JSON, wrk."""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stack import Stack

LOAD = Path(__file__).resolve().parents[1]
CARTS = 2000
PRODUCTS = 10  # lines of a cart
WRK_THREADS = 2
CONNECTIONS = 64

Round = dict[str, float]


@dataclass(frozen=True)
class Sizes:
    """How much of everything: a quick run takes less of it."""

    quick: bool
    seconds: int  # of each measurement
    warm_up_seconds: int
    warm_up_windows: int  # at most
    recovery_carts: int  # of 50 events each


FULL = Sizes(quick=False, seconds=10, warm_up_seconds=60, warm_up_windows=15, recovery_carts=20_000)
QUICK = Sizes(quick=True, seconds=2, warm_up_seconds=15, warm_up_windows=2, recovery_carts=2_000)


@dataclass
class Bench:
    """One set-up under measurement."""

    name: str  # "new", and "old" for the release beside it
    stack: Stack
    helpers: Path
    sizes: Sizes
    run: str  # part of every cart's id, so that runs on one home do not meet
    errors: list[str]
    idle: list[Stack] = field(default_factory=list)  # set-ups that rest while this one works

    @property
    def seconds(self) -> int:
        return self.sizes.seconds

    def error(self, text: str) -> None:
        self.errors.append(f"{self.name}: {text}")
        print(f"  ERROR {self.errors[-1]}", flush=True)

    def prefix(self, name: str) -> str:
        return f"bench-{self.run}-{name}-"


def run_json(command: list[str], environment: dict[str, str] | None = None) -> dict[str, float]:
    """The JSON object in the last line that a command prints."""
    result = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=7200
    )
    return json.loads(result.stdout.splitlines()[-1])


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


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def program(command: list[str], port: int) -> Iterator[None]:
    """A server of ours, from when it listens."""
    server = subprocess.Popen(command)
    try:
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.01)
        yield
    finally:
        server.terminate()
        server.wait()
