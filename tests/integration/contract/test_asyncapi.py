"""The served AsyncAPI document: every topic is in it, and every record on them is as it says."""

import re
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from lib.api import Api, new_cart
from lib.asyncapi import channel_of, messages_of, problems, references, resolve
from lib.paths import PROTO
from lib.stack import Stack
from lib.store import read_topic
from lib.system import wait_caught_up

CATEGORIES = ("cart", "payment", "fraud")


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    answer = api.http.get("/asyncapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def words_of(category: str) -> set[str]:
    """The messages of the event's oneof, as proto/ has them."""
    text = (PROTO / f"{category}.proto").read_text()
    body = re.search(r"oneof body\s*\{(.*?)\}", text, re.DOTALL)
    assert body is not None
    names = re.findall(r"^\s*(\w+) \w+ = \d+;", body[1], re.MULTILINE)
    return {f"cartwright.{category}.v1.{name}" for name in names}


def test_the_document_is_whole(document: dict[str, Any]) -> None:
    assert document["asyncapi"] == "3.0.0"
    for reference in references(document):
        resolve(document, reference)
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert "address" in resolve(document, operation["channel"])


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_word_is_described(document: dict[str, Any], category: str) -> None:
    messages = messages_of(document, f"{category}.events")
    assert set(messages) == words_of(category)
    for name, message in messages.items():
        assert message["summary"], name
        payload = resolve(document, message["payload"])
        assert payload["schemaFormat"] == "application/vnd.google.protobuf;version=3"
        assert payload["schema"] == (PROTO / f"{category}.proto").read_text()


def test_every_topic_is_a_channel(stack: Stack, document: dict[str, Any]) -> None:
    admin = AdminClient({"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"]})
    topics = admin.list_topics(timeout=10).topics
    names = {name for name in topics if not name.startswith("__")}
    assert names <= {channel["address"] for channel in document["channels"].values()}
    for name in names:
        described = channel_of(document, name)["bindings"]["kafka"]
        assert described["partitions"] == len(topics[name].partitions), name


def make_every_word(api: Api) -> list[str]:
    """Carts with each kind of event that a command makes."""
    cart, guest = new_cart(), new_cart()
    api.add(cart, "a", 2)
    api.set(cart, "a", 3)
    api.remove(cart, "a")
    api.add(cart, "b")
    api.clear(cart)
    api.add(guest, "c")
    api.merge(cart, guest)
    api.check_out(cart)
    opened = api.http.post("/api/cart", json={}).json()["cartId"]
    return [cart, guest, opened]


def test_the_records_are_as_described(stack: Stack, api: Api, document: dict[str, Any]) -> None:
    carts = make_every_word(api)
    wait_caught_up(stack, 20, carts)
    seen: set[str] = set()
    for category in CATEGORIES:
        topic = f"{category}.events"
        messages = messages_of(document, topic)
        for record in read_topic(stack, topic):
            if (record.partition, record.offset) in stack.strangers and topic == "cart.events":
                continue
            name = record.headers["ce_type"].decode()
            assert name in messages, f"{topic} has a {name}"
            seen.add(name)
            found = problems(document, record, messages[name])
            assert not found, found
            assert record.key == record.headers["ce_subject"]
    made = words_of("cart") - {f"cartwright.cart.v1.{t}" for t in ("CartAbandoned", "CartExpired")}
    assert made <= seen
