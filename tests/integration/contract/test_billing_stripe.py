"""Billing with Stripe's calls: against stripe-mock, and against a stand-in that fails on purpose."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from lib.api import Api, new_key
from lib.billing import SECRET, Billing, billing_alone, check_out, own_billing, payment_types
from lib.ledger import Sale, check_balance, check_ledger
from lib.stack import Stack
from lib.stripe_mock import running_stripe_mock
from lib.stripe_stand_in import Intent, StandIn, running_stand_in, send_webhook, sign
from lib.wait import stays_true, wait_until

STRIPE = {
    "BILLING_PROVIDER": "stripe",
    "BILLING_STRIPE_API_KEY": "sk_test_123",
    "BILLING_STRIPE_WEBHOOK_SECRET": SECRET,
    "BILLING_CHARGE_TIMEOUT_MS": "600",
}
HANG_S = 0.9


@pytest.fixture(scope="module")
def environment(stack: Stack) -> Iterator[dict[str, str]]:
    with billing_alone(stack) as environment:
        yield environment


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with running_stand_in(hang_s=HANG_S) as running:
        yield running


@pytest.fixture(scope="module")
def billing(
    stack: Stack,
    environment: dict[str, str],
    stand_in: StandIn,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Billing]:
    log = tmp_path_factory.mktemp("billing") / "log"
    settings = {**STRIPE, "BILLING_STRIPE_BASE_URL": stand_in.url}
    with own_billing(stack, log, environment, **settings) as running:
        yield running
    assert stand_in.bad_requests == []


@pytest.fixture(autouse=True)
def faultless(stand_in: StandIn) -> Iterator[None]:
    yield
    stand_in.faults = lambda _order, _nth: ""
    stand_in.before_answer = lambda _intent: None


def of_order(stand_in: StandIn, sale: Sale) -> list:
    return [m for m in stand_in.movements() if m.order_id == sale.order_id]


@pytest.mark.parametrize(
    "fault",
    ["", "hang_after", "hang_before", "cut_after", "error_after", "error_before", "twice", "busy"],
)
def test_one_charge_whatever_the_first_answer_is(
    stack: Stack, api: Api, billing: Billing, stand_in: StandIn, fault: str
) -> None:
    stand_in.faults = lambda _order, nth: fault if nth == 1 else ""
    cart, sale = check_out(api, "pm_card_visa", price=4321)
    payment = billing.settled(cart)
    assert payment["status"] == "captured"
    assert check_ledger(of_order(stand_in, sale), [sale]) == []
    asked = fault in ("hang_after", "hang_before", "cut_after", "error_after", "error_before")
    assert ("PaymentUnknown" in payment_types(stack, payment["paymentId"])) == asked
    keys = {m.key for m in of_order(stand_in, sale)}
    assert keys == {payment["paymentId"]}, "the key depends on the payment only"


def test_a_declined_card_and_another_amount(api: Api, billing: Billing, stand_in: StandIn) -> None:
    stand_in.faults = lambda _order, _nth: "decline"
    cart, sale = check_out(api, "pm_card_visa")
    payment = billing.settled(cart)
    assert (payment["status"], payment["failure"]["code"]) == ("failed", "card_declined")
    assert of_order(stand_in, sale) == []
    stand_in.faults = lambda _order, _nth: "wrong_amount"
    cart, sale = check_out(api, "pm_card_visa")
    assert billing.settled(cart)["status"] == "mismatch"


def test_a_refund_moves_the_money_back(api: Api, billing: Billing, stand_in: StandIn) -> None:
    cart, sale = check_out(api, "pm_card_visa", price=900)
    billing.settled(cart)
    answer = httpx.post(
        f"{billing.url}/api/payments/{cart}/refund",
        headers={"idempotency-key": new_key()},
        trust_env=False,
    )
    assert answer.status_code == 202, answer.text
    wait_until(lambda: billing.payment(cart)["status"] == "refunded", 10, "refunded")
    assert check_balance(of_order(stand_in, sale), 0) == []


def reserved(api: Api, billing: Billing, stand_in: StandIn) -> tuple[str, Sale]:
    stand_in.faults = lambda _order, _nth: "late"
    cart, sale = check_out(api, "pm_card_visa")
    wait_until(lambda: billing.payment(cart).get("status") == "authorised", 10, "authorised")
    return cart, sale


def test_webhooks_late_twice_and_reordered(
    stack: Stack, api: Api, billing: Billing, stand_in: StandIn
) -> None:
    cart, sale = reserved(api, billing, stand_in)
    earlier = stand_in.webhook(
        "payment_intent.amount_capturable_updated", stand_in.capture(sale.order_id)
    )
    done = stand_in.webhook("payment_intent.succeeded", stand_in.capture(sale.order_id))
    assert [send_webhook(billing.url, SECRET, body) for body in (done, done, earlier, done)] == [
        200
    ] * 4
    payment = billing.settled(cart)
    assert payment["status"] == "captured"
    assert payment_types(stack, payment["paymentId"]) == [
        "PaymentRequested",
        "PaymentAuthorised",
        "PaymentCaptured",
    ]
    assert len(of_order(stand_in, sale)) == 1


def test_a_webhook_that_comes_before_the_answer(
    api: Api, billing: Billing, stand_in: StandIn
) -> None:
    """The call is cut after its webhook: what is kept of it makes billing ask at once."""
    seen: list[int] = []

    def early(intent: Intent) -> None:
        body = stand_in.webhook("payment_intent.succeeded", intent)
        seen.append(send_webhook(billing.url, SECRET, body))

    stand_in.before_answer = early
    stand_in.faults = lambda _order, nth: "cut_after" if nth == 1 else ""
    cart, sale = check_out(api, "pm_card_visa")
    assert billing.settled(cart)["status"] == "captured"
    assert seen == [200]
    assert check_ledger(of_order(stand_in, sale), [sale]) == []


def test_a_webhook_is_recorded_once(billing: Billing, stand_in: StandIn) -> None:
    body = stand_in.webhook("payment_intent.succeeded", Intent("pi_x", 1, "usd", {}, "succeeded"))

    def post() -> bool:
        answer = httpx.post(
            f"{billing.url}/webhooks/stripe",
            content=body,
            headers={"stripe-signature": sign(SECRET, body)},
            trust_env=False,
        )
        assert answer.status_code == 200
        return answer.json()["new"]

    assert [post(), post()] == [True, False]


def test_webhooks_that_are_not_the_providers(billing: Billing, stand_in: StandIn) -> None:
    body = stand_in.webhook("payment_intent.succeeded", Intent("pi_y", 1, "usd", {}, "succeeded"))
    good = sign(SECRET, body)
    refused = {
        "": "no signature",
        "t=1,v1=00": "nonsense",
        sign("whsec_another", body): "another secret",
        sign(SECRET, body, int(time.time()) - 301): "too old",
        sign(SECRET, body, int(time.time()) + 302): "from the future",
        good.replace("v1=", "v0="): "another scheme",
        sign(SECRET, body + b" "): "another body",
    }
    for signature, why in refused.items():
        assert send_webhook(billing.url, SECRET, body, signature) == 400, why
    for bad in (b"", b"[]", b'{"id":"evt_1"}', b"\xff"):
        assert send_webhook(billing.url, SECRET, bad) == 400, bad
    assert json.loads(body)["data"]["object"]["id"] == "pi_y"


def test_after_the_deadline_nothing_is_charged(
    stack: Stack,
    api: Api,
    billing: Billing,
    environment: dict[str, str],
    stand_in: StandIn,
    tmp_path: Path,
) -> None:
    """It fails only because the provider says that nothing was charged."""
    billing.kill()
    settings = {
        **STRIPE,
        "BILLING_STRIPE_BASE_URL": stand_in.url,
        "BILLING_CHARGE_DEADLINE_MS": "1000",
        "BILLING_CHARGE_SETTLE_MS": "500",
    }
    stand_in.faults = lambda _order, _nth: "error_before"
    with own_billing(stack, tmp_path / "log", environment, **settings) as impatient:
        cart, sale = check_out(api, "pm_card_visa")
        payment = impatient.settled(cart)
        assert (payment["status"], payment["failure"]["code"]) == ("failed", "deadline_exceeded")
        calls = stand_in.calls[sale.order_id]
        stays_true(lambda: stand_in.calls[sale.order_id] == calls, 0.5, "it is left alone")
    assert of_order(stand_in, sale) == []
    billing.start().ready()


def test_stripe_mock_takes_our_requests(
    stack: Stack,
    api: Api,
    billing: Billing,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    """Its intents always want another payment method: an answer to a request that is right."""
    billing.kill()
    with running_stripe_mock(tmp_path / "stripe-mock.log") as url:
        settings = {**STRIPE, "BILLING_STRIPE_BASE_URL": url}
        with own_billing(stack, tmp_path / "log", environment, **settings) as mocked:
            cart, _ = check_out(api, "pm_card_visa")
            payment = mocked.settled(cart)
    assert (payment["status"], payment["failure"]["code"]) == ("failed", "card_declined")
    assert payment["providerReference"].startswith("pi_")
    billing.start().ready()
