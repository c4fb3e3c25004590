"""The words in both directions: Python reads what C wrote, C reads what Python wrote."""

import uuid

from lib.api import Api, item
from lib.checker import check_contents
from lib.events import FUTURE_FIELDS, body_of, decode, make_item_added, message
from lib.stack import Stack
from lib.store import by_stream, read_events, read_topic
from lib.system import read_contents, report, wait_caught_up
from lib.writer import append


def test_python_reads_what_the_api_wrote(stack: Stack, api: Api, cart: str) -> None:
    api.add_many(cart, [item("a", 3, 7, "Ünïcødé 🛒"), item("b", 1, 2**40)], user_id="Zoë")
    api.set(cart, "a", 9)
    api.remove(cart, "b")
    api.clear(cart)
    stream = by_stream(read_events(stack))[cart]
    bodies = [body_of(decode(event.payload)) for event in stream]
    assert [name for name, _ in bodies] == [
        *("ItemAdded", "ItemAdded", "ItemQuantityChanged", "ItemRemoved", "CartCleared")
    ]
    first = bodies[0][1]
    assert (first.product_id, first.product_name, first.price_minor) == ("a", "Ünïcødé 🛒", 7)
    assert (first.currency, first.quantity, first.user_id) == ("USD", 3, "Zoë")
    assert (bodies[1][1].price_minor, bodies[1][1].user_id) == (2**40, "")
    assert (bodies[2][1].quantity, bodies[2][1].previous_quantity) == (9, 3)
    assert bodies[3][1].quantity == 1
    assert bodies[4][1].lines == 1
    for event in stream:
        decoded = decode(event.payload)
        assert decoded.SerializeToString() == event.payload, "not in field order"
        assert uuid.UUID(bytes=decoded.event_id).version == 7
        assert uuid.UUID(bytes=decoded.causation_id).version == 7
    assert len({decode(event.payload).causation_id for event in stream[:2]}) == 1


def test_c_reads_what_python_wrote(stack: Stack, api: Api, cart: str) -> None:
    """A cart that is there already, and is in the API's cache."""
    api.add(cart, "a", 1, 100)
    append(stack, make_item_added(cart, 2, product_id="b", quantity=4, price_minor=25))
    assert api.view(cart, min_version=2).json()["total"] == 200
    assert api.state(cart, version=2).json()["totalQuantity"] == 5
    assert api.all_events(cart)[1]["data"]["productId"] == "b"
    # The API's own next command is decided on it.
    answer = api.set(cart, "b", 1)
    assert (answer.status_code, answer.json()["version"]) == (200, 3)
    wait_caught_up(stack, carts=[cart])


def test_unknown_fields_survive(stack: Stack, api: Api, cart: str) -> None:
    """Fields of a future version, in the event and in its body, reach Kafka as they were written."""
    event = make_item_added(cart, 1, quantity=2)
    added = event.item_added.SerializeToString() + FUTURE_FIELDS
    event.item_added.CopyFrom(message("ItemAdded").FromString(added))
    payload = event.SerializeToString() + FUTURE_FIELDS
    assert payload.count(FUTURE_FIELDS) == 2
    append(stack, event, payload)
    assert api.view(cart, min_version=1).json()["totalQuantity"] == 2
    assert api.add(cart, "prod-1", 3).json()["totalQuantity"] == 5
    wait_caught_up(stack, carts=[cart])
    records = [record for record in read_topic(stack) if record.key == cart.encode()]
    assert records[0].value == payload
    assert by_stream(read_events(stack))[cart][0].payload == payload
    assert api.view(cart).json()["totalQuantity"] == 5


def test_fields_in_another_order_are_the_same_event(stack: Stack, api: Api, cart: str) -> None:
    """Protobuf lets a writer order fields as it likes, and the last one of a kind wins."""
    event = make_item_added(cart, 1, quantity=3)
    plain = event.SerializeToString()
    body_first = b"\x82\x01" + plain.split(b"\x82\x01", 1)[1]
    payload = body_first + plain.split(b"\x82\x01", 1)[0]
    assert decode(payload) == event
    append(stack, event, payload)
    assert api.view(cart, min_version=1).json()["totalQuantity"] == 3
    wait_caught_up(stack, carts=[cart])


def test_all_of_it_is_consistent(stack: Stack) -> None:
    wait_caught_up(stack)
    found = check_contents(read_contents(stack), frozenset(stack.strangers))
    assert not found, report(found)
