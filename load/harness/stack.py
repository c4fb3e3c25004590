"""The set-up that is measured: its addresses, its metrics, its stores."""

import contextlib
import json
import os
import re
import shlex
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

# No proxy of the environment is between us and loopback.
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))

VIEW_KEY_PREFIX = "cart:"  # lib/cart/cart_view.h
REDIS_PIPELINE = 500
CONSUMERS = ("denormalizer", "fraud", "billing", "notifier")
STOP_S = 40  # then the supervisor kills
READY_S = 60
POLL_S = 0.01

# The relay leads by rows that say until when (eventstore/lease.c). One who never publishes takes them.
TAKE_LEASES = """UPDATE cart_relay_leases SET owner = '00000000-0000-0000-0000-00000000bec4',
    epoch = epoch + 1, expires_at = clock_timestamp() + interval '1 hour'"""
GIVE_LEASES = "UPDATE cart_relay_leases SET owner = NULL, expires_at = '-infinity'"


def wait_until(condition: Callable[[], bool], timeout_s: float, poll_s: float = POLL_S) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(poll_s)
    return True


class Stack:
    """A home of infra/local/up with everything running in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.settings = dict(
            shlex.split(line)[1].split("=", 1) for line in (home / "env").read_text().splitlines()
        )
        self.api_url = self.settings["CART_API_URL"]
        self.daemon_urls = {
            name.removesuffix("_URL").lower().replace("_", "-"): value
            for name, value in self.settings.items()
            if name.endswith("_URL")
        }
        self.api_port = urllib.parse.urlsplit(self.api_url).port
        self.redis_port = int(self.settings["REDIS_CONNECTION_STRING"].rpartition(":")[2])
        owner = urllib.parse.urlsplit(self.settings["POSTGRES_ADMIN_CONNECTION_STRING"])
        self.postgres = f"{owner.hostname}:{owner.port}"

    def pids(self) -> dict[str, int]:
        """The servers and daemons that run, by name."""
        found = {
            path.parts[-3]: path.read_text().strip()
            for path in sorted((self.home / "sv").glob("*/supervise/pid"))
        }
        return {name: int(pid) for name, pid in found.items() if pid}

    def superuser_environment(self, database: str) -> dict[str, str]:
        """For psql and its relatives: arguments are everybody's to read."""
        host, port = self.postgres.split(":")
        return os.environ | {
            "PGHOST": host,
            "PGPORT": port,
            "PGUSER": "postgres",
            "PGPASSWORD": (self.home / "secrets/postgres").read_text().strip(),
            "PGDATABASE": database,
            "PGOPTIONS": "-c client_min_messages=warning",
        }

    def psql(self, sql: str, database: str = "cartwright") -> list[list[str]]:
        """The rows of what it selects; a script of pg_dump will do."""
        result = subprocess.run(
            ["psql", "--no-psqlrc", "-qtAF\t", "-v", "ON_ERROR_STOP=1"],
            env=self.superuser_environment(database),
            input=sql,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return [line.split("\t") for line in result.stdout.splitlines()]

    def metric_sum(self, name: str, *daemons: str) -> float | None:
        """The sum over those daemons, or all of them, and label values; None when nobody has it."""
        values = []
        for daemon in daemons or self.daemon_urls:
            with HTTP.open(f"{self.daemon_urls[daemon]}/metrics", timeout=5) as answer:
                text = answer.read().decode()
            pattern = rf"^{re.escape(name)}(?:\{{[^}}]*\}})? (\S+)"
            values += [float(value) for value in re.findall(pattern, text, re.MULTILINE)]
        return sum(values) if values else None

    def call(self, method: str, path: str, body: dict[str, object] | None = None) -> bytes:
        """cart-api's answer, which must be good."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(self.api_url + path, data, headers, method=method)
        with HTTP.open(request, timeout=30) as answer:
            return answer.read()

    def wait_for_consumers(self, timeout_s: float) -> bool:
        """Until nothing waits for any of them."""
        lags = ("cartwright_consumer_lag", "cartwright_consumer_store_lag")
        return wait_until(lambda: all(self.metric_sum(lag) == 0 for lag in lags), timeout_s)

    # ---- the supervisor

    def environment(self, name: str) -> dict[str, str]:
        """What a daemon is started with."""
        lines = (self.home / "sv" / name / "run").read_text().splitlines()
        exports = [shlex.split(line)[1] for line in lines if line.startswith("export ")]
        return os.environ | dict(export.split("=", 1) for export in exports)

    def services(self, names: tuple[str, ...]) -> list[str]:
        return [str(self.home / "sv" / name) for name in names]

    def stop(self, *names: str) -> None:
        subprocess.run(
            ["sv", "-w", str(STOP_S), "stop", *self.services(names)],
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def begin_start(self, *names: str) -> None:
        """What `sv up` writes, without its wait of half a second."""
        for service in self.services(names):
            with Path(service, "supervise/control").open("w") as control:
                control.write("u")

    def is_ready(self, name: str) -> bool:
        with contextlib.suppress(OSError), HTTP.open(f"{self.daemon_urls[name]}/readyz", timeout=2):
            return True
        return False

    def start(self, *names: str) -> None:
        self.begin_start(*names)
        for name in names:
            if not wait_until(lambda name=name: self.is_ready(name), READY_S):
                raise RuntimeError(f"{name} is not ready after {READY_S} s")

    @contextlib.contextmanager
    def held_relay(self) -> Iterator[None]:
        """Nobody publishes meanwhile."""
        self.psql(TAKE_LEASES)
        try:
            if not wait_until(
                lambda: self.metric_sum("cartwright_relay_leader", "cart-api") == 0, READY_S
            ):
                raise RuntimeError("the relay goes on without its leases")
            yield
        finally:
            self.psql(GIVE_LEASES)

    @contextlib.contextmanager
    def stopped(self, *names: str) -> Iterator[None]:
        """Those that do not run afterwards are started again."""
        self.stop(*names)
        try:
            yield
        finally:
            self.start(*names)

    # ---- the stores

    def stored_events(self) -> int:
        """All of them: positions have no gaps."""
        sql = (
            "SELECT sum((SELECT coalesce(max(position), 0) FROM cart_events e"
            " WHERE e.partition = l.partition)) FROM cart_relay_leases l"
        )
        return int(self.psql(sql)[0][0])

    def stored_versions(self, prefix: str) -> dict[str, int]:
        rows = self.psql(
            "SELECT stream_id, max(version) FROM cart_events"
            f" WHERE stream_id LIKE '{prefix}%' GROUP BY stream_id"
        )
        return {stream_id: int(version) for stream_id, version in rows}

    def wait_for_views(self, versions: dict[str, int], timeout_s: float = 60) -> bool:
        """Until each cart's view in Redis has at least its version."""
        missing = dict(versions)
        deadline = time.monotonic() + timeout_s
        with Redis(self.redis_port) as redis:
            while missing and time.monotonic() < deadline:
                carts = list(missing)[:REDIS_PIPELINE]
                for cart, version in zip(carts, redis.view_versions(carts), strict=True):
                    if version >= missing[cart]:
                        del missing[cart]
                    else:  # ask for the others first
                        missing[cart] = missing.pop(cart)
        return not missing

    def drop_views(self, carts: list[str]) -> None:
        with Redis(self.redis_port) as redis:
            redis.delete([VIEW_KEY_PREFIX + cart for cart in carts])


class Redis:
    """Just enough of a client to ask for many versions in one round trip."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.input = self.socket.makefile("rb")

    def __enter__(self) -> "Redis":
        return self

    def __exit__(self, *_: object) -> None:
        self.input.close()
        self.socket.close()

    def send(self, commands: list[list[str]]) -> None:
        request = b""
        for command in commands:
            words = [word.encode() for word in command]
            request += b"*%d\r\n" % len(words)
            request += b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
        self.socket.sendall(request)

    def view_versions(self, carts: list[str]) -> list[int]:
        """0 for a cart without a view."""
        self.send([["HGET", VIEW_KEY_PREFIX + cart, "version"] for cart in carts])
        return [self.text_reply() for _ in carts]

    def delete(self, keys: list[str]) -> None:
        self.send([["DEL", key] for key in keys])
        for _ in keys:
            if not (head := self.input.readline()).startswith(b":"):
                raise RuntimeError(f"Redis answers {head!r}")

    def text_reply(self) -> int:
        """A number, as a string."""
        head = self.input.readline()
        if not head.startswith(b"$"):
            raise RuntimeError(f"Redis answers {head!r}")
        return 0 if head == b"$-1\r\n" else int(self.input.readline())
