"""Poison in the topic lands in the dead letter topic with its coordinates; the partition goes on.

In a stack of its own: what is wrong in it afterwards is no other test's trouble.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from confluent_kafka import Producer
from lib.api import Api
from lib.asyncapi import messages_of, problems
from lib.events import FUTURE_FIELDS, PACKAGE, make_item_added
from lib.murmur2 import partition_of
from lib.stack import Stack, running_stack
from lib.store import DEAD_LETTERS, TOPIC, Record, partition_heads, read_topic
from lib.system import check_system, report, wait_caught_up
from lib.wait import wait_until


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack("poison") as running:
        yield running


@dataclass
class Poison:
    name: str
    value: bytes | None
    key: bytes | None = None
    headers: dict[str, bytes] = field(default_factory=dict)
    like_next: bool = False  # headers as the next record of the partition would have them


def valid_payload() -> bytes:
    return make_item_added("poisoned-cart", 1).SerializeToString()


def without_body() -> bytes:
    event = make_item_added("poisoned-cart", 1)
    event.ClearField("item_added")
    return event.SerializeToString()


def unknown_type() -> bytes:
    """A body of a kind that a future version may have: field 99 of the oneof."""
    return without_body() + b"\x9a\x06\x02\x08\x01"


def negative_quantity() -> bytes:
    return make_item_added("poisoned-cart", 1, quantity=-5).SerializeToString()


def bad_utf8() -> bytes:
    return valid_payload().replace(b"A product", b"A \xff\xfe\xfdduct")


UNKNOWN_HEADERS = {"ce_type": f"{PACKAGE}.Frobnicated".encode()}
POISONS = [
    Poison("garbage", b"\xff\x00garbage\xfe"),
    Poison("empty", b""),
    Poison("null", None),
    Poison("text", b'{"json":true}', b"some-key"),
    Poison("truncated", valid_payload()[:40]),
    Poison("truncated-with-headers", valid_payload()[:40], like_next=True),
    Poison("garbage-with-headers", b"\xff\x00garbage\xfe", like_next=True),
    Poison("empty-with-headers", b"", like_next=True),
    Poison("no-body", without_body(), like_next=True),
    Poison("unknown-type", unknown_type(), headers=UNKNOWN_HEADERS, like_next=True),
    Poison("bad-utf-8", bad_utf8(), like_next=True),
    Poison("negative", negative_quantity(), like_next=True),
    Poison("two-megabytes", b"x" * 2_000_000),
    Poison("two-megabytes-with-headers", b"\x0a" * 2_000_000, like_next=True),
    Poison("valid-without-headers", valid_payload()),
    Poison("future", valid_payload() + FUTURE_FIELDS),
    Poison("position-text", valid_payload(), headers={"position": b"seven"}),
    Poison("position-negative", valid_payload(), headers={"position": b"-1"}),
    Poison("position-zero", valid_payload(), headers={"position": b"0"}),
    Poison("position-huge", valid_payload(), headers={"position": b"9" * 40}),
    Poison("header-huge", b"x", headers={"ce_type": b"t" * 100_000}),
]


def headers_of_next(stack: Stack, cart_id: str) -> dict[str, bytes]:
    partition = partition_of(cart_id)
    position = partition_heads(stack).get(partition, 0) + 1
    texts = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid.uuid4()),
        "ce_source": "/cartwright/cart",
        "ce_type": f"{PACKAGE}.ItemAdded",
        "ce_time": "2026-11-21T12:00:00.123456Z",
        "ce_subject": cart_id,
        "partitionkey": cart_id,
        "version": "1",
        "position": str(position),
        "content-type": "application/protobuf",
        "correlationid": str(uuid.uuid4()),
        "causationid": str(uuid.uuid4()),
        "traceparent": f"00-{uuid.uuid4().hex}-{'1' * 16}-01",
    }
    return {name: text.encode() for name, text in texts.items()}


def produce(
    stack: Stack, partition: int, poison: Poison, headers: dict[str, bytes]
) -> tuple[int, int]:
    """Puts the record into the topic; its (partition, offset), which checkers will leave out."""
    producer = Producer(
        {
            "bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"],
            "message.max.bytes": 4_000_000,
            "acks": "all",
            "log_level": 0,
        }
    )
    places: list[tuple[int, int]] = []

    def delivered(error: object, record: object) -> None:
        assert error is None, error
        places.append((record.partition(), record.offset()))

    producer.produce(
        TOPIC,
        value=poison.value,
        key=poison.key,
        partition=partition,
        headers=list(headers.items()),
        on_delivery=delivered,
    )
    assert producer.flush(15) == 0
    stack.strangers.add(places[0])
    return places[0]


def dead_letter_of(stack: Stack, place: tuple[int, int]) -> Record | None:
    wanted = {"dlq.topic": TOPIC, "dlq.partition": str(place[0]), "dlq.offset": str(place[1])}
    for record in read_topic(stack, DEAD_LETTERS):
        if all(record.headers.get(key) == text.encode() for key, text in wanted.items()):
            return record
    return None


@pytest.mark.slow
def test_the_relay_goes_on_behind_poison(stack: Stack, api: Api, cart: str) -> None:
    """A relay that starts anew looks at the topic's tail, and finds poison there."""
    api.add(cart, "before")
    wait_caught_up(stack, carts=[cart])
    for poison in (POISONS[0], POISONS[2], POISONS[3]):
        produce(stack, partition_of(cart), poison, {})
    stack.wait_restarted("cart-api", stack.kill("cart-api"))
    stack.wait_ready()
    assert Api(api.url).add(cart, "after").json()["version"] == 2
    wait_caught_up(stack, 20, [cart])


