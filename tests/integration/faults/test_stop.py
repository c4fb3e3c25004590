"""SIGTERM in every state: under all kinds of requests, with a server that hangs, with little time."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from lib.api import new_cart
from lib.daemon import Daemon, running_daemon
from lib.journal import Journal
from lib.load import Load, Runner
from lib.stack import Stack
from lib.system import check_system, report
from lib.wait import wait_until

# What is under way when it is stopped, beside the commands.
PATHS = ("/api/cart/view/{}", "/api/cart/view/{}?minVersion=100000", "/api/cart/{}/events",
         "/api/cart/{}/state?version=1", "/metrics", "/readyz")  # fmt: skip
POST = b"POST /api/cart/c/items HTTP/1.1\r\nHost: a\r\nContent-"
UNFINISHED = (b"", b"GET /metrics HTT", POST + b"Ty", POST + b"Length: 100\r\n\r\n{")


def read(url: str, path: str, carts: list[str], stopped: threading.Event) -> None:
    with httpx.Client(base_url=url, timeout=15, trust_env=False, verify=False) as client:
        while not stopped.is_set():
            for cart in carts:
                try:
                    client.get(path.format(cart))
                except httpx.TransportError:
                    stopped.wait(0.02)


@contextmanager
def readers(daemon: Daemon, carts: list[str]) -> Iterator[None]:
    stopped = threading.Event()
    threads = [
        threading.Thread(target=read, args=(daemon.url, path, carts, stopped)) for path in PATHS
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


@contextmanager
def silent_connections(daemon: Daemon) -> Iterator[None]:
    with ExitStack() as stack:
        for start in UNFINISHED * 5:
            address = ("127.0.0.1", urlsplit(daemon.url).port)
            connection = stack.enter_context(socket.create_connection(address, 5))
            connection.sendall(start)
        yield


@pytest.mark.parametrize("drain_ms", ["0", "300"])
@pytest.mark.parametrize("hanging", [None, "redis", "kafka"])
def test_cart_api_ends_whatever_is_under_way(
    stack: Stack, journal: Journal, tmp_path: Path, hanging: str | None, drain_ms: str
) -> None:
    carts = [new_cart() for _ in range(10)]
    settings = {"CART_API_DRAIN_TIMEOUT_MS": drain_ms, "CART_API_HTTP_WORKERS": "3"}
    with ExitStack() as cleanup:
        daemon = cleanup.enter_context(
            running_daemon(stack, "cart-api", tmp_path / "api.log", **settings)
        )
        cleanup.enter_context(silent_connections(daemon))
        cleanup.enter_context(readers(daemon, carts))
        runner = Runner(Load([daemon.url], carts, clients=6, seconds=30, seed=90), journal).start()
        cleanup.callback(runner.join)
        cleanup.callback(runner.stop)
        wait_until(lambda: runner.result.statuses["200"] > 30, 20, "the load is under way")
        if hanging is not None:
            cleanup.enter_context(stack.paused(hanging))
        daemon.send(signal.SIGTERM)
        code = daemon.stop(20)
        log = daemon.log.read_text()
    assert code == 0, log[-4000:]
    assert '"message":"stopped"' in log, log[-4000:]
    _, found = check_system(stack, runner.result.operations)
    assert not found, report(found)
