"""Stripe's own stripe-mock, which judges requests by Stripe's published description."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from lib.ports import free_port
from lib.wait import wait_until

# The newest that Debian 12's Go 1.19 builds.
MODULE, VERSION = "github.com/stripe/stripe-mock", "v0.170.0"
GO = "/usr/bin/go"


def cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path(os.environ.get("HOME", "/root")) / ".cache"
    return Path(os.environ.get("CARTWRIGHT_CACHE") or Path(home) / "cartwright")


def program() -> Path:
    """Built once for all runs, by the Go module proxy's pinned source."""
    folder = cache() / f"stripe-mock-{VERSION}"
    if not (folder / "stripe-mock").exists():
        folder.mkdir(parents=True, exist_ok=True)
        environment = {
            **os.environ,
            "GOBIN": str(folder),
            "GOPATH": str(cache() / "go"),
            "GOCACHE": str(cache() / "go-build"),
            "GOFLAGS": "-mod=mod",
        }
        subprocess.run(
            [GO, "install", f"{MODULE}@{VERSION}"],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=400,
        )
    return folder / "stripe-mock"


@contextmanager
def running_stripe_mock(log: Path) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program(), "-http-port", str(port), "-strict-version-check=false"],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(
            lambda: httpx.get(f"{url}/v1/charges", auth=("sk_test_123", ""), trust_env=False),
            20,
            "stripe-mock answers",
        )
        yield url
    finally:
        process.kill()
        process.wait()
