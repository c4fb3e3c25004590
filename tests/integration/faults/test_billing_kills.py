"""Exactly one charge for each checkout: billing killed at random, a provider that often fails."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lib.api import Api
from lib.billing import Billing, billing_alone, check_out, own_billing, owner
from lib.ledger import Sale, check_ledger
from lib.stack import Stack
from lib.stripe_stand_in import running_stand_in
from lib.wait import wait_until

CHECKOUTS = 120
KILLS = 6
FAULTS = ("hang_after", "hang_before", "cut_after", "error_after", "error_before", "twice")


@pytest.fixture
def environment(stack: Stack) -> Iterator[dict[str, str]]:
    with billing_alone(stack) as environment:
        yield environment


def settled(stack: Stack, sales: list[Sale]) -> int:
    with owner(stack) as connection:
        return connection.execute(
            "SELECT count(*) FROM payments WHERE state = 'captured' AND order_id = ANY (%s)",
            ([sale.order_id for sale in sales],),
        ).fetchone()[0]


def check_out_many(url: str, sales: list[Sale], seed: int) -> None:
    draw = random.Random(seed)
    api = Api(url)
    for _ in range(CHECKOUTS // 2):
        sales.append(check_out(api, "pm_card_visa", draw.randint(1, 99999), draw.randint(1, 5))[1])
    api.close()


def kill_now_and_then(stack: Stack, billing: Billing, sales: list[Sale], seed: int) -> None:
    """Each kill waits for some progress, so that it meets charges that are under way."""
    draw = random.Random(seed)
    for number in range(KILLS):
        wanted = (number * 2 + 1) * CHECKOUTS // (KILLS * 3) + draw.randint(0, 3)
        wait_until(lambda wanted=wanted: settled(stack, sales) >= wanted, 30, f"{wanted} are paid")
        billing.kill()
        billing.start()
    billing.ready()


def test_one_charge_each_although_billing_is_killed(
    stack: Stack, environment: dict[str, str], tmp_path: Path
) -> None:
    draw, lock, sales = random.Random(20261121), threading.Lock(), []

    def fault(_order: str, nth: int) -> str:
        with lock:
            return draw.choice(FAULTS) if nth < 4 and draw.random() < 0.1 else ""

    with running_stand_in(faults=fault, hang_s=0.7) as stand_in:
        settings = {
            "BILLING_PROVIDER": "stripe",
            "BILLING_STRIPE_API_KEY": "sk_test_123",
            "BILLING_STRIPE_BASE_URL": stand_in.url,
            "BILLING_CHARGE_TIMEOUT_MS": "400",
        }
        with own_billing(stack, tmp_path / "log", environment, **settings) as billing:
            with ThreadPoolExecutor(2) as pool:
                url = stack.env["CART_API_URL"]
                writers = [pool.submit(check_out_many, url, sales, seed) for seed in (1, 2)]
                kill_now_and_then(stack, billing, sales, 3)
                for writer in writers:
                    writer.result()
            wait_until(lambda: settled(stack, sales) == CHECKOUTS, 40, "all are paid")
        assert check_ledger(stand_in.movements(), sales) == []
        assert stand_in.bad_requests == []
        assert sum(stand_in.calls.values()) > CHECKOUTS, "nothing was tried twice: no fault was met"
