"""GET /ws: several carts over one WebSocket, and everything that a client can do wrong."""

import json
import socket
from contextlib import suppress

import pytest
from lib.api import Api, code_of, new_cart
from lib.live import frame, hear, raw_handshake, say, subscribe, web_socket
from lib.raw_http import receive_all
from websockets.exceptions import ConnectionClosed, InvalidStatus


def test_several_carts(api: Api) -> None:
    carts = [new_cart() for _ in range(3)]
    for cart_id in carts:
        api.add(cart_id)
    with web_socket(api.url) as connection:
        assert connection.subprotocol == "cartwright.v1"
        for cart_id in carts:
            done = subscribe(connection, cart_id)
            assert done == {"type": "subscribed", "cartId": cart_id, "version": 1}
            view = hear(connection)
            assert (view["type"], view["cartId"], view["version"]) == ("view", cart_id, 1)
            assert view["view"] == api.view(cart_id).json()
        api.add(carts[1])
        view = hear(connection)
        assert (view["cartId"], view["version"]) == (carts[1], 2)
        say(connection, type="unsubscribe", cartId=carts[1])
        assert hear(connection) == {"type": "unsubscribed", "cartId": carts[1]}
        api.add(carts[1])
        api.add(carts[2])
        assert hear(connection)["cartId"] == carts[2]
        assert api.view(carts[1], min_version=3).is_success
        # It comes back with what it has, and is told what it missed.
        assert subscribe(connection, carts[1], version=2)["version"] == 3
        assert hear(connection)["version"] == 3


def test_what_the_client_has_is_not_sent_again(api: Api, cart: str) -> None:
    api.add(cart)
    with web_socket(api.url) as connection:
        assert subscribe(connection, cart, version=1)["version"] == 1
        say(connection, type="ping")
        assert hear(connection) == {"type": "pong"}, "a view was sent"


def test_refusals_that_leave_the_socket_open(api: Api, cart: str) -> None:
    api.add(cart)
    with web_socket(api.url) as connection:
        refused = subscribe(connection, new_cart())
        assert (refused["type"], refused["code"]) == ("error", "cart_not_found")
        assert subscribe(connection, cart, version=1)["type"] == "subscribed"
        assert subscribe(connection, cart)["code"] == "already_subscribed"
        others = [new_cart() for _ in range(20)]
        for cart_id in others:
            api.add(cart_id)
        answers = [subscribe(connection, cart_id, version=1) for cart_id in others]
        assert [answer["type"] for answer in answers] == ["subscribed"] * 19 + ["error"]
        assert answers[-1]["code"] == "too_many_carts"


BAD_TEXTS = [
    *("", "x", "[]", "null", '{"type":"subscribe"}', '{"type":"nothing"}', "{" * 2000),
    *('{"type":"subscribe","cartId":"a b"}', '{"type":"ping"}{"type":"ping"}'),
    *('{"type":"ping","type":"ping"}', '{"type":"subscribe","cartId":"c","version":"1"}'),
]


def test_messages_that_are_none(api: Api) -> None:
    for text in BAD_TEXTS:
        with web_socket(api.url) as connection:
            connection.send(text)
            with suppress(ConnectionClosed):
                connection.send('{"type":"ping"}')  # heard no more
            refused = hear(connection)
            assert (refused["type"], refused["code"]) == ("error", "invalid_message"), text
            with pytest.raises(ConnectionClosed) as closed:
                hear(connection)
            assert closed.value.rcvd.code == 1008, text


FRAMES = {
    "binary": (frame(2, b"{}"), 1003),
    "longer than 4 KiB": (frame(1, b"x" * 4097), 1009),
    "longer than 4 KiB in pieces": (
        *(frame(1, b"x" * 3000, final=False) + frame(0, b"x" * 3000), 1009),
    ),
    "not UTF-8": (frame(1, b"\xc3\x28"), 1007),
    "not masked": (b"\x81\x02hi", 1002),
    "a reserved opcode": (frame(3, b"12345678"), 1002),
    "a reserved bit": (b"\xc1\x80\0\0\0\0", 1002),
    "a piece of nothing": (frame(0, b"12345678"), 1002),
    "a ping in pieces": (frame(9, b"", final=False), None),
    "a ping of 126 bytes": (frame(9, b"x" * 126), None),
    "garbage": (bytes(range(256)), 1002),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_that_break_the_protocol(api: Api, name: str) -> None:
    sent, code = FRAMES[name]
    with raw_handshake(api.url) as connection:
        connection.sendall(sent)
        received = receive_all(connection, 5).partition(b"\r\n\r\n")[2]
    assert received[0] == 0x88, received
    assert code is None or int.from_bytes(received[2:4], "big") == code


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Sec-WebSocket-Version": "8"}, 426, "upgrade_required"),
        ({"Sec-WebSocket-Version": ""}, 426, "upgrade_required"),
        ({"Upgrade": ""}, 426, "upgrade_required"),
        ({"Upgrade": "h2c"}, 426, "upgrade_required"),
        ({"Sec-WebSocket-Key": "short"}, 400, "bad_request"),
        ({"Sec-WebSocket-Key": ""}, 400, "bad_request"),
        ({"Origin": "https://evil.example"}, 403, "origin_not_allowed"),
        ({"Origin": "null"}, 403, "origin_not_allowed"),
    ],
)
def test_openings_that_are_refused(
    api: Api, headers: dict[str, str], status: int, code: str
) -> None:
    with raw_handshake(api.url, **headers) as connection:
        head, _, body = receive_all(connection, 5).partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert json.loads(body)["code"] == code
    if status == 426:
        assert b"\r\nsec-websocket-version: 13" in head
        assert b"\r\nupgrade: websocket" in head


def test_a_page_of_an_allowed_origin(api: Api) -> None:
    with web_socket(api.url, origin=api.url) as connection:
        say(connection, type="ping")
        assert hear(connection)["type"] == "pong"
    with pytest.raises(InvalidStatus) as refused:
        web_socket(api.url, origin="https://evil.example").__enter__()
    assert refused.value.response.status_code == 403


def test_without_the_subprotocol(api: Api) -> None:
    with web_socket(api.url, subprotocols=None) as connection:
        assert connection.subprotocol is None
        assert connection.ping().wait(5), "no pong"


def test_a_half_closed_socket_is_let_go(api: Api, cart: str) -> None:
    api.add(cart)
    with raw_handshake(api.url) as connection:
        connection.sendall(frame(1, json.dumps({"type": "subscribe", "cartId": cart}).encode()))
        connection.shutdown(socket.SHUT_WR)
        receive_all(connection, 5)
        assert connection.recv(1) == b"", "the server keeps it"
    assert code_of(api.http.get("/ws")) == "upgrade_required"
