"""Random commands from parallel clients, each written into the journal before and after."""

import random
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
from lib.api import NOTHING_DONE, code_of, item, new_key, traceparent
from lib.journal import Journal, Operation

RETRY_PAUSE_S = 0.1
# What a correct server may refuse of these commands.
REFUSALS = {
    "add": {"quantity_limit"},
    "set": {"item_not_in_cart", "cart_not_found"},
    "remove": {"item_not_in_cart", "cart_not_found"},
    "clear": {"cart_not_found"},
    "merge": {"cart_not_found", "quantity_limit"},
    "checkout": {"cart_not_found", "cart_empty", "already_checked_out"},
}
# … and of all of them, when carts end.
ENDED = {"cart_checked_out", "cart_merged"}


@dataclass
class Load:
    urls: list[str]
    carts: list[str]
    clients: int = 32
    commands: int | None = None  # ends after so many …
    seconds: float | None = None  # … or after this time
    retry_s: float = 0  # how long a command without a definite answer is tried again; 0: once
    seed: int = 1
    keyed: float = 1.0  # which part of the commands carries an Idempotency-Key
    products: int = 12
    ending: float = 0  # which part of the commands are merges and checkouts, half each


@dataclass
class Result:
    operations: list[Operation]
    surprises: list[str]  # what no client should see when nothing is broken
    statuses: Counter = field(default_factory=Counter)

    def count(self, outcome: str) -> int:
        return sum(operation.outcome == outcome for operation in self.operations)

    def by_outcome(self) -> dict[str, int]:
        return dict(Counter(operation.outcome for operation in self.operations))


def owner_of(cart_id: str) -> str:
    """Whose cart it is; tests that fill a cart before a load do it in this name."""
    return f"user-of-{cart_id}"


