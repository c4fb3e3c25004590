"""Readers beside a load: what views they were served, to be compared with the fold afterwards."""

import random
import threading
from collections import Counter

import httpx
from lib.checker import FoldCache
from lib.fold import canonical, strict_loads
from lib.store import StoredEvent


class Readers:
    def __init__(self, urls: list[str], carts: list[str], count: int = 4, monotonic: bool = True):
        self.urls, self.carts, self.monotonic = urls, carts, monotonic
        self.served: dict[tuple[str, int], set[bytes]] = {}
        self.known: set[str] = set()  # carts that exist for sure: a 404 would be wrong
        self.statuses: Counter = Counter()
        self.violations: list[str] = []
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.threads = [
            threading.Thread(target=self._read, args=(number,), name=f"reader-{number}")
            for number in range(count)
        ]

    def __enter__(self) -> "Readers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def _read(self, number: int) -> None:
        chance = random.Random(number)
        newest: dict[str, int] = {}
        clients = [httpx.Client(base_url=url, timeout=15, trust_env=False) for url in self.urls]
        while not self.stopped.is_set():
            cart_id = chance.choice(self.carts)
            was_known = cart_id in self.known
            try:
                answer = chance.choice(clients).get(f"/api/cart/view/{cart_id}")
            except httpx.TransportError as error:
                with self.lock:
                    self.statuses[type(error).__name__] += 1
                continue
            with self.lock:
                self.statuses[answer.status_code] += 1
                self._judge(cart_id, answer, was_known, newest)
        for client in clients:
            client.close()

    def _judge(
        self, cart_id: str, answer: httpx.Response, was_known: bool, newest: dict[str, int]
    ) -> None:
        if answer.status_code == 404:
            if was_known:
                self.violations.append(f"{cart_id}: 404, but it exists")
            return
        if answer.status_code == 503:
            if not answer.headers.get("retry-after"):
                self.violations.append(f"{cart_id}: 503 without Retry-After")
            return
        if answer.status_code != 200:
            self.violations.append(f"{cart_id}: {answer.status_code} {answer.text[:200]}")
            return
        self.known.add(cart_id)
        try:
            view = strict_loads(answer.content)
            version = view["version"]
        except Exception as error:
            self.violations.append(f"{cart_id}: {error!r} in {answer.text[:200]}")
            return
        if answer.headers.get("etag") != f'"{version}"':
            self.violations.append(f"{cart_id}: ETag {answer.headers.get('etag')} of {version}")
        if self.monotonic and version < newest.get(cart_id, 0):
            self.violations.append(f"{cart_id}: version {version} after {newest[cart_id]}")
        newest[cart_id] = max(version, newest.get(cart_id, 0))
        self.served.setdefault((cart_id, version), set()).add(canonical(view))

    def check(self, events: list[StoredEvent]) -> list[str]:
        """What was served is the fold at its version."""
        folds, found = FoldCache(events), list(self.violations)
        for (cart_id, version), bodies in self.served.items():
            expected = folds.canonical_view(cart_id, version)
            for body in bodies:
                if body != expected:
                    found.append(f"{cart_id} version {version}: served {body!r}, not {expected!r}")
        return found
