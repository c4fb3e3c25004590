"""Planted faults: each kind of violation is found, and healthy data are found healthy."""

from dataclasses import replace

import pytest
from lib.checker import (
    Contents,
    check_contents,
    check_density,
    check_journal,
    check_payloads,
    check_topic,
    check_views,
)
from lib.events import PACKAGE, body_of, make_item_added
from lib.fold import canonical, fold, view
from lib.journal import Operation
from lib.murmur2 import partition_of
from lib.store import TOPIC, Record, StoredEvent, StoredView, by_stream, decoded_stream

CARTS = ["cart-a", "cart-b", "cart-c"]
VERSIONS = 4


def store_event(message: object, position: int) -> StoredEvent:
    return StoredEvent(
        partition_of(message.cart_id), position, message.cart_id, message.version,
        message.event_id, body_of(message)[0], message.SerializeToString(), message.actor,
        message.correlation_id, message.causation_id, message.occurred_at_us,
    )  # fmt: skip


def record_of(event: StoredEvent, offset: int) -> Record:
    hexes = event.event_id.hex()
    headers = {
        "ce_id": "-".join((hexes[:8], hexes[8:12], hexes[12:16], hexes[16:20], hexes[20:])),
        "ce_type": f"{PACKAGE}.{event.type}",
        "ce_subject": event.stream_id,
        "ce_source": "/cartwright/cart",
        "ce_time": "2026-11-21T12:00:00.123456Z",
        "ce_specversion": "1.0",
        "partitionkey": event.stream_id,
        "position": str(event.position),
        "version": str(event.version),
        "traceparent": f"00-{event.correlation_id.hex()}-00f067aa0ba902b7-01",
    }
    encoded = {name: value.encode() for name, value in headers.items()}
    key = event.stream_id.encode()
    return Record(TOPIC, event.partition, offset, key, event.payload, encoded)


@pytest.fixture
def healthy() -> Contents:
    positions: dict[int, int] = {}
    events = []
    for version in range(1, VERSIONS + 1):
        for number, cart_id in enumerate(CARTS):
            partition = partition_of(cart_id)
            positions[partition] = positions.get(partition, 0) + 1
            message = make_item_added(cart_id, version, at_us=1_000_000 * version + number)
            events.append(store_event(message, positions[partition]))
    events.sort(key=lambda event: (event.partition, event.position))
    records = [record_of(event, event.position - 1) for event in events]
    views = {
        cart_id: StoredView(VERSIONS, canonical(view(cart_id, fold(decoded_stream(stream)))))
        for cart_id, stream in by_stream(events).items()
    }
    return Contents(events, records, views)


def operation_of(event: StoredEvent) -> Operation:
    operation = Operation(event.correlation_id.hex(), event.stream_id, "add", outcome="ok")
    operation.items = [{"productId": "prod-1", "quantity": 1, "price": 100}]
    operation.version, operation.position = event.version, event.position
    return operation


def test_healthy_data_are_healthy(healthy: Contents) -> None:
    assert check_contents(healthy, exactly_once=True) == []
    assert check_journal([operation_of(event) for event in healthy.events], healthy.events) == []


def test_a_missing_position_is_found(healthy: Contents) -> None:
    assert "due" in check_density(healthy.events[:1] + healthy.events[2:])[0]


def test_a_position_twice_is_found(healthy: Contents) -> None:
    assert check_density([*healthy.events, healthy.events[0]])


def test_a_version_out_of_order_is_found(healthy: Contents) -> None:
    stream = by_stream(healthy.events)["cart-a"]
    first, second = replace(stream[0], version=2), replace(stream[1], version=1)
    others = [event for event in healthy.events if event not in stream[:2]]
    assert check_density([*others, first, second])


def test_a_random_partition_is_found(healthy: Contents) -> None:
    wrong = replace(healthy.events[0], partition=(healthy.events[0].partition + 1) % 16)
    assert any("not in its own" in found for found in check_density([wrong]))


def test_a_payload_of_another_version_is_found(healthy: Contents) -> None:
    wrong = replace(healthy.events[0], payload=healthy.events[1].payload)
    assert check_payloads([wrong])


def test_a_payload_that_is_none_is_found(healthy: Contents) -> None:
    assert check_payloads([replace(healthy.events[0], payload=b"\xff\xff")])


