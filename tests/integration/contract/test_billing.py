"""Billing with the simulated provider: tokens, refunds, invoices, what is stored, replays."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import jsonschema_rs
import psycopg
import pytest
from confluent_kafka import Producer
from lib.api import Api, code_of, new_cart, new_key
from lib.billing import (
    Billing,
    billing_alone,
    caught_up,
    check_out,
    own_billing,
    owner,
    payment_types,
    read_again_from_zero,
    simulated_ledger,
)
from lib.history import History, now_us
from lib.identity import make_issuer
from lib.ledger import check_balance, check_ledger
from lib.stack import Stack
from lib.store import Record, read_topic
from lib.tokens import AUDIENCE, ISSUER
from lib.wait import stays_true, wait_until
from psycopg import errors


@pytest.fixture(scope="module")
def environment(stack: Stack) -> Iterator[dict[str, str]]:
    with billing_alone(stack) as environment:
        yield environment


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("billing") / "log"


@pytest.fixture(scope="module")
def billing(stack: Stack, environment: dict[str, str], log: Path) -> Iterator[Billing]:
    with own_billing(stack, log, environment) as running:
        yield running


@pytest.mark.parametrize(
    ("token", "status", "types"),
    [
        ("", "captured", ["PaymentRequested", "PaymentCaptured"]),
        ("tok_success", "captured", ["PaymentRequested", "PaymentCaptured"]),
        ("tok_decline", "failed", ["PaymentRequested", "PaymentFailed"]),
        ("tok_timeout", "captured", ["PaymentRequested", "PaymentUnknown", "PaymentCaptured"]),
        ("tok_late", "captured", ["PaymentRequested", "PaymentAuthorised", "PaymentCaptured"]),
        ("tok_mismatch", "mismatch", ["PaymentRequested", "PaymentMismatched"]),
    ],
)
def test_a_token_decides(
    stack: Stack, api: Api, billing: Billing, token: str, status: str, types: list[str]
) -> None:
    cart, sale = check_out(api, token, price=1050, quantity=2)
    payment = billing.settled(cart)
    assert payment["status"] == status
    assert payment["paymentId"] == f"pay_{sale.order_id}"
    assert (payment["cartId"], payment["orderId"]) == (cart, sale.order_id)
    assert (payment["amount"], payment["currency"]) == (2100, "USD")
    assert payment_types(stack, payment["paymentId"]) == types
    assert billing.payment(payment["paymentId"]) == payment
    moved = [m for m in simulated_ledger(stack) if m.order_id == sale.order_id]
    if status == "captured":
        assert check_ledger(moved, [sale]) == []
    else:
        assert len(moved) == (1 if status == "mismatch" else 0)


def post_refund(billing: Billing, any_id: str, key: str | None, **body: str) -> httpx.Response:
    headers = {} if key is None else {"idempotency-key": key}
    return httpx.post(
        f"{billing.url}/api/payments/{any_id}/refund", json=body, headers=headers, trust_env=False
    )


def test_a_refund_is_given_once(stack: Stack, api: Api, billing: Billing) -> None:
    cart, sale = check_out(api, price=700)
    billing.settled(cart)
    key = new_key()
    first = post_refund(billing, cart, key, reason="broken")
    assert first.status_code == 202, first.text
    again = post_refund(billing, cart, key, reason="broken")
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert code_of(post_refund(billing, cart, key, reason="other")) == "idempotency_key_reused"
    assert code_of(post_refund(billing, cart, new_key(), reason="broken")) == "refund_exists"
    wait_until(lambda: billing.payment(cart)["status"] == "refunded", 10, "refunded")
    assert payment_types(stack, f"pay_{sale.order_id}")[-1] == "PaymentRefunded"
    moved = [m for m in simulated_ledger(stack) if m.order_id == sale.order_id]
    assert [m.kind for m in moved] == ["charge", "refund"]
    assert check_balance(moved, 0) == []


def test_what_cannot_be_refunded(api: Api, billing: Billing) -> None:
    cart, _ = check_out(api, "tok_decline")
    billing.settled(cart)
    assert code_of(post_refund(billing, cart, new_key())) == "payment_not_captured"
    assert code_of(post_refund(billing, "nobody", new_key())) == "payment_not_found"
    assert code_of(post_refund(billing, cart, None)) == "idempotency_key_missing"
    card = "4242 4242 4242 4242"
    refused = post_refund(billing, cart, new_key(), reason=f"card {card}")
    assert (refused.status_code, code_of(refused)) == (400, "card_number_refused")
    assert card not in refused.text
    assert card not in billing.log.read_text()


def test_the_invoice(api: Api, billing: Billing) -> None:
    cart, sale = check_out(api, price=1234, quantity=3)
    billing.settled(cart)
    url = f"{billing.url}/api/payments/{cart}/invoice"
    document = httpx.get(url, trust_env=False).json()
    assert document["orderId"] == sale.order_id
    assert [item["lineTotal"] for item in document["items"]] == [3702]
    assert (document["total"], document["currency"]) == (3702, "USD")
    page = httpx.get(url, headers={"accept": "text/html,*/*"}, trust_env=False)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "37.02 USD" in page.text
    unpaid, _ = check_out(api, "tok_decline")
    billing.settled(unpaid)
    answer = httpx.get(f"{billing.url}/api/payments/{unpaid}/invoice", trust_env=False)
    assert code_of(answer) == "payment_not_captured"


def test_a_payment_that_is_not_there(billing: Billing) -> None:
    answer = httpx.get(f"{billing.url}/api/payments/{uuid.uuid4().hex}", trust_env=False)
    assert (answer.status_code, code_of(answer)) == (404, "payment_not_found")


def test_payment_events_are_stored_and_published_as_a_carts_are(
    stack: Stack, api: Api, billing: Billing
) -> None:
    cart, sale = check_out(api)
    billing.settled(cart)
    columns = (
        "SELECT array_agg(column_name || ' ' || data_type ORDER BY ordinal_position) "
        "FROM information_schema.columns WHERE table_name = %s"
    )
    with owner(stack) as connection:
        shapes = {
            tuple(connection.execute(columns, (f"{category}_events",)).fetchone()[0])
            for category in ("cart", "payment", "fraud")
        }
        assert len(shapes) == 1
        stored = connection.execute(
            "SELECT partition, position, payload FROM payment_events "
            "WHERE stream_id = %s ORDER BY version",
            (f"pay_{sale.order_id}",),
        ).fetchall()

    def published() -> bool:
        records = [r for r in read_topic(stack, "payment.events") if sale.order_id in str(r.key)]
        return [(r.partition, r.value) for r in records] == [(p, v) for p, _, v in stored]

    wait_until(published, 10, "the payment's events are in payment.events, in order", 0.2)


def test_the_relay_goes_on_behind_garbage(stack: Stack, api: Api, billing: Billing) -> None:
    """When billing starts, the topic ends with garbage that claims to be the next event."""
    cart, sale = check_out(api)
    billing.settled(cart)
    key = f"pay_{sale.order_id}".encode()

    def of_payment() -> list[Record]:
        return [r for r in read_topic(stack, "payment.events") if r.key == key]

    last = wait_until(lambda: len(found := of_payment()) == 2 and found[-1], 10, "it is published")
    lies = {**last.headers, "ce_id": str(uuid.uuid4()).encode()}
    for name in ("position", "version"):
        lies[name] = str(int(lies[name]) + 1).encode()
    producer = Producer({"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"]})
    producer.produce("payment.events", b"garbage", key, last.partition, headers=list(lies.items()))
    assert producer.flush(15) == 0
    billing.kill()
    billing.start().ready()
    assert post_refund(billing, cart, new_key(), reason="broken").status_code == 202
    wait_until(
        lambda: any(r.headers["ce_type"].endswith(b"PaymentRefunded") for r in of_payment()),
        15,
        "the refund is published behind the garbage",
    )


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO cart_events DEFAULT VALUES",
        "UPDATE payment_events SET actor = 'x' WHERE false",
        "DELETE FROM payment_events WHERE false",
        "TRUNCATE payment_events",
        "INSERT INTO fraud_events DEFAULT VALUES",
        "DELETE FROM payments WHERE false",
        "UPDATE simulated_ledger SET amount_minor = 0 WHERE false",
        "DELETE FROM consumer_positions WHERE false",
        "SELECT * FROM cart_answers",
    ],
)
def test_billings_role_cannot(environment: dict[str, str], statement: str) -> None:
    with psycopg.connect(environment["POSTGRES_CONNECTION_STRING"], autocommit=True) as connection:
        connection.execute("SELECT count(*) FROM cart_events")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement)


def test_answers_are_as_the_document_says(api: Api, billing: Billing) -> None:
    document = httpx.get(f"{billing.url}/openapi.json", trust_env=False).json()
    schemas = document["components"]["schemas"]
    cart, _ = check_out(api, "tok_decline")
    paid, _ = check_out(api)
    answers = [
        ("Payment", billing.settled(cart)),
        ("Payment", billing.settled(paid)),
        (
            "Invoice",
            httpx.get(f"{billing.url}/api/payments/{paid}/invoice", trust_env=False).json(),
        ),
    ]
    for name, answer in answers:
        validator = jsonschema_rs.validator_for({**schemas[name], "components": {}})
        validator.validate(answer)
        assert set(answer) <= set(schemas[name]["properties"])
    for path, operations in document["paths"].items():
        url = billing.url + path.replace("{id}", "none")
        known = httpx.options(url, trust_env=False).headers["allow"]
        assert all(method.upper() in known for method in operations), path


def statuses(stack: Stack) -> list[tuple]:
    with owner(stack) as connection:
        return connection.execute(
            "SELECT payment_id, state, reference, version FROM payments "
            "WHERE state IN ('captured', 'refunded', 'failed', 'mismatch') ORDER BY payment_id"
        ).fetchall()


def test_a_replay_from_zero_charges_nothing(
    stack: Stack, api: Api, billing: Billing, environment: dict[str, str], log: Path
) -> None:
    """Twice: with what billing knows, and after it has lost its tables."""
    carts = [check_out(api, token)[0] for token in ("tok_success", "tok_timeout", "tok_decline")]
    for cart in carts:
        billing.settled(cart)
    before, ledger = statuses(stack), simulated_ledger(stack)
    billing.kill()
    for forget_rows in (False, True):
        read_again_from_zero(stack, forget_rows)
        with own_billing(stack, log, environment):
            wait_until(lambda: caught_up(stack), 20, "billing has read everything again")
            wait_until(lambda: statuses(stack) == before, 10, "the same payments as before")
            stays_true(lambda: simulated_ledger(stack) == ledger, 0.5, "nothing is charged")
    billing.start().ready()


def test_checkouts_from_before_the_mark_are_not_charged(
    stack: Stack, api: Api, billing: Billing, environment: dict[str, str], log: Path
) -> None:
    billing.kill()
    with own_billing(stack, log, environment, BILLING_EFFECTS_AFTER="2100-01-01T00:00:00Z") as late:
        cart, sale = check_out(api)
        wait_until(
            lambda: (
                "cartwright_billing_historic_total 1"
                in httpx.get(f"{late.url}/metrics", trust_env=False).text
            ),
            10,
            "the checkout was passed over",
        )
        assert late.payment(cart) == {}
    assert all(m.order_id != sale.order_id for m in simulated_ledger(stack))
    billing.start().ready()


def test_an_order_id_given_twice_is_charged_once(
    stack: Stack, api: Api, billing: Billing, log: Path
) -> None:
    """No cart of ours does that, but what somebody else writes must not stop the others' charges."""
    history, carts = History(), [new_cart(), new_cart()]
    for cart in carts:
        opened_us = now_us()
        history.add(cart, "u1", opened_us, product_name="p1")
        lines = [("p1", 100, 1)]
        twice = history.check_out(cart, "u1", now_us(), lines, opened_at_us=opened_us)
        twice.cart_checked_out.order_id = f"ord_{carts[0]}"
    history.write(stack)
    assert billing.settled(check_out(api)[0])["status"] == "captured"
    wait_until(lambda: caught_up(stack), 20, "all checkouts are taken")
    assert billing.settled(f"pay_ord_{carts[0]}")["status"] == "captured"
    charges = [m for m in simulated_ledger(stack) if m.order_id == f"ord_{carts[0]}"]
    assert len(charges) == 1
    assert "another cart was checked out as the same order" in log.read_text()


