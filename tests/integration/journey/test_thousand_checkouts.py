"""1,000 checkouts; billing, fraud and notifier are killed at random, the provider fails for 5 %.

Judged by what is outside of us: the provider's own ledger and the mails that arrived.
"""

import random
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lib.api import Api, new_cart
from lib.billing import Billing, own_billing, owner, without
from lib.ledger import Sale, check_ledger
from lib.mailbox import Mailbox
from lib.stack import Stack
from lib.stripe_stand_in import running_stand_in
from lib.wait import wait_until

CHECKOUTS, SHOPPERS, KILLS_EACH = 1000, 4, 4
FAULTS = ("hang_after", "hang_before", "error_after")
KINDS_OF_MAIL = 2  # the order's confirmation, the payment's receipt


@pytest.fixture
def environment(stack: Stack) -> Iterator[dict[str, str]]:
    with without(stack, "billing") as environment:
        yield environment


def buy(url: str, sales: list[Sale], seed: int) -> None:
    """Each order has a shopper and an address of its own."""
    draw, api = random.Random(seed), Api(url)
    for number in range(CHECKOUTS // SHOPPERS):
        cart, name = new_cart(), f"s{seed}-{number}"
        added = api.add(
            cart, price=draw.randint(1, 99999), quantity=draw.randint(1, 5), user_id=name
        )
        assert added.status_code == 201, added.text
        answer = api.check_out(
            cart,
            {
                "paymentToken": "pm_card_visa",
                "contact": {"email": f"{name}@thousand.example", "locale": "en-US"},
            },
        )
        assert answer.status_code == 202, answer.text
        body = answer.json()
        sales.append(Sale(body["orderId"], body["total"], body["currency"]))
    api.close()


def captured(stack: Stack, sales: list[Sale]) -> int:
    with owner(stack) as connection:
        return connection.execute(
            "SELECT count(*) FROM payments WHERE state = 'captured' AND order_id = ANY (%s)",
            ([sale.order_id for sale in sales],),
        ).fetchone()[0]


def kill_in_turn(stack: Stack, billing: Billing, sales: list[Sale]) -> None:
    """Each kill waits for progress, so that it meets work that is under way."""
    draw = random.Random(7)
    victims = ["billing", "fraud", "notifier"] * KILLS_EACH
    draw.shuffle(victims)
    for number, victim in enumerate(victims):
        wanted = (number + 1) * CHECKOUTS * 2 // (3 * len(victims) + 3)
        wait_until(lambda wanted=wanted: captured(stack, sales) >= wanted, 60, f"{wanted} are paid")
        if victim == "billing":
            billing.kill()
            billing.start()
        else:
            stack.wait_restarted(victim, stack.kill(victim))


def judge_mails(mailbox: Mailbox) -> list[str]:
    """No mail is missing, and a second one has the first one's Message-ID."""
    ids: dict[str, set[str]] = defaultdict(set)
    for mail in mailbox.look():
        if mail["To"] and "@thousand.example" in mail["To"]:
            ids[mail["To"]].add(mail["Message-ID"])
    count = Counter(len(found) for found in ids.values())
    if count == {KINDS_OF_MAIL: CHECKOUTS}:
        return []
    return [f"{many} shoppers have {mails} different mails" for mails, many in count.items()]


@pytest.mark.slow
def test_one_charge_and_each_mail_for_a_thousand_checkouts(
    stack: Stack, environment: dict[str, str], tmp_path: Path
) -> None:
    draw, lock, sales = random.Random(4), threading.Lock(), []
    mailbox = Mailbox(stack)

    def fault(_order: str, nth: int) -> str:
        with lock:
            return draw.choice(FAULTS) if nth < 4 and draw.random() < 0.05 else ""

    with running_stand_in(faults=fault, hang_s=0.7) as stand_in:
        settings = {
            "BILLING_PROVIDER": "stripe",
            "BILLING_STRIPE_API_KEY": "sk_test_123",
            "BILLING_STRIPE_BASE_URL": stand_in.url,
            "BILLING_CHARGE_TIMEOUT_MS": "400",
            "BILLING_VERDICT_POLICY": "hold",
            "BILLING_VERDICT_TIMEOUT_MS": "600000",
        }
        with own_billing(stack, tmp_path / "log", environment, **settings) as billing:
            with ThreadPoolExecutor(SHOPPERS) as pool:
                url = stack.env["CART_API_URL"]
                shoppers = [pool.submit(buy, url, sales, seed) for seed in range(SHOPPERS)]
                kill_in_turn(stack, billing, sales)
                for shopper in shoppers:
                    shopper.result()
            wait_until(lambda: captured(stack, sales) == CHECKOUTS, 90, "all are paid", 0.5)
            wait_until(lambda: not judge_mails(mailbox), 60, "all mails are there", 0.5)
        assert check_ledger(stand_in.movements(), sales) == []
        assert sum(stand_in.calls.values()) > CHECKOUTS, "nothing was tried twice: no fault was met"
    assert judge_mails(mailbox) == []
