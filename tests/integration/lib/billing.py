"""A billing of the test's own, in the place of the supervised one, and carts that it has to charge."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
from lib.api import Api, new_cart, new_key
from lib.daemon import Daemon
from lib.ledger import Movement, Sale
from lib.stack import Stack
from lib.wait import wait_until

# Tests of charging go without fraud: verdicts have a test of their own, test_billing_verdict.py.
UNJUDGED = {"BILLING_VERDICT_POLICY": "charge_and_flag", "BILLING_VERDICT_TIMEOUT_MS": "1"}
QUICK = {
    "BILLING_CHARGE_POLL_MS": "50",
    "BILLING_CHARGE_RETRY_FIRST_MS": "50",
    "BILLING_CHARGE_RETRY_MAX_MS": "500",
    "BILLING_CAPTURE_POLL_MS": "300",
    "BILLING_BREAKER_FAILURES": "1000",
    "BILLING_CHARGE_TIMEOUT_MS": "1000",
}
FINAL = frozenset({"captured", "failed", "refunded", "mismatch"})
SECRET = "whsec_of_the_test"


def sv(stack: Stack, verb: str, name: str) -> None:
    subprocess.run(
        ["sv", "-w", "20", verb, str(stack.home / "sv" / name)], check=True, capture_output=True
    )


@contextmanager
def without(stack: Stack, name: str) -> Iterator[dict[str, str]]:
    """The supervised daemon is away; what it had in its environment."""
    environment = stack.environment_of(name)
    sv(stack, "down", name)
    try:
        yield environment
    finally:
        sv(stack, "up", name)
        wait_until(lambda: stack.ready(name), 30, f"{name} is back")


@contextmanager
def billing_alone(stack: Stack) -> Iterator[dict[str, str]]:
    """Neither the supervised billing nor fraud: its environment, for one of the test's own."""
    with without(stack, "fraud"), without(stack, "billing") as environment:
        yield environment


class Billing:
    """Started, killed and started again, always with the same settings."""

    def __init__(self, stack: Stack, log: Path, environment: dict[str, str], **settings: str):
        self.stack, self.log = stack, log
        self.settings = {**environment, **UNJUDGED, **QUICK, **settings}
        self.daemon: Daemon | None = None

    def start(self) -> "Billing":
        self.daemon = Daemon(self.stack, "billing", self.log, **self.settings)
        return self

    def ready(self) -> "Billing":
        assert self.daemon is not None
        self.daemon.wait_ready()
        return self

    @property
    def url(self) -> str:
        assert self.daemon is not None
        return self.daemon.url

    def kill(self) -> None:
        if self.daemon is not None and self.daemon.process.poll() is None:
            self.daemon.process.kill()
        if self.daemon is not None:
            self.daemon.process.wait()

    def payment(self, any_id: str) -> dict:
        answer = httpx.get(f"{self.url}/api/payments/{any_id}", timeout=5, trust_env=False)
        return answer.json() if answer.status_code == 200 else {}

    def settled(self, any_id: str, deadline_s: float = 20) -> dict:
        def final() -> dict:
            payment = self.payment(any_id)
            return payment if payment.get("status") in FINAL else {}

        return wait_until(final, deadline_s, f"the payment of {any_id} is settled")


@contextmanager
def own_billing(
    stack: Stack, log: Path, environment: dict[str, str], **settings: str
) -> Iterator[Billing]:
    billing = Billing(stack, log, environment, **settings)
    try:
        yield billing.start().ready()
    finally:
        billing.kill()


def check_out(api: Api, token: str = "", price: int = 100, quantity: int = 1) -> tuple[str, Sale]:
    """A new cart, checked out: its id and what was sold."""
    cart = new_cart()
    added = api.add(cart, price=price, quantity=quantity)
    assert added.status_code == 201, added.text
    answer = api.http.post(
        f"/api/cart/{cart}/checkout",
        json={"paymentToken": token} if token else {},
        headers={"idempotency-key": new_key()},
    )
    assert answer.status_code == 202, answer.text
    body = answer.json()
    return cart, Sale(body["orderId"], body["total"], body["currency"])


def owner(stack: Stack) -> psycopg.Connection:
    return psycopg.connect(stack.env["POSTGRES_ADMIN_CONNECTION_STRING"], autocommit=True)


def simulated_ledger(stack: Stack) -> list[Movement]:
    with owner(stack) as connection:
        return [
            Movement(*row)
            for row in connection.execute(
                "SELECT kind, idempotency_key, order_id, amount_minor, currency "
                "FROM simulated_ledger ORDER BY created_at"
            )
        ]


def payment_types(stack: Stack, payment_id: str) -> list[str]:
    with owner(stack) as connection:
        return [
            row[0]
            for row in connection.execute(
                "SELECT type FROM payment_events WHERE stream_id = %s ORDER BY version",
                (payment_id,),
            )
        ]


def read_again_from_zero(
    stack: Stack, forget_rows: bool, categories: tuple[str, ...] = ("cart", "fraud")
) -> None:
    """Billing's positions are set back; with forget_rows it also loses its tables."""
    with owner(stack) as connection, connection.transaction():
        connection.execute(
            "UPDATE consumer_positions SET position = 0, topic_offset = -1 "
            "WHERE consumer = 'billing' AND category = ANY(%s)",
            (list(categories),),
        )
        if forget_rows:
            connection.execute("TRUNCATE refunds, payments, verdicts")


def caught_up(stack: Stack) -> bool:
    """Whether billing has applied every event of the carts and of fraud."""
    with owner(stack) as connection:
        behind = connection.execute(
            "SELECT count(*) FROM consumer_positions c WHERE consumer = 'billing' AND position < "
            "(SELECT coalesce(max(position), 0) FROM cart_events e "
            " WHERE e.partition = c.partition AND c.category = 'cart') "
        ).fetchone()
    return behind == (0,)
