"""W3C trace context: taken, continued into the event and its Kafka headers, made when absent."""

import re
import secrets

import pytest
from lib.api import Api
from lib.stack import Stack
from lib.store import connect, read_topic
from lib.system import wait_caught_up

VALID = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def stored_trace(stack: Stack, cart: str) -> tuple[str, int]:
    with connect(stack) as connection:
        row = connection.execute(
            "SELECT correlation_id, trace_flags FROM cart_events WHERE stream_id = %s", (cart,)
        ).fetchone()
    return row[0].hex, row[1]


def traceparent_in_kafka(stack: Stack, cart: str) -> str:
    wait_caught_up(stack, carts=[cart])
    records = [record for record in read_topic(stack) if record.key == cart.encode()]
    assert len(records) == 1
    return records[0].headers["traceparent"].decode()


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_trace_goes_on(stack: Stack, api: Api, cart: str, flags: str) -> None:
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    api.add(cart, headers={"traceparent": f"00-{trace_id}-{span_id}-{flags}"})
    assert stored_trace(stack, cart) == (trace_id, int(flags))
    continued = traceparent_in_kafka(stack, cart)
    assert VALID.fullmatch(continued)
    assert continued.split("-")[1] == trace_id
    assert continued.split("-")[3] == flags


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "junk",
        f"00-{'0' * 32}-{'1' * 16}-01",
        f"00-{'1' * 32}-{'0' * 16}-01",
        f"ff-{'1' * 32}-{'1' * 16}-01",
        f"00-{'A' * 32}-{'1' * 16}-01",
        f"00-{'1' * 32}-{'1' * 16}-01-extra",
        f"00-{'1' * 31}-{'1' * 16}-01",
    ],
)
def test_a_trace_is_made(stack: Stack, api: Api, cart: str, header: str | None) -> None:
    answer = api.add(cart, headers={} if header is None else {"traceparent": header})
    assert answer.status_code == 201
    trace_id, _ = stored_trace(stack, cart)
    assert set(trace_id) not in ({"0"}, {"1"}, {"a"})


def test_a_made_trace_is_valid_in_kafka(stack: Stack, api: Api, cart: str) -> None:
    api.add(cart)
    assert VALID.fullmatch(traceparent_in_kafka(stack, cart))


def test_a_refusal_names_its_trace(api: Api, cart: str) -> None:
    trace_id = secrets.token_hex(16)
    answer = api.view(cart, headers={"traceparent": f"00-{trace_id}-{'1' * 16}-01"})
    assert answer.json()["traceId"] == trace_id
