"""Live views with keys of tokens: 401 without one, another's cart is not there, the end of a token."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from lib.api import Api, code_of, new_cart
from lib.daemon import Daemon, running_daemon
from lib.live import EventStream, hear, subscribe, web_socket
from lib.stack import Stack
from websockets.exceptions import ConnectionClosed, InvalidStatus

SECRET = bytes(range(64))
ISSUER, AUDIENCE = "https://issuer.example", "cartwright"


def encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def token(subject: str, lives_s: float = 600, secret: bytes = SECRET, **claims: Any) -> str:
    now = int(time.time())
    header = {"alg": "HS256", "typ": "JWT", "kid": "one"}
    body = {"sub": subject, "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + lives_s}
    signed = ".".join(encode(json.dumps(part).encode()) for part in (header, {**body, **claims}))
    return f"{signed}.{encode(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


@pytest.fixture(scope="module")
def daemon(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("live-keys")
    keys = folder / "keys.json"
    keys.touch(0o600)
    key = {"kty": "oct", "k": encode(SECRET), "alg": "HS256", "kid": "one", "use": "sig"}
    keys.write_text(json.dumps({"keys": [key]}))
    settings = {
        "AUTH_KEYS_FILE": str(keys),
        "AUTH_ISSUER": ISSUER,
        "AUTH_AUDIENCE": AUDIENCE,
        "CART_API_AUTH_LEEWAY_S": "0",
        "CART_API_LIVE_LISTENERS_PER_PRINCIPAL_MAX": "3",
    }
    with running_daemon(stack, "cart-api", folder / "cart-api.log", **settings) as running:
        yield running


@pytest.fixture
def secured(daemon: Daemon) -> Iterator[Api]:
    client = Api(daemon.url)
    yield client
    client.close()


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def cart_of(api: Api, user: str) -> str:
    cart_id = new_cart()
    answer = api.add(cart_id, user_id=user, headers=bearer(token(user)))
    assert answer.status_code == 201, answer.text
    return cart_id


def test_without_a_token(secured: Api) -> None:
    cart_id = cart_of(secured, "alice-live")
    for path in (f"/api/cart/{cart_id}/stream", f"/api/cart/{new_cart()}/stream"):
        answer = secured.http.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    forged = token("alice-live", secret=b"x" * 64)
    for offered in (["cartwright.v1"], ["cartwright.v1", f"bearer.{forged}"], ["bearer."]):
        with pytest.raises(InvalidStatus) as refused:
            web_socket(secured.url, subprotocols=offered).__enter__()
        assert refused.value.response.status_code == 401, offered
        assert refused.value.response.headers["www-authenticate"].startswith("Bearer")


def test_only_ones_own_cart(secured: Api) -> None:
    cart_id, alice, bob = cart_of(secured, "alice-live"), token("alice-live"), token("bob-live")
    with EventStream(secured.url, cart_id, **bearer(alice)) as stream:
        assert stream.next().id == 1
        secured.add(cart_id, user_id="alice-live", headers=bearer(alice))
        assert stream.next().id == 2
    hidden = secured.http.get(f"/api/cart/{cart_id}/stream", headers=bearer(bob))
    absent = secured.http.get(f"/api/cart/{new_cart()}/stream", headers=bearer(bob))
    assert (hidden.status_code, code_of(hidden)) == (404, "cart_not_found")
    assert hidden.json()["detail"] == absent.json()["detail"], "it tells that the cart exists"
    with web_socket(secured.url, subprotocols=["cartwright.v1", f"bearer.{bob}"]) as connection:
        assert connection.subprotocol == "cartwright.v1", "the token came back"
        hidden, absent = subscribe(connection, cart_id), subscribe(connection, new_cart())
        assert hidden["code"] == absent["code"] == "cart_not_found"
        assert hidden["message"] == absent["message"]
        own = cart_of(secured, "bob-live")
        assert subscribe(connection, own, version=1)["type"] == "subscribed"
    with web_socket(secured.url, additional_headers=bearer(alice)) as connection:
        assert subscribe(connection, cart_id, version=2)["type"] == "subscribed"
    support = token("carol-live", roles=["support"])
    with EventStream(secured.url, cart_id, **bearer(support)) as stream:
        assert stream.next().id == 2


def test_a_guest_hears_of_its_cart(secured: Api) -> None:
    opened = [secured.http.post("/api/cart").json() for _ in range(2)]
    cart_id, others = opened[0]["cartId"], opened[1]["guestToken"]
    own = opened[0]["guestToken"]
    with EventStream(secured.url, cart_id, **bearer(own)) as stream:
        assert stream.next().id == 1
        body = {"productId": "p", "productName": "P", "price": 1, "quantity": 1}
        added = secured.http.post(f"/api/cart/{cart_id}/items", json=body, headers=bearer(own))
        assert added.is_success, added.text
        assert stream.next().id == added.json()["version"]
    answer = secured.http.get(f"/api/cart/{cart_id}/stream", headers=bearer(others))
    assert answer.status_code == 404


def test_a_connection_ends_with_its_token(secured: Api) -> None:
    cart_id = cart_of(secured, "alice-live")
    short = token("alice-live", lives_s=2)
    with web_socket(secured.url, subprotocols=["cartwright.v1", f"bearer.{short}"]) as connection:
        with EventStream(secured.url, cart_id, **bearer(short)) as stream:
            assert stream.next().id == 1
            assert subscribe(connection, cart_id, version=1)["type"] == "subscribed"
            with pytest.raises(EOFError):
                stream.next(8)
        with pytest.raises(ConnectionClosed) as closed:
            hear(connection, 8)
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "the token has expired")
    answer = secured.http.get(f"/api/cart/{cart_id}/stream", headers=bearer(short))
    assert answer.status_code == 401


def test_too_many_of_one_user(secured: Api) -> None:
    cart_id, dora = cart_of(secured, "dora-live"), token("dora-live")
    streams = [EventStream(secured.url, cart_id, **bearer(dora)) for _ in range(3)]
    try:
        assert {stream.status for stream in streams} == {200}
        refused = httpx.get(
            f"{secured.url}/api/cart/{cart_id}/stream", headers=bearer(dora), trust_env=False
        )
        assert (refused.status_code, code_of(refused)) == (429, "too_many_listeners")
        assert int(refused.headers["retry-after"]) > 0
        own = cart_of(secured, "emil-live")
        with EventStream(secured.url, own, **bearer(token("emil-live"))) as stream:
            assert stream.status == 200, "another user's listeners are counted apart"
    finally:
        for stream in streams:
            stream.socket.close()


def test_the_demo_page_needs_no_token(secured: Api) -> None:
    for path in ("/demo", "/demo/demo.js", "/demo/demo.css"):
        assert secured.http.get(path).status_code == 200
