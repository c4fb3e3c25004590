"""Events in the topic that the store does not have. A topic that is ahead of the store (restored
backup, lost failover): an alarm and a stop. A forged event in the place of a real one: an alarm.

In a stack of its own: such a topic is never well again.
"""

import re
import uuid
from collections.abc import Iterator

import httpx
import pytest
from confluent_kafka import Producer
from lib.api import Api, new_cart
from lib.events import PACKAGE, make_item_added
from lib.fold import rfc3339
from lib.murmur2 import partition_of
from lib.stack import Stack, running_stack
from lib.store import connect, partition_heads, read_events, read_topic, view_versions
from lib.system import wait_caught_up
from lib.wait import stays_true, wait_until


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack("topic-ahead") as running:
        yield running


def positions(stack: Stack, partition: int) -> list[int]:
    return [
        int(record.headers["position"])
        for record in read_topic(stack)
        if record.partition == partition
    ]


def publish(stack: Stack, cart: str, version: int, position: int, product_id: str) -> None:
    """An event as another relay would have published it."""
    event = make_item_added(cart, version, product_id=product_id)
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid.UUID(bytes=event.event_id)),
        "ce_source": "/cartwright/cart",
        "ce_type": f"{PACKAGE}.ItemAdded",
        "ce_time": rfc3339(event.occurred_at_us),
        "ce_subject": cart,
        "content-type": "application/protobuf",
        "partitionkey": cart,
        "version": str(version),
        "position": str(position),
        "correlationid": str(uuid.UUID(bytes=event.correlation_id)),
        "causationid": str(uuid.UUID(bytes=event.causation_id)),
        "traceparent": f"00-{event.correlation_id.hex()}-{event.causation_id.hex()[16:]}-01",
    }
    producer = Producer({"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"], "log_level": 0})
    payload = event.SerializeToString()
    producer.produce("cart.events", payload, cart, partition_of(cart), headers=headers)
    assert producer.flush(10) == 0


def conflicts(stack: Stack) -> int:
    text = httpx.get(f"{stack.env['DENORMALIZER_URL']}/metrics", trust_env=False).text
    found = re.search(r"^cartwright_consumer_conflicts_total (\d+)$", text, re.MULTILINE)
    return int(found[1])


def test_a_forged_event_is_not_passed_over_in_silence(stack: Stack, cart: str) -> None:
    """Valid by every byte, and published before the real one of its position: who consumed it cannot
    have known, but the real one behind it tells."""
    api = Api(stack.env["CART_API_URL"])
    assert api.add(cart, "first").status_code == 201
    wait_caught_up(stack)
    assert conflicts(stack) == 0
    publish(stack, cart, 2, 2, "forged")
    wait_until(lambda: view_versions(stack, [cart])[cart] == 2, 10, "it is applied")
    assert api.add(cart, "second").json()["version"] == 2
    # The real one behind it shows the conflict; unless the look at the store's end, which is
    # taken now and then, came before the real one was there, and has stopped the partition.
    alarms = ("two events with one position", "topic and event store contradict each other")

    def told() -> list[str]:
        log = stack.log("denormalizer").read_text()
        return [words for words in alarms if words in log]

    found = wait_until(told, 10, "an alarm tells of it")
    assert conflicts(stack) == found.count(alarms[0])
    # What the API decides on is the store's.
    items = api.state(cart, version=2).json()["items"]
    assert [line["productId"] for line in items] == ["first", "second"]


@pytest.mark.slow
def test_the_relay_stops_with_an_alarm(stack: Stack) -> None:
    api = Api(stack.env["CART_API_URL"])
    used = partition_heads(stack)
    cart = next(cart for cart in iter(new_cart, None) if partition_of(cart) not in used)
    partition = partition_of(cart)
    assert api.add(cart, "first").status_code == 201
    wait_caught_up(stack, carts=[cart])
    assert positions(stack, partition) == [1]

    # Events that a lost primary had published: positions 2 to 4, which our store does not have.
    for position in (2, 3, 4):
        publish(stack, cart, position, position, "lost")

    stack.wait_restarted("cart-api", stack.kill("cart-api"))
    api = Api(stack.env["CART_API_URL"])
    wait_until(lambda: "ahead" in not_ready(api), 30, "/readyz tells of the alarm")
    # Nothing may follow in that partition, whatever is committed.
    api.add(cart, "second")
    stays_true(lambda: positions(stack, partition) == [1, 2, 3, 4], 4, "the relay has stopped")
    log = stack.log("cart-api").read_text()
    assert '"level":"error"' in log, "no error in the log"
    # The store's own truth is still served.
    view = api.view(cart, min_version=1).json()
    assert "lost" not in [line["productId"] for line in view["items"]]


def test_a_lost_commit_leaves_no_gap(stack: Stack) -> None:
    """A server that does not have what cart-api has seen committed: nothing is built on that."""
    api = Api(stack.env["CART_API_URL"])
    used = partition_heads(stack)
    cart = next(cart for cart in iter(new_cart, None) if partition_of(cart) not in used)
    for version in (1, 2, 3):
        assert api.add(cart, "seen").json()["version"] == version
    with connect(stack) as connection:
        connection.execute("DELETE FROM cart_events WHERE stream_id = %s AND version > 1", (cart,))
    stack.wait_restarted("postgresql", stack.kill("postgresql"))
    wait_until(lambda: api.add(cart, "after").status_code < 300, 20, "the API writes again")
    events = read_events(stack, cart)
    assert [(event.version, event.position) for event in events] == [(1, 1), (2, 2)]


def not_ready(api: Api) -> str:
    """What /readyz complains about."""
    answer = api.http.get("/readyz")
    return answer.text.lower() if answer.status_code == 503 else ""