class Runner:
    def __init__(self, load: Load, journal: Journal):
        self.load, self.journal = load, journal
        self.result = Result(journal.operations, [])
        self.lock = threading.Lock()
        self.left = load.commands if load.commands is not None else 10**9
        self.end = time.monotonic() + (load.seconds if load.seconds is not None else 10**6)
        self.stopped = threading.Event()
        self.threads = [
            threading.Thread(target=self._client, args=(number,), name=f"client-{number}")
            for number in range(load.clients)
        ]

    def start(self) -> "Runner":
        for thread in self.threads:
            thread.start()
        return self

    def stop(self) -> None:
        self.stopped.set()

    def join(self) -> Result:
        for thread in self.threads:
            thread.join()
        return self.result

    def _take(self) -> bool:
        with self.lock:
            if self.left == 0 or self.stopped.is_set() or time.monotonic() > self.end:
                return False
            self.left -= 1
            return True

    def _surprise(self, text: str) -> None:
        with self.lock:
            self.result.surprises.append(text)

    def _client(self, number: int) -> None:
        chance = random.Random(self.load.seed * 1000 + number)
        http = {
            url: httpx.Client(base_url=url, timeout=15, trust_env=False, verify=False)
            for url in self.load.urls
        }
        try:
            while self._take():
                operation = self._make(chance)
                self.journal.invoke(operation)
                try:
                    answer = self._perform(operation, http, chance)
                finally:
                    self.journal.settle(operation)
                if answer is not None and operation.outcome == "ok":
                    self._look_again(operation, answer, http, chance)
        except Exception as error:
            self._surprise(f"client {number} ended: {error!r}")
            raise
        finally:
            for client in http.values():
                client.close()

    # ---- one command

    def _make(self, chance: random.Random) -> Operation:
        ending = self.load.ending * 100 / (1 - self.load.ending) / 2
        kinds = ["add", "set", "remove", "clear", "merge", "checkout"]
        kind = chance.choices(kinds, [60, 16, 20, 4, ending, ending])[0]
        operation = Operation(secrets.token_hex(16), chance.choice(self.load.carts), kind)
        if chance.random() < self.load.keyed or kind == "checkout":
            operation.key = new_key()
        operation.product_id = f"prod-{chance.randrange(self.load.products)}"
        if kind == "add":
            count = chance.choice([1, 1, 1, 1, 2, 3])
            numbers = chance.sample(range(self.load.products), count)
            operation.items = [
                item(
                    f"prod-{number}", chance.randint(1, 9), chance.randint(0, 5000),
                    chance.choice(["Plain", 'A "quoted" \\ name', "Ünïcødé 🛒", "Gaming Laptop"]),
                )
                for number in numbers
            ]  # fmt: skip
        elif kind == "set":
            operation.quantity = chance.randint(0, 20)
        elif kind == "remove":
            operation.quantity = chance.choice([None, 1, 2, 50])
        elif kind == "merge":
            others = [cart for cart in self.load.carts if cart != operation.cart_id]
            operation.source = chance.choice(others)
            operation.strategy = chance.choice(["add", "max", "replace"])
        return operation

    def _send(self, operation: Operation, http: httpx.Client) -> httpx.Response:
        headers = {"traceparent": traceparent(operation.id)}
        if operation.key:
            headers["Idempotency-Key"] = operation.key
        items = f"/api/cart/{operation.cart_id}/items"
        line = f"{items}/{operation.product_id}"
        if operation.kind == "add":
            user = owner_of(operation.cart_id)
            one = len(operation.items) == 1
            body = operation.items[0] if one else {"items": operation.items}
            return http.post(items, json={"userId": user, **body}, headers=headers)
        if operation.kind == "merge":
            body = {"from": operation.source, "strategy": operation.strategy}
            return http.post(f"/api/cart/{operation.cart_id}/merge", json=body, headers=headers)
        if operation.kind == "checkout":
            return http.post(f"/api/cart/{operation.cart_id}/checkout", headers=headers)
        if operation.kind == "set":
            return http.put(line, json={"quantity": operation.quantity}, headers=headers)
        if operation.kind == "remove":
            params = {} if operation.quantity is None else {"quantity": operation.quantity}
            return http.delete(line, params=params, headers=headers)
        return http.delete(items, headers=headers)

    def _perform(
        self, operation: Operation, http: dict[str, httpx.Client], chance: random.Random
    ) -> httpx.Response | None:
        """Tries until the answer is definite or the time is over."""
        deadline = time.monotonic() + self.load.retry_s
        may_be_done = False
        while True:
            operation.tries += 1
            answer = None
            try:
                answer = self._send(operation, http[chance.choice(self.load.urls)])
            except httpx.ConnectError:
                self._count("connection refused")
            except httpx.TransportError as error:
                may_be_done = True
                self._count(type(error).__name__)
                if not self.load.retry_s:
                    self._surprise(f"{operation.kind}: {error!r}")
            if answer is not None:
                self._count(str(answer.status_code))
                if answer.status_code < 500:
                    self._settle(operation, answer)
                    return answer
                may_be_done = self._unsettled(operation, answer) or may_be_done
            operation.outcome = "unknown" if may_be_done else "failed"
            if time.monotonic() >= deadline or not operation.key:
                return None
            time.sleep(RETRY_PAUSE_S)

    def _count(self, what: str) -> None:
        with self.lock:
            self.result.statuses[what] += 1

    def _unsettled(self, operation: Operation, answer: httpx.Response) -> bool:
        """Whether a 5xx leaves it open if the command was done."""
        code = code_of(answer)
        if answer.status_code != 503 or not answer.headers.get("retry-after"):
            self._surprise(f"{operation.kind}: {answer.status_code} {answer.text[:300]}")
        elif not self.load.retry_s:
            self._surprise(f"{operation.kind}: 503 {code} although nothing is broken")
        operation.status = answer.status_code
        return code not in NOTHING_DONE

    def _settle(self, operation: Operation, answer: httpx.Response) -> None:
        operation.status = answer.status_code
        if answer.is_success:
            body = answer.json()
            operation.outcome = "ok"
            operation.version, operation.position = body["version"], body["position"]
            if answer.headers.get("etag") != f'"{operation.version}"':
                self._surprise(f"version {operation.version}, ETag {answer.headers.get('etag')}")
            return
        operation.outcome = "refused"
        allowed = REFUSALS[operation.kind] | (ENDED if self.load.ending else set())
        if code_of(answer) not in allowed:
            self._surprise(f"{operation.kind}: {answer.status_code} {answer.text[:300]}")

    # ---- after an acknowledged command: its replay and its effect

    def _look_again(
        self,
        operation: Operation,
        answer: httpx.Response,
        http: dict[str, httpx.Client],
        chance: random.Random,
    ) -> None:
        client = http[chance.choice(self.load.urls)]
        try:
            if operation.key and chance.random() < 0.05:
                self._check_replay(operation, answer, self._send(operation, client))
            if chance.random() < 0.1:
                self._check_own_write(operation, client)
        except httpx.TransportError as error:
            if not self.load.retry_s:
                self._surprise(f"after {operation.kind}: {error!r}")

    def _check_replay(
        self, operation: Operation, first: httpx.Response, again: httpx.Response
    ) -> None:
        if again.status_code == 503 and self.load.retry_s:
            return
        same = again.status_code == first.status_code and again.content == first.content
        if not same or again.headers.get("idempotent-replayed") != "true":
            self._surprise(
                f"{operation.kind} {operation.key} again: {again.status_code} {again.text[:300]}, "
                f"first: {first.status_code} {first.text[:300]}"
            )

    def _check_own_write(self, operation: Operation, client: httpx.Client) -> None:
        path = f"/api/cart/view/{operation.cart_id}"
        answer = client.get(path, params={"minVersion": operation.version})
        if answer.status_code == 503 and self.load.retry_s:
            return
        if answer.status_code != 200 or answer.json()["version"] < operation.version:
            self._surprise(
                f"minVersion={operation.version}: {answer.status_code} {answer.text[:300]}"
            )


def run_load(load: Load, journal: Journal) -> Result:
    return Runner(load, journal).start().join()
