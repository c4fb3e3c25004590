"""A topic that is ahead of the store (restored backup, lost failover): an alarm and a stop.

It runs in a stack of its own: such a topic is never well again.
"""

from collections.abc import Iterator

import pytest
from confluent_kafka import Producer
from lib.api import Api
from lib.events import PACKAGE, make_item_added
from lib.murmur2 import partition_of
from lib.stack import Stack, running_stack
from lib.store import read_topic
from lib.system import wait_caught_up
from lib.wait import stays_true, wait_until


@pytest.fixture
def second_stack() -> Iterator[Stack]:
    with running_stack("topic-ahead") as running:
        yield running


def positions(stack: Stack, partition: int) -> list[int]:
    return [
        int(record.headers["position"])
        for record in read_topic(stack)
        if record.partition == partition
    ]


@pytest.mark.slow
def test_the_relay_stops_with_an_alarm(second_stack: Stack, cart: str) -> None:

    stack = second_stack
    api = Api(stack.env["CART_API_URL"])
    partition = partition_of(cart)
    assert api.add(cart, "first").status_code == 201
    wait_caught_up(stack)
    assert positions(stack, partition) == [1]

    # Events that a lost primary had published: positions 2 to 4, which our store does not have.
    producer = Producer({"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"], "log_level": 0})
    for position in (2, 3, 4):
        event = make_item_added(cart, position, product_id="lost")
        headers = {
            "ce_specversion": "1.0",
            "ce_id": "01936b2e-0000-7000-8000-00000000000" + str(position),
            "ce_source": "/cartwright/cart",
            "ce_type": f"{PACKAGE}.ItemAdded",
            "ce_subject": cart,
            "partitionkey": cart,
            "version": str(position),
            "position": str(position),
        }
        producer.produce("cart.events", event.SerializeToString(), cart, partition, headers=headers)
    assert producer.flush(10) == 0

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


def not_ready(api: Api) -> str:
    """What /readyz complains about."""
    answer = api.http.get("/readyz")
    return answer.text.lower() if answer.status_code == 503 else ""