@pytest.mark.slow
def test_the_denormalizer_starts_behind_poison(stack: Stack, api: Api, cart: str) -> None:
    """Poison as the last record before the committed offset, and as the first one after it."""
    api.add(cart, "before")
    wait_caught_up(stack, carts=[cart])
    place = produce(stack, partition_of(cart), POISONS[0], {})
    wait_until(lambda: dead_letter_of(stack, place), 10, "the dead letter", 0.2)
    stack.wait_restarted("denormalizer", stack.kill("denormalizer"))
    produce(stack, partition_of(cart), POISONS[1], {})
    stack.wait_ready()
    api.add(cart, "after")
    wait_caught_up(stack, 20, [cart])


@pytest.mark.parametrize("poison", [pytest.param(p, id=p.name) for p in POISONS])
def test_poison(stack: Stack, api: Api, cart: str, poison: Poison) -> None:
    assert api.add(cart, "before").status_code == 201
    wait_caught_up(stack, carts=[cart])
    headers = headers_of_next(stack, cart) if poison.like_next else {}
    if poison.like_next and poison.key is None:
        poison.key = cart.encode()
    place = produce(stack, partition_of(cart), poison, {**headers, **poison.headers})
    letter = wait_until(lambda: dead_letter_of(stack, place), 10, "the dead letter", 0.2)
    assert letter.headers["dlq.reason"].decode()
    if len(poison.value or b"") < 1_000_000:
        assert letter.value == poison.value or (not letter.value and not poison.value)
        assert letter.key == poison.key
    # The partition goes on, with the very position that the poison may have claimed.
    assert api.add(cart, "after").json()["version"] == 2
    wait_caught_up(stack, 10, [cart])
    assert api.view(cart).json()["totalQuantity"] == 2


def test_letters_are_as_described(stack: Stack, api: Api) -> None:
    document = api.http.get("/asyncapi.json").json()
    (letter,) = messages_of(document, DEAD_LETTERS).values()
    records = read_topic(stack, DEAD_LETTERS)
    assert records
    for record in records:
        found = problems(document, record, letter)
        assert not found, found


def test_everything_is_right_afterwards(stack: Stack, api: Api) -> None:
    wait_caught_up(stack)
    _, found = check_system(stack, [])
    assert not found, report(found)
    stack.wait_ready(5)


@pytest.mark.slow
def test_the_relay_goes_on_behind_poison_that_claims_a_position(
    stack: Stack, api: Api, cart: str
) -> None:
    """Garbage with the headers of the next event, and the real one behind it: a relay that starts anew
    finds two records with this position at the topic's tail, and the store knows which one is real."""
    api.add(cart, "before")
    wait_caught_up(stack, carts=[cart])
    poison = Poison("garbage", b"\xff\x00garbage\xfe", cart.encode())
    produce(stack, partition_of(cart), poison, headers_of_next(stack, cart))
    api.add(cart, "genuine")
    wait_caught_up(stack, 10, [cart])
    stack.wait_restarted("cart-api", stack.kill("cart-api"))
    stack.wait_ready()
    assert Api(api.url).add(cart, "after").is_success
    wait_caught_up(stack, 20, [cart])


@pytest.mark.slow
def test_the_relay_goes_on_behind_poison_that_claims_what_is_not_there(
    stack: Stack, api: Api, cart: str
) -> None:
    """The same, but nothing real follows before the relay starts anew: the topic's tail claims what the
    store does not have. What is no event claims nothing."""
    api.add(cart, "before")
    wait_caught_up(stack, carts=[cart])
    for poison in POISONS:
        if poison.like_next and len(poison.value) < 1000:
            lies = {**headers_of_next(stack, cart), **poison.headers}
            poison.key = cart.encode()
            produce(stack, partition_of(cart), poison, lies)
    # Whole, but of another partition; and whole, but the envelope tells of another version.
    strange = {**headers_of_next(stack, "poisoned-cart"), "position": b"1000000"}
    valid = Poison("elsewhere", valid_payload(), b"poisoned-cart")
    produce(stack, (partition_of("poisoned-cart") + 1) % 16, valid, strange)
    produce(stack, partition_of("poisoned-cart"), valid, {**strange, "version": b"7"})
    stack.wait_restarted("cart-api", stack.kill("cart-api"))
    stack.wait_ready()
    assert Api(api.url).add(cart, "after").json()["version"] == 2
    wait_caught_up(stack, 20)
    stack.wait_ready(5)
