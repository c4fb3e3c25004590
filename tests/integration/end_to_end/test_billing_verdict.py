"""Fraud speaks first: a held checkout is not charged until a person releases it."""

import uuid
from pathlib import Path

import httpx
import pytest
from lib.api import Api, new_cart, new_key
from lib.billing import (
    caught_up,
    own_billing,
    payment_types,
    read_again_from_zero,
    simulated_ledger,
    without,
)
from lib.ledger import Sale, check_ledger
from lib.stack import Stack
from lib.wait import stays_true, wait_until

BULK = 501  # of one product in one order: the rule bulk-order wants a person to look


def payment(stack: Stack, cart: str) -> dict:
    answer = httpx.get(f"{stack.env['BILLING_URL']}/api/payments/{cart}", trust_env=False)
    return answer.json() if answer.status_code == 200 else {}


def reaches(stack: Stack, cart: str, **wanted: str) -> dict:
    def there() -> dict:
        found = payment(stack, cart)
        return found if wanted.items() <= found.items() else {}

    return wait_until(there, 25, f"the payment of {cart} has {wanted}")


def check_out(api: Api, quantity: int) -> tuple[str, Sale]:
    cart, user = new_cart(), f"user-{uuid.uuid4().hex[:12]}"
    assert api.add(cart, quantity=quantity, user_id=user).status_code == 201
    headers = {"idempotency-key": new_key()}
    body = api.http.post(f"/api/cart/{cart}/checkout", json={}, headers=headers).json()
    return cart, Sale(body["orderId"], body["total"], body["currency"])


def decide(stack: Stack, cart: str, decision: str) -> None:
    url = f"{stack.env['FRAUD_URL']}/api/fraud/reviews/{cart}"
    answer = httpx.post(url, json={"decision": decision, "note": "seen"}, trust_env=False)
    assert answer.status_code in (200, 201, 202), answer.text


def charges(stack: Stack, sale: Sale) -> list:
    return [m for m in simulated_ledger(stack) if m.order_id == sale.order_id]


def test_what_fraud_clears_is_charged(stack: Stack, api: Api) -> None:
    cart, sale = check_out(api, quantity=1)
    found = reaches(stack, cart, status="captured")
    assert found["verdict"] == "cleared"
    assert check_ledger(charges(stack, sale), [sale]) == []


@pytest.mark.parametrize(
    ("decision", "status", "types"),
    [
        ("release", "captured", ["PaymentRequested", "PaymentCaptured"]),
        ("block", "failed", ["PaymentRequested", "PaymentFailed"]),
    ],
)
def test_a_held_checkout_waits_for_a_person(
    stack: Stack, api: Api, decision: str, status: str, types: list[str]
) -> None:
    cart, sale = check_out(api, quantity=BULK)
    reaches(stack, cart, status="requested", verdict="held")
    stays_true(lambda: charges(stack, sale) == [], 1, "nothing is charged while it is held")
    decide(stack, cart, decision)
    found = reaches(stack, cart, status=status)
    assert payment_types(stack, found["paymentId"]) == types
    if decision == "release":
        assert check_ledger(charges(stack, sale), [sale]) == []
    else:
        assert found["failure"]["code"] == "blocked_by_fraud"
        assert charges(stack, sale) == []


@pytest.mark.parametrize("policy", ["charge_and_flag", "hold"])
def test_a_verdict_counts_although_billing_has_not_read_it(
    stack: Stack, api: Api, tmp_path: Path, policy: str
) -> None:
    """Billing has lost its tables and is at the end of fraud's topic: the word is in the store."""
    held, sale = check_out(api, quantity=BULK)
    cleared, paid = check_out(api, quantity=1)
    reaches(stack, held, status="requested", verdict="held")
    reaches(stack, cleared, status="captured")
    settings = {"BILLING_VERDICT_POLICY": policy, "BILLING_VERDICT_TIMEOUT_MS": "1"}
    with without(stack, "billing") as environment:
        read_again_from_zero(stack, forget_rows=True, categories=("cart",))
        with own_billing(stack, tmp_path / "log", environment, **settings) as late:
            wait_until(lambda: caught_up(stack), 20, "billing has read every checkout again")
            wait_until(lambda: late.payment(held).get("verdict") == "held", 10, "it is held")
            stays_true(lambda: charges(stack, sale) == [], 1, "what is held is not charged")
            assert late.payment(cleared)["status"] == "captured"
    assert check_ledger(charges(stack, paid), [paid]) == []
    decide(stack, held, "release")
    reaches(stack, held, status="captured")
