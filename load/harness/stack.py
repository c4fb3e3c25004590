"""The set-up that is measured: its addresses, its metrics, its stores."""

import os
import re
import shlex
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

# No proxy of the environment is between us and loopback.
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))

VIEW_KEY_PREFIX = "cart:"  # lib/cart/cart_view.h
REDIS_PIPELINE = 500


class Stack:
    """A home of infra/local/up with everything running in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.settings = dict(
            shlex.split(line)[1].split("=", 1) for line in (home / "env").read_text().splitlines()
        )
        self.api_url = self.settings["CART_API_URL"]
        self.daemon_urls = [value for name, value in self.settings.items() if name.endswith("_URL")]
        self.api_port = urllib.parse.urlsplit(self.api_url).port
        self.redis_port = int(self.settings["REDIS_CONNECTION_STRING"].rpartition(":")[2])
        owner = urllib.parse.urlsplit(self.settings["POSTGRES_ADMIN_CONNECTION_STRING"])
        self.postgres = f"{owner.hostname}:{owner.port}"

    def pids(self) -> dict[str, int]:
        """The servers and daemons, by name."""
        return {
            path.stem: int(path.read_text())
            for path in sorted((self.home / "run").glob("*.pid"))
            if path.stem != "supervisor"
        }

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

    def metric_sum(self, name: str) -> float | None:
        """The sum over all daemons and label values; None when nobody has it."""
        values = []
        for url in self.daemon_urls:
            with HTTP.open(f"{url}/metrics", timeout=5) as answer:
                text = answer.read().decode()
            pattern = rf"^{re.escape(name)}(?:\{{[^}}]*\}})? (\S+)"
            values += [float(value) for value in re.findall(pattern, text, re.MULTILINE)]
        return sum(values) if values else None

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

    def view_versions(self, carts: list[str]) -> list[int]:
        """0 for a cart without a view."""
        request = b""
        for cart in carts:
            words = [b"HGET", (VIEW_KEY_PREFIX + cart).encode(), b"version"]
            request += b"*3\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)
        self.socket.sendall(request)
        return [self.integer_reply() for _ in carts]

    def integer_reply(self) -> int:
        head = self.input.readline()
        if not head.startswith(b"$"):
            raise RuntimeError(f"Redis answers {head!r}")
        return 0 if head == b"$-1\r\n" else int(self.input.readline())
