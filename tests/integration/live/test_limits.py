"""What bounds a live connection: time-outs, a slow reader's memory, how many there may be."""

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from lib.api import Api, code_of, item, new_cart
from lib.daemon import Daemon, running_daemon
from lib.live import EventStream, frame, raw_handshake, subscribe, web_socket
from lib.raw_http import receive_all
from lib.stack import Stack
from lib.wait import wait_until
from websockets.exceptions import ConnectionClosed

SETTINGS = {
    "CART_API_LIVE_BEAT_MS": "200",
    "CART_API_LIVE_SILENCE_MS": "1000",
    "CART_API_LIVE_STALL_MS": "400",
    "CART_API_LIVE_LISTENERS_MAX": "40",
}
SLOW_READERS = 30


@pytest.fixture(scope="module")
def daemon(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    log = tmp_path_factory.mktemp("live") / "cart-api.log"
    with running_daemon(stack, "cart-api", log, **SETTINGS) as running:
        yield running


def ended(daemon: Daemon, how: str) -> int:
    text = httpx.get(f"{daemon.url}/metrics", trust_env=False).text
    return int(re.search(rf'cartwright_live_ended_total{{how="{how}"}} (\d+)', text)[1])


def resident_kib(daemon: Daemon) -> int:
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


def no_listeners(daemon: Daemon) -> bool:
    text = httpx.get(f"{daemon.url}/metrics", trust_env=False).text
    return "\ncartwright_live_listeners 0\n" in text


def test_who_never_answers_a_ping_is_closed(daemon: Daemon) -> None:
    before = ended(daemon, "silent")
    with raw_handshake(daemon.url) as connection:
        begin = time.monotonic()
        received = receive_all(connection, 10).partition(b"\r\n\r\n")[2]
        while piece := connection.recv(4096):
            received += piece
        assert time.monotonic() - begin > 0.9, "closed before its time"
    assert received.count(b"\x89\x00") >= 2, "it was never pinged"
    assert ended(daemon, "silent") == before + 1


def test_who_answers_pings_stays(daemon: Daemon, api: Api, cart: str) -> None:
    api.add(cart)
    with web_socket(daemon.url, ping_interval=None) as connection:
        assert subscribe(connection, cart, version=1)["type"] == "subscribed"
        with pytest.raises(TimeoutError):
            connection.recv(2)  # the library answers pings meanwhile
        api.add(cart)
        assert json.loads(connection.recv(5))["version"] == 2


@pytest.mark.skipif(
    Path(os.environ.get("CARTWRIGHT_BUILD_DIR", "")).name == "tsan",
    reason="the thread sanitizer's own memory is several times the daemon's",
)
def test_slow_readers_are_dropped_in_bounded_memory(daemon: Daemon, api: Api) -> None:
    """Views of 100 KB, changed again and again, for clients that never read."""
    cart_id = new_cart()
    lines = [item(f"p{number}", name=f"{number}-" + "n" * 480) for number in range(100)]
    for begin in (0, 50):
        assert api.add_many(cart_id, lines[begin : begin + 50]).is_success
    ask = frame(1, json.dumps({"type": "subscribe", "cartId": cart_id}).encode())
    wait_until(lambda: no_listeners(daemon), 10, "the listeners of other tests are gone")
    before, memory_kib = ended(daemon, "slow"), resident_kib(daemon)
    readers = [raw_handshake(daemon.url) for _ in range(SLOW_READERS)]
    try:
        for connection in readers:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(ask)
        most_kib = 0

        def all_dropped() -> bool:
            nonlocal most_kib
            api.add(cart_id, "p1")
            most_kib = max(most_kib, resident_kib(daemon))
            return ended(daemon, "slow") - before == SLOW_READERS

        wait_until(all_dropped, 15, "all slow readers are dropped", 0.02)
    finally:
        for connection in readers:
            connection.close()
    # A view under way, one that waits and the kernel's buffer: about 200 KiB each.
    assert most_kib - memory_kib < SLOW_READERS * 600, (memory_kib, most_kib)
    with EventStream(daemon.url, cart_id) as stream:
        last = stream.next()
        assert last.id == api.view(cart_id).json()["version"], "one who reads is still served"


def test_too_many_listeners(daemon: Daemon, api: Api, cart: str) -> None:
    api.add(cart)
    wait_until(lambda: no_listeners(daemon), 10, "the listeners of other tests are gone")
    streams = [EventStream(daemon.url, cart) for _ in range(40)]
    try:
        assert {stream.status for stream in streams} == {200}
        refused = httpx.get(f"{daemon.url}/api/cart/{cart}/stream", trust_env=False)
        assert (refused.status_code, code_of(refused)) == (503, "overloaded")
        assert refused.headers["retry-after"]
        streams.pop().socket.close()

        def room_again() -> bool:
            with EventStream(daemon.url, cart) as stream:
                return stream.status == 200

        wait_until(room_again, 5, "there is room when one has left")
    finally:
        for stream in streams:
            stream.socket.close()


def test_a_stop_says_good_bye(stack: Stack, api: Api, cart: str, tmp_path: Path) -> None:
    api.add(cart)
    log = tmp_path / "cart-api.log"
    with running_daemon(stack, "cart-api", log) as daemon, web_socket(daemon.url) as connection:
        assert subscribe(connection, cart, version=1)["type"] == "subscribed"
        assert daemon.stop() == 0, log.read_text()[-2000:]
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(5)
        assert closed.value.rcvd.code == 1001
