"""Readers beside a load: what they were served is compared with the fold afterwards.

No read may show an older version than one that any reader had been shown when it began, wherever
either came from; half of the reads ask for that version (minVersion), the others for nothing. The view
in Redis itself never goes back: a thread of its own watches it.
"""

import random
import threading
from collections import Counter

import httpx
import redis
from lib.checker import FoldCache
from lib.fold import canonical, strict_loads
from lib.stack import Stack
from lib.store import VIEW_PREFIX, StoredEvent, redis_client


class Readers:
    def __init__(
        self,
        stack: Stack,
        urls: list[str],
        carts: list[str],
        count: int = 2,
        redis_keeps: bool = True,  # false: the test makes Redis lose what it has
    ):
        self.stack, self.urls, self.carts, self.redis_keeps = stack, urls, carts, redis_keeps
        self.served: dict[tuple[str, int], set[bytes]] = {}
        self.newest: dict[str, int] = {}  # the highest version of each cart that was shown
        self.known: set[str] = set()  # carts that exist for sure: a 404 would be wrong
        self.statuses: Counter = Counter()
        self.violations: list[str] = []
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.threads = [
            threading.Thread(target=self._read, args=(number,), name=f"reader-{number}")
            for number in range(count)
        ]
        self.threads.append(threading.Thread(target=self._watch_redis, name="redis-watcher"))

    def __enter__(self) -> "Readers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    # ---- through the API

    def _read(self, number: int) -> None:
        chance = random.Random(number)
        clients = [
            httpx.Client(base_url=url, timeout=15, trust_env=False, verify=False)
            for url in self.urls
        ]
        while not self.stopped.is_set():
            cart_id = chance.choice(self.carts)
            with self.lock:
                shown = self.newest.get(cart_id, 0)
                was_known = cart_id in self.known
            params = {"minVersion": shown} if shown and chance.random() < 0.5 else {}
            try:
                answer = chance.choice(clients).get(f"/api/cart/view/{cart_id}", params=params)
            except httpx.TransportError as error:
                with self.lock:
                    self.statuses[type(error).__name__] += 1
                continue
            with self.lock:
                self.statuses[answer.status_code] += 1
                self._judge(cart_id, answer, was_known, shown, params)
        for client in clients:
            client.close()

    def _judge(
        self,
        cart_id: str,
        answer: httpx.Response,
        was_known: bool,
        shown: int,
        params: dict[str, int],
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
        if version < shown:
            self.violations.append(
                f"{cart_id}: version {version} after {shown}, asked for {params}"
            )
        self.newest[cart_id] = max(version, self.newest.get(cart_id, 0))
        self.served.setdefault((cart_id, version), set()).add(canonical(view))

    # ---- in Redis

    def _watch_redis(self) -> None:
        chance = random.Random(0)
        newest: dict[str, int] = {}
        while not self.stopped.wait(0.002):
            cart_id = chance.choice(self.carts)
            try:
                with redis_client(self.stack) as client:
                    while not self.stopped.wait(0.002):
                        cart_id = chance.choice(self.carts)
                        fields = client.hmget(VIEW_PREFIX + cart_id, "version", "view")
                        with self.lock:
                            self._judge_stored(cart_id, fields, newest)
            except redis.RedisError:
                continue

    def _judge_stored(
        self, cart_id: str, fields: list[bytes | None], newest: dict[str, int]
    ) -> None:
        version, view = fields
        if version is None or view is None:
            if self.redis_keeps and cart_id in newest:
                self.violations.append(f"{cart_id}: the view in Redis is gone")
            return
        number = int(version)
        if strict_loads(view)["version"] != number:
            self.violations.append(f"{cart_id}: version {number} of the view {view!r}")
        if self.redis_keeps and number < newest.get(cart_id, 0):
            self.violations.append(f"{cart_id}: in Redis {number} after {newest[cart_id]}")
        newest[cart_id] = number

    def check(self, events: list[StoredEvent]) -> list[str]:
        """What was served is the fold at its version."""
        folds, found = FoldCache(events), list(self.violations)
        for (cart_id, version), bodies in self.served.items():
            expected = folds.canonical_view(cart_id, version)
            for body in bodies:
                if body != expected:
                    found.append(f"{cart_id} version {version}: served {body!r}, not {expected!r}")
        return found