def test_time_that_falls_is_found(healthy: Contents) -> None:
    stream = by_stream(healthy.events)["cart-a"]
    assert any(
        "earlier" in found
        for found in check_payloads([stream[0], replace(stream[1], recorded_at_us=1)])
    )


def test_a_missing_record_is_found(healthy: Contents) -> None:
    assert any(
        "not in the topic" in found for found in check_topic(healthy.events, healthy.records[:-1])
    )


def test_a_record_that_is_not_stored_is_found(healthy: Contents) -> None:
    stranger = replace(healthy.records[0], offset=99, headers={"position": b"999"})
    found = check_topic(healthy.events, [*healthy.records, stranger])
    assert any("is not stored" in text for text in found)
    place = frozenset({(stranger.partition, 99)})
    assert check_topic(healthy.events, [*healthy.records, stranger], place) == []


def test_wrong_order_in_the_topic_is_found(healthy: Contents) -> None:
    first, second = healthy.records[0], healthy.records[1]
    assert first.partition == second.partition
    swapped = [replace(first, offset=second.offset), replace(second, offset=first.offset)]
    assert any("due" in text for text in check_topic(healthy.events, swapped + healthy.records[2:]))


def test_a_duplicate_is_allowed_and_counted_when_asked(healthy: Contents) -> None:
    again = [*healthy.records, replace(healthy.records[0], offset=99)]
    assert check_topic(healthy.events, again) == []
    assert any("again" in found for found in check_topic(healthy.events, again, exactly_once=True))


@pytest.mark.parametrize(
    "change",
    [
        {"value": b"other"},
        {"key": b"other"},
        {"headers": {"position": b"1"}},
    ],
)
def test_a_record_that_differs_is_found(healthy: Contents, change: dict) -> None:
    assert check_topic(healthy.events, [replace(healthy.records[0], **change)])


def test_a_view_one_version_stale_is_found(healthy: Contents) -> None:
    stream = by_stream(healthy.events)["cart-a"]
    stale = canonical(view("cart-a", fold(decoded_stream(stream), version=VERSIONS - 1)))
    views = {**healthy.views, "cart-a": StoredView(VERSIONS - 1, stale)}
    assert len(check_views(healthy.events, views)) == 2
    views = {**healthy.views, "cart-a": StoredView(VERSIONS, stale)}
    assert len(check_views(healthy.events, views)) == 1


def test_a_missing_view_and_one_too_many_are_found(healthy: Contents) -> None:
    views = dict(healthy.views)
    views["cart-z"] = views.pop("cart-a")
    assert len(check_views(healthy.events, views)) == 2


def test_a_lost_acknowledgement_is_found(healthy: Contents) -> None:
    operations = [operation_of(event) for event in healthy.events]
    last = healthy.events[-1]
    assert any("not stored" in found for found in check_journal(operations, healthy.events[:-1])), (
        last
    )


def test_a_command_executed_twice_is_found(healthy: Contents) -> None:
    first, second = by_stream(healthy.events)["cart-a"][:2]
    twice = replace(second, correlation_id=first.correlation_id)
    events = [twice if event is second else event for event in healthy.events]
    found = check_journal([operation_of(event) for event in healthy.events], events)
    assert any("executed 2 times" in text for text in found)


@pytest.mark.parametrize("outcome", ["refused", "failed"])
def test_a_refused_command_that_is_stored_is_found(healthy: Contents, outcome: str) -> None:
    operations = [operation_of(event) for event in healthy.events]
    operations[0].outcome = outcome
    assert any("are stored" in found for found in check_journal(operations, healthy.events))


def test_an_unknown_command_may_be_stored_or_not(healthy: Contents) -> None:
    operations = [operation_of(event) for event in healthy.events]
    operations[-1].outcome = "unknown"
    assert check_journal(operations, healthy.events) == []
    assert check_journal(operations, healthy.events[:-1]) == []


def test_a_wrong_acknowledged_version_is_found(healthy: Contents) -> None:
    operations = [operation_of(event) for event in healthy.events]
    operations[0].version += 1
    assert any("acknowledged as" in found for found in check_journal(operations, healthy.events))


def test_an_effect_that_nobody_asked_for_is_found(healthy: Contents) -> None:
    operations = [operation_of(event) for event in healthy.events]
    operations[0].items[0]["quantity"] = 2
    assert any("other than asked" in found for found in check_journal(operations, healthy.events))
    assert any("nobody" in found for found in check_journal(operations[1:], healthy.events))
