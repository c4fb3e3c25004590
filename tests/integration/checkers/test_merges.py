"""Planted faults in merges: half a merge, and a merge that loses or makes quantities."""

from dataclasses import replace

import pytest
from lib.checker import check_merges
from lib.events import body_of, decode, make_item_added
from lib.fold import fold
from lib.murmur2 import partition_of
from lib.store import StoredEvent, decoded_stream


def stored(message: object, position: int) -> StoredEvent:
    return StoredEvent(
        partition_of(message.cart_id), position, message.cart_id, message.version,
        message.event_id, body_of(message)[0], message.SerializeToString(), message.actor,
        message.correlation_id, message.causation_id, message.occurred_at_us,
    )  # fmt: skip


def merged(cart_id: str, quantity: int | None) -> StoredEvent:
    """A half of the merge of guest into user; quantity: of the line that the target has then."""
    message = make_item_added(cart_id, 2, at_us=5)
    message.causation_id = b"m" * 16
    body = message.cart_merged
    body.from_cart_id, body.into_cart_id, body.currency = "guest", "user", "USD"
    body.user_id = "user-1"
    if quantity is not None:
        body.lines.add(
            product_id="prod-1",
            product_name="A product",
            price_minor=100,
            quantity=quantity,
            line_total_minor=100 * quantity,
        )
    return stored(message, 2)


def history(quantity: int) -> list[StoredEvent]:
    return [
        stored(make_item_added("user", 1, quantity=2, at_us=1), 1),
        stored(make_item_added("guest", 1, quantity=3, at_us=2), 1),
        merged("user", quantity),
        merged("guest", None),
    ]


@pytest.mark.parametrize("quantity", [5, 3])
def test_what_a_strategy_makes_is_fine(quantity: int) -> None:
    events = history(quantity)
    assert fold(decoded_stream([events[0], events[2]])).quantity() == quantity
    assert check_merges(events) == []


@pytest.mark.parametrize("quantity", [2, 6, 8])
def test_other_quantities_are_found(quantity: int) -> None:
    assert check_merges(history(quantity))


@pytest.mark.parametrize("lost", [2, 3])
def test_half_a_merge_is_found(lost: int) -> None:
    events = history(5)
    del events[lost]
    assert check_merges(events)


def test_a_lost_line_is_found() -> None:
    events = history(5)
    message = decode(events[2].payload)
    message.cart_merged.ClearField("lines")
    events[2] = replace(events[2], payload=message.SerializeToString())
    assert check_merges(events)
