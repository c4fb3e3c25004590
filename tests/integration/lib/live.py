"""Listeners of live views: raw server-sent events, WebSockets, and both in threads under a load."""

import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

PROTOCOL = "cartwright.v1"
# What a listener may meet while daemons and servers are killed.
LOST = (OSError, EOFError, ConnectionClosed, InvalidHandshake, TimeoutError)


def place_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 80


@dataclass(frozen=True)
class Event:
    name: str
    id: int
    data: bytes


class EventStream:
    """GET /api/cart/{id}/stream, read as it comes."""

    def __init__(self, url: str, cart_id: str, timeout_s: float = 10, **headers: str):
        self.socket = socket.create_connection(place_of(url), timeout_s)
        lines = [f"GET /api/cart/{cart_id}/stream HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.received = b""
        self.comments = 0
        head = self._take(b"\r\n\r\n").decode()
        self.status = int(head.split()[1])
        pairs = (line.split(": ", 1) for line in head.split("\r\n")[1:])
        self.headers = {name.lower(): value for name, value in pairs}

    def __enter__(self) -> "EventStream":
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def _take(self, end: bytes, timeout_s: float = 10) -> bytes:
        """What comes before the end mark; EOFError when the server closes before it."""
        deadline = time.monotonic() + timeout_s
        while end not in self.received:
            # Signs of life come all the time: no single wait may be the measure.
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError("the stream has ended")
            self.received += piece
        taken, _, self.received = self.received.partition(end)
        return taken

    def body(self) -> bytes:
        """Of an answer that has a length."""
        length = int(self.headers["content-length"])
        while len(self.received) < length:
            self.received += self.socket.recv(65536)
        return self.received[:length]

    def next(self, timeout_s: float = 10) -> Event:
        """The next event; comments and `retry` are passed over."""
        deadline = time.monotonic() + timeout_s
        while True:
            lines = self._take(b"\n\n", deadline - time.monotonic()).split(b"\n")
            self.comments += sum(line.startswith(b":") for line in lines)
            fields = dict(line.split(b": ", 1) for line in lines if b": " in line)
            if b"data" in fields:
                return Event(fields[b"event"].decode(), int(fields[b"id"]), fields[b"data"])

    def is_quiet(self, for_s: float = 0.3) -> bool:
        try:
            self.next(for_s)
        except TimeoutError:
            return True
        return False


def open_socket(url: str, **options: Any) -> ClientConnection:
    place = url.replace("http://", "ws://", 1)
    options = {"subprotocols": [PROTOCOL], "max_size": None, "proxy": None, **options}
    return connect(f"{place}/ws", **options)


@contextmanager
def web_socket(url: str, **options: Any) -> Iterator[ClientConnection]:
    with open_socket(url, **options) as connection:
        yield connection


def say(connection: ClientConnection, **message: Any) -> None:
    connection.send(json.dumps(message))


def hear(connection: ClientConnection, timeout_s: float = 10) -> dict[str, Any]:
    return json.loads(connection.recv(timeout_s))


def subscribe(connection: ClientConnection, cart_id: str, **more: Any) -> dict[str, Any]:
    say(connection, type="subscribe", cartId=cart_id, **more)
    return hear(connection)


def raw_handshake(url: str, **headers: str) -> socket.socket:
    """An open WebSocket without a library: what is sent on it is up to the test."""
    connection = socket.create_connection(place_of(url), 10)
    names = {
        "Host": "127.0.0.1", "Upgrade": "websocket", "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **headers,
    }  # fmt: skip
    lines = [f"{name}: {value}" for name, value in names.items() if value]
    connection.sendall("\r\n".join(["GET /ws HTTP/1.1", *lines, "", ""]).encode())
    return connection


def frame(opcode: int, payload: bytes, final: bool = True) -> bytes:
    """As a client must send it: masked, here with zeroes."""
    length = len(payload)
    assert length < 65536
    size = bytes([0x80 | length]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
    return bytes([(0x80 if final else 0) | opcode]) + size + bytes(4) + payload


@dataclass
class Heard:
    """What one listener was told of one cart, over all its connections."""

    versions: list[int] = field(default_factory=list)
    views: dict[int, bytes] = field(default_factory=dict)  # the last bytes of each version


class Listener(threading.Thread):
    """Listens to carts for as long as the test runs; leaves and comes back with what it has."""

    def __init__(self, number: int, urls: list[str], carts: list[str], kind: str, stay_s: float):
        super().__init__(name=f"listener-{number}-{kind}")
        self.urls, self.kind, self.stay_s = urls, kind, stay_s
        self.chance = random.Random(number)
        self.heard = {cart_id: Heard() for cart_id in carts}
        self.connections = 0
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.is_set():
            try:
                if self.kind == "events":
                    self._stream(self.chance.choice(self.urls), next(iter(self.heard)))
                else:
                    self._socket(self.chance.choice(self.urls))
            except LOST:
                self.stopped.wait(0.1)

    def _patience_s(self) -> float:
        return self.chance.uniform(0.2, 2) * self.stay_s

    def _note(self, cart_id: str, version: int, view: bytes) -> None:
        self.heard[cart_id].versions.append(version)
        self.heard[cart_id].views[version] = view

    def _last(self, cart_id: str) -> int:
        versions = self.heard[cart_id].versions
        return versions[-1] if versions else 0

    def _stream(self, url: str, cart_id: str) -> None:
        last = {"Last_Event_ID": str(self._last(cart_id))}
        with EventStream(url, cart_id, **last) as stream:
            if stream.status != 200:
                raise EOFError(stream.status)
            self.connections += 1
            timer = threading.Timer(self._patience_s(), stream.socket.shutdown, [socket.SHUT_RDWR])
            timer.start()
            try:
                while not self.stopped.is_set():
                    event = stream.next(1)
                    self._note(cart_id, event.id, event.data)
            finally:
                timer.cancel()

    def _socket(self, url: str) -> None:
        with open_socket(url, open_timeout=3, close_timeout=1) as connection:
            self.connections += 1
            timer = threading.Timer(self._patience_s(), connection.close)
            timer.start()
            try:
                for cart_id in self.heard:
                    say(connection, type="subscribe", cartId=cart_id, version=self._last(cart_id))
                while not self.stopped.is_set():
                    text = connection.recv(1)
                    message = json.loads(text)
                    if message["type"] == "error":
                        raise EOFError(message["code"])
                    if message["type"] == "view":
                        # The view's own bytes: what stands behind the last of our members.
                        view = text.split('"view":', 1)[1][:-1].encode()
                        self._note(message["cartId"], message["version"], view)
            finally:
                timer.cancel()
