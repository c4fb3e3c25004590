"""Payments and reviews are told to whom the order belongs, although their events do not say to whom."""

import uuid
from typing import Any

import pytest
from lib.store import connect
from lib.world import World


def payment(world: World, order: str, kind: str, **fields: Any) -> Any:
    event = world.envelope("payment")
    event.payment_id, event.order_id = f"pay_n-{uuid.uuid4().hex}", order
    event.cart_id, event.user_id = f"n-{uuid.uuid4().hex}", "u1"
    for name, value in fields.items():
        setattr(getattr(event, kind), name, value)
    return event


def held(world: World, order: str) -> Any:
    """A verdict in a stream of its own: the order's cart gets one from the fraud service."""
    event = world.envelope("fraud")
    event.cart_id, event.order_id, event.user_id = f"n-{uuid.uuid4().hex}", order, "u1"
    event.fraud_held.score = 50
    return event


CAPTURED = {"amount_minor": 102400, "currency": "EUR"}
PAYMENTS = [
    ("payment_captured", "payment-captured", CAPTURED, "1.024,00\xa0€"),
    ("payment_failed", "payment-failed", {"code": "card_declined"}, "1.024,00\xa0€"),
    ("payment_refunded", "refund", {"amount_minor": 500, "currency": "EUR"}, "5,00\xa0€"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "kind", "fields", "amount"), PAYMENTS)
def test_payments(
    world: World, name: str, event: str, kind: str, fields: dict[str, Any], amount: str
) -> None:
    to = f"{name}@example.com"
    order = world.check_out(to, locale="de-DE")
    told = payment(world, order, event, **fields)
    world.append("payment", told)
    # The stack's own billing tells about the same order.
    subject = str(uuid.UUID(bytes=told.event_id)) if kind == "refund" else told.payment_id
    world.wait_kind(order, kind, "sent", subject=subject)
    [mail] = [
        mail
        for mail in world.outside.mails(to, kind)
        if subject.split("-")[1] in mail["Message-ID"]
    ]
    assert order in mail["Subject"]
    assert amount in mail.get_body(("plain",)).get_content()


def test_a_held_order(world: World, name: str) -> None:
    to, phone = f"{name}@example.com", "+15550000009"
    order = world.check_out(to, phone, locale="fr-FR")
    world.append("fraud", held(world, order))
    world.wait_kind(order, "fraud-hold", "sent")
    world.wait_kind(order, "fraud-hold", "sent", "sms")
    mails = world.outside.mails(to, "fraud-hold")
    assert [mail["Subject"] for mail in mails] == [f"Nous vérifions votre commande {order}"]
    assert any("nous vérifions" in sms["Body"] for sms in world.outside.messages(phone))


def test_an_order_that_is_held_twice_is_told_once(world: World, name: str) -> None:
    to = f"{name}@example.com"
    order = world.check_out(to)
    world.append("fraud", held(world, order), held(world, order))
    later = world.check_out(f"{name}.later@example.com")
    world.append("fraud", held(world, later))
    world.wait_kind(order, "fraud-hold", "sent")
    world.wait_kind(later, "fraud-hold", "sent")
    assert len(world.outside.entries(to, "fraud-hold")) == 1


def test_news_that_overtake_their_order(world: World, name: str) -> None:
    """On another topic, and earlier: the message waits until it is known whom it is for."""
    checkout = world.checkout(f"{name}@example.com")
    order = checkout.cart_checked_out.order_id
    world.append("fraud", held(world, order))
    row = world.wait_kind(order, "fraud-hold", "waiting")
    world.append("cart", checkout)
    world.wait_kind(order, "fraud-hold", "sent")
    assert row["tries"] == 0
    assert len(world.outside.mails(f"{name}@example.com", "fraud-hold")) == 1


def test_news_of_an_order_that_never_comes(world: World) -> None:
    order = f"ord_{uuid.uuid4().hex}"
    world.append("fraud", held(world, order))
    world.wait_kind(order, "fraud-hold", "waiting")
    with connect(world.stack) as connection:
        connection.execute(
            "UPDATE notifications SET recorded_at = recorded_at - interval '1 day' "
            "WHERE order_id = %s",
            (order,),
        )
    row = world.wait_kind(order, "fraud-hold", "dead")
    assert (row["reason"], row["maybe_sent"]) == ("contact_unknown", False)
