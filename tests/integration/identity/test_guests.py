"""Guests: a cart and the one credential for it."""

import hashlib
import re

import httpx
from lib.api import Api, item, new_cart
from lib.daemon import Daemon
from lib.identity import Issuer
from lib.problems import assert_problem
from lib.stack import Stack
from lib.store import connect
from lib.tokens import bearer

TOKEN = re.compile(r"guest_[A-Za-z0-9_-]{43}")


def test_a_guests_cart(http: httpx.Client) -> None:
    opened = http.post("/api/cart", json={"currency": "EUR"})
    assert opened.status_code == 201
    document = opened.json()
    cart_id, credential = document["cartId"], bearer(document["guestToken"])
    assert TOKEN.fullmatch(document["guestToken"])
    assert opened.headers["location"] == f"/api/cart/view/{cart_id}"
    assert opened.headers["etag"] == '"1"'
    assert opened.headers["cache-control"] == "no-store"
    added = http.post(f"/api/cart/{cart_id}/items", json=item(), headers=credential)
    assert added.status_code == 200
    view = http.get(f"{opened.headers['location']}?minVersion=2", headers=credential).json()
    assert (view["userId"], view["currency"], view["totalQuantity"]) == ("", "EUR", 1)


def test_a_guest_opens_no_other_cart(http: httpx.Client) -> None:
    credential = bearer(http.post("/api/cart").json()["guestToken"])
    answer = http.post(f"/api/cart/{new_cart()}/items", json=item(), headers=credential)
    assert_problem(answer, 404, "cart_not_found")


def test_a_user_opens_a_cart(http: httpx.Client, issuer: Issuer) -> None:
    opened = http.post("/api/cart", headers=issuer.headers("alice")).json()
    assert opened["userId"] == "alice"
    assert "guestToken" not in opened
    view = f"/api/cart/view/{opened['cartId']}"
    assert http.get(view, headers=issuer.headers("alice")).json()["userId"] == "alice"
    assert_problem(http.get(view, headers=issuer.headers("bob")), 404, "cart_not_found")
    answer = http.post("/api/cart", json={"userId": "bob"}, headers=issuer.headers("alice"))
    assert_problem(answer, 422, "user_mismatch")


def test_tokens_differ_and_only_their_hash_is_kept(
    http: httpx.Client, guarded: Daemon, stack: Stack
) -> None:
    opened = [http.post("/api/cart").json() for _ in range(20)]
    tokens = {document["guestToken"] for document in opened}
    assert len(tokens) == 20
    token, cart_id = opened[0]["guestToken"], opened[0]["cartId"]
    with connect(stack) as postgres:
        rows = postgres.execute(
            "SELECT payload FROM cart_events WHERE stream_id = %s", [cart_id]
        ).fetchall()
    assert len(rows) == 1
    payload = bytes(rows[0][0])
    assert hashlib.sha256(token.encode()).digest() in payload
    assert token.encode() not in payload
    assert token not in guarded.log.read_text()


def test_history_does_not_tell_the_hash(http: httpx.Client) -> None:
    opened = http.post("/api/cart").json()
    credential = bearer(opened["guestToken"])
    digest = hashlib.sha256(opened["guestToken"].encode()).hexdigest()
    for path in (f"view/{opened['cartId']}", f"{opened['cartId']}/events"):
        answer = http.get(f"/api/cart/{path}", headers=credential)
        assert answer.status_code == 200
        assert digest not in answer.text


def test_without_keys_nobody_needs_a_token(api: Api) -> None:
    """As on a developer's machine; a guest's token still opens its cart only."""
    opened = api.http.post("/api/cart").json()
    path = f"/api/cart/{opened['cartId']}/items"
    assert api.http.post(path, json={"userId": "anyone", **item()}).status_code == 200
    credential = bearer(opened["guestToken"])
    assert api.http.post(path, json=item(), headers=credential).status_code == 200
    view = f"/api/cart/view/{opened['cartId']}"
    assert api.http.get(view).status_code == 200
    other = bearer(api.http.post("/api/cart").json()["guestToken"])
    assert_problem(api.http.get(view, headers=other), 404, "cart_not_found")
    assert_problem(api.http.post(path, json=item(), headers=other), 404, "cart_not_found")


def test_bodies(http: httpx.Client) -> None:
    assert http.post("/api/cart", json={"currency": "EUR"}).status_code == 201
    assert_problem(http.post("/api/cart", json={"currency": "eur"}), 422, "invalid_value")
    assert_problem(http.post("/api/cart", json={"cartId": "mine"}), 400, "invalid_field")
    assert_problem(http.post("/api/cart", json=[]), 400, "invalid_field")
    assert_problem(http.post("/api/cart", content=b"{"), 415, "unsupported_media_type")
