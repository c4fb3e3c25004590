"""Where a command came from stands in its events: the client's address and what it calls its device."""

from pathlib import Path

import pytest
from lib.api import Api, new_cart
from lib.daemon import running_daemon
from lib.events import decode
from lib.problems import assert_problem
from lib.stack import Stack
from lib.store import read_events


def last_event(stack: Stack, cart: str) -> object:
    return decode(read_events(stack, cart)[-1].payload)


def test_address_and_device_are_kept(stack: Stack, api: Api, cart: str) -> None:
    api.add(cart, headers={"X-Device-Id": "phone-7"})
    event = last_event(stack, cart)
    assert (event.client_ip, event.device_id) == ("127.0.0.1", "phone-7")
    api.add(cart)
    assert last_event(stack, cart).device_id == ""


def test_a_stranger_cannot_choose_its_address(stack: Stack, api: Api, cart: str) -> None:
    api.add(cart, headers={"X-Forwarded-For": "192.0.2.1"})
    assert last_event(stack, cart).client_ip == "127.0.0.1"


@pytest.mark.parametrize("device", [b"", b"d" * 129, b"a\xc3\xbc", b"4111111111111111"])
def test_devices_that_are_refused(api: Api, cart: str, device: bytes) -> None:
    item = {"userId": "user-1", "productId": "p", "productName": "P", "price": 1, "quantity": 1}
    path = f"/api/cart/{cart}/items"
    assert_problem(api.http.post(path, json=item, headers=[(b"X-Device-Id", device)]), 400)
    assert api.view(cart).status_code == 404


def test_trusted_proxies_are_believed(stack: Stack, tmp_path: Path) -> None:
    """From the right, up to the first that is no trusted proxy; what is no address ends the way."""
    ways = [
        (["192.0.2.1"], "192.0.2.1"),
        (["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
        (["192.0.2.1, 10.1.2.3"], "192.0.2.1"),
        (["192.0.2.1", "10.1.2.3,10.9.9.9"], "192.0.2.1"),
        (["2001:DB8::0:1"], "2001:db8::1"),
        (["10.1.2.3"], "10.1.2.3"),
        (["192.0.2.1, unknown, 10.1.2.3"], "10.1.2.3"),
        (["192.0.2.1:1234"], "127.0.0.1"),
        ([], "127.0.0.1"),
    ]
    settings = {"CART_API_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"}
    with running_daemon(stack, "cart-api", tmp_path / "log", **settings) as daemon:
        api = Api(daemon.url)
        for forwarded, expected in ways:
            cart = new_cart()
            item = {"userId": "u", "productId": "p", "productName": "P", "price": 1, "quantity": 1}
            headers = [("X-Forwarded-For", value) for value in forwarded]
            answer = api.http.post(f"/api/cart/{cart}/items", json=item, headers=headers)
            assert answer.status_code == 201
            assert last_event(stack, cart).client_ip == expected, forwarded
        api.close()
