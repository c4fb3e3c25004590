"""fraud with rules of the test: the supervised one reads them by SIGHUP, and its own afterwards."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from lib.events import decode
from lib.history import CURRENCY
from lib.stack import Stack
from lib.store import connect
from lib.wait import wait_until

VERDICTS_SQL = """
    SELECT stream_id, version, type, payload FROM fraud_events
     WHERE stream_id = ANY (%s) ORDER BY stream_id, version
"""


@dataclass
class Fraud:
    stack: Stack

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.stack.env["FRAUD_URL"], timeout=15, trust_env=False)
        self.settings = self.stack.home / "etc" / "fraud.conf"
        self.rules_file = self.stack.home / "etc" / "test-rules.ini"

    def logged(self, size: int) -> str:
        with self.stack.log("fraud").open("rb") as log:
            log.seek(size)
            return log.read().decode(errors="replace")

    def reload(self, expected: str) -> str:
        """SIGHUP; what the log says once it says what is expected."""
        size = self.stack.log_size("fraud")
        self.stack.send("fraud", signal.SIGHUP)
        wait_until(lambda: expected in self.logged(size), 10, f"fraud's log says: {expected}")
        return self.logged(size)

    def use(self, rules: str, **settings: Any) -> None:
        self.rules_file.write_text(rules)
        lines = {"rules_file": self.rules_file, **settings}
        self.settings.write_text("".join(f"{name} = {lines[name]}\n" for name in lines))
        self.reload('"rules reloaded"')

    def facts(self, carts: list[str]) -> dict[str, list[tuple[str, Any]]]:
        """Per cart its facts: type and event."""
        found: dict[str, list[tuple[str, Any]]] = {}
        with connect(self.stack) as connection:
            for cart, version, kind, payload in connection.execute(VERDICTS_SQL, (carts,)):
                event = decode(bytes(payload), "fraud")
                assert (event.cart_id, event.version) == (cart, version)
                found.setdefault(cart, []).append((kind, event))
        return found

    def wait_verdicts(self, carts: list[str], deadline_s: float = 30) -> dict[str, Any]:
        """The one verdict of each cart."""
        facts = wait_until(
            lambda: len(found := self.facts(carts)) == len(set(carts)) and found,
            deadline_s,
            f"{len(carts)} verdicts",
        )
        assert all(len(of_cart) == 1 for of_cart in facts.values()), facts
        return {cart: of_cart[0][1] for cart, of_cart in facts.items()}

    def verdict(self, cart: str) -> httpx.Response:
        return self.http.get(f"/api/fraud/verdicts/{cart}")

    def review(self, cart: str, **body: Any) -> httpx.Response:
        return self.http.post(f"/api/fraud/reviews/{cart}", json=body)

    def queue(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        path: str | None = "/api/fraud/reviews"
        while path:
            answer = self.http.get(path)
            assert answer.status_code == 200, answer.text
            items += answer.json()["items"]
            path = answer.json()["next"]
        return items


@pytest.fixture
def fraud(stack: Stack) -> Iterator[Fraud]:
    running = Fraud(stack)
    before = running.settings.read_text() if running.settings.exists() else ""
    yield running
    running.http.close()
    running.settings.write_text(before)
    running.reload('"rules reloaded"')


def rule(name: str, mode: str, **keys: Any) -> str:
    """A rule about the test's own currency."""
    defaults = {
        "event": "CartCheckedOut",
        "where": f"currency is {CURRENCY}",
        "key": "user",
        "aggregate": "count",
        "window": "1h",
        "threshold": 0,
        "score": 10,
        "mode": mode,
    }
    return f"[{name}]\n" + "".join(
        f"{key} = {value}\n" for key, value in {**defaults, **keys}.items()
    )


@pytest.fixture
def make_rule() -> Callable[..., str]:
    return rule