def test_without_a_verdict_it_is_held(
    stack: Stack, api: Api, billing: Billing, environment: dict[str, str], log: Path
) -> None:
    billing.kill()
    settings = {"BILLING_VERDICT_POLICY": "hold", "BILLING_VERDICT_TIMEOUT_MS": "100"}
    with own_billing(stack, log, environment, **settings) as holding:
        cart, sale = check_out(api)
        wait_until(
            lambda: (
                "cartwright_billing_alarms_total 1"
                in httpx.get(f"{holding.url}/metrics", trust_env=False).text
            ),
            10,
            "the time for the verdict is over",
        )
        before = holding.payment(cart)
        assert before["status"] == "requested"
        assert all(m.order_id != sale.order_id for m in simulated_ledger(stack))
    # Not even when billing has to learn everything anew.
    read_again_from_zero(stack, forget_rows=True)
    with own_billing(stack, log, environment, **settings) as holding:
        wait_until(lambda: holding.payment(cart) == before, 20, "it is held as before")
        wait_until(lambda: caught_up(stack), 20, "billing has read everything again")
        assert all(m.order_id != sale.order_id for m in simulated_ledger(stack))
    billing.start().ready()


def test_whose_payment_it_is(
    stack: Stack,
    api: Api,
    billing: Billing,
    environment: dict[str, str],
    log: Path,
    tmp_path: Path,
) -> None:
    """Its owner's and support's; everybody else learns nothing, and only an admin gives it back."""
    issuer = make_issuer(tmp_path)
    callers = {
        "nobody": {},
        "owner": issuer.headers("user-1"),
        "other": issuer.headers("user-2"),
        "support": issuer.headers("sue", roles=["support"]),
        "admin": issuer.headers("ada", roles=["admin"]),
    }
    keys = {
        "AUTH_KEYS_FILE": str(issuer.file),
        "AUTH_ISSUER": ISSUER,
        "AUTH_AUDIENCE": AUDIENCE,
    }
    billing.kill()
    with own_billing(stack, log, environment, **keys) as guarded:
        cart, _ = check_out(api)
        url = f"{guarded.url}/api/payments/{cart}"

        def get(caller: str, path: str = "") -> httpx.Response:
            return httpx.get(url + path, headers=callers[caller], trust_env=False)

        def refund(caller: str) -> int:
            headers = {**callers[caller], "idempotency-key": "one"}
            return httpx.post(f"{url}/refund", headers=headers, trust_env=False).status_code

        wait_until(lambda: get("owner").json().get("status") == "captured", 15, "captured")
        for path in ("", "/invoice"):
            assert {caller: get(caller, path).status_code for caller in callers} == {
                "nobody": 401,
                "owner": 200,
                "other": 404,
                "support": 200,
                "admin": 200,
            }
        assert "www-authenticate" in get("nobody").headers
        missing = httpx.get(
            f"{guarded.url}/api/payments/none", headers=callers["other"], trust_env=False
        )
        assert get("other").json()["detail"] == missing.json()["detail"]
        assert [refund(caller) for caller in callers] == [401, 404, 404, 404, 202]
    billing.start().ready()
