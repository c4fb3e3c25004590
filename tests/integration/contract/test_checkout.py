"""Checkout: one order for a cart, whatever is sent how often; then the cart is frozen."""

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from lib.api import Api, new_key
from lib.events import decode
from lib.problems import assert_problem
from lib.stack import Stack
from lib.store import read_events, read_topic
from lib.system import check_stored_view, report
from lib.wait import wait_until

CONTACT = {"email": "anna@example.org", "phone": "+4930123456", "locale": "de-DE"}
CARD = "4111111111111111"


def filled(api: Api, cart: str) -> None:
    api.add(cart, "laptop", 1, 25_000_000, name="Gaming Laptop")
    api.add(cart, "mouse", 2, 4_900, name="Maus")


def test_a_checkout_freezes_the_cart(stack: Stack, api: Api, cart: str) -> None:
    filled(api, cart)
    answer = api.check_out(cart, {"contact": CONTACT, "paymentToken": "tok_success"})
    assert answer.status_code == 202
    body = answer.json()
    assert re.fullmatch("ord_[0-9a-f]{32}", body["orderId"])
    assert answer.headers["location"] == f"/api/orders/{body['orderId']}"
    assert answer.headers["etag"] == '"3"'
    assert (body["cartId"], body["version"], body["status"]) == (cart, 3, "checked_out")
    assert (body["total"], body["totalQuantity"], body["currency"]) == (25_009_800, 3, "USD")
    assert [(line["productName"], line["lineTotal"]) for line in body["items"]] == [
        ("Gaming Laptop", 25_000_000),
        ("Maus", 9_800),
    ]
    shown = api.view(cart, min_version=3).json()
    assert (shown["status"], shown["orderId"]) == ("checked_out", body["orderId"])
    assert shown["items"] == body["items"]

    stored = read_events(stack, cart)
    assert [event.type for event in stored] == ["ItemAdded", "ItemAdded", "CartCheckedOut"]
    frozen = decode(stored[-1].payload).cart_checked_out
    assert frozen.order_id == body["orderId"]
    assert (frozen.contact.email, frozen.contact.phone) == (CONTACT["email"], CONTACT["phone"])
    assert (frozen.contact.locale, frozen.payment_token) == ("de-DE", "tok_success")
    assert frozen.opened_at_us == stored[0].recorded_at_us
    assert body["position"] == stored[-1].position
    found = check_stored_view(stack, cart)
    assert not found, report(found)

    def in_topic() -> bool:
        key = cart.encode()
        return any(r.key == key and r.value == stored[-1].payload for r in read_topic(stack))

    wait_until(in_topic, 10, "the checkout is on the topic", 0.2)


def test_the_history_tells_the_order_and_keeps_the_contact(api: Api, cart: str) -> None:
    filled(api, cart)
    body = api.check_out(cart, {"contact": CONTACT, "paymentToken": "tok_success"}).json()
    page = api.events(cart)
    last = page.json()["items"][-1]
    assert (last["type"], last["data"]["orderId"]) == ("CartCheckedOut", body["orderId"])
    assert (last["data"]["total"], last["data"]["items"]) == (body["total"], body["items"])
    assert "anna@" not in page.text
    assert "tok_success" not in page.text


def test_the_body_is_optional(api: Api, cart: str) -> None:
    filled(api, cart)
    assert api.check_out(cart).status_code == 202


def test_a_key_is_required(api: Api, cart: str) -> None:
    filled(api, cart)
    path = f"/api/cart/{cart}/checkout"
    assert_problem(api.http.post(path, json={}), 400, "idempotency_key_missing")
    assert api.view(cart, min_version=2).json()["status"] == "open"


def test_the_same_key_gets_the_same_answer(api: Api, cart: str) -> None:
    filled(api, cart)
    key = new_key()
    first = api.check_out(cart, {"contact": CONTACT}, key=key)
    again = api.check_out(cart, {"contact": CONTACT}, key=key)
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    assert_problem(api.check_out(cart, {}, key=key), 422, "idempotency_key_reused")


def test_another_key_is_told_the_order(api: Api, cart: str) -> None:
    filled(api, cart)
    order = api.check_out(cart).json()["orderId"]
    again = api.check_out(cart)
    assert assert_problem(again, 409, "already_checked_out")["orderId"] == order
    assert again.headers["location"] == f"/api/orders/{order}"
    assert len(api.all_events(cart)) == 3


def test_twenty_at_once_are_one_order(stack: Stack, api: Api, cart: str) -> None:
    filled(api, cart)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: api.check_out(cart), range(20)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 19
    assert len({answer.json()["orderId"] for answer in answers}) == 1
    assert [event.type for event in read_events(stack, cart)].count("CartCheckedOut") == 1


def test_a_frozen_cart_points_to_a_fresh_one(api: Api, cart: str) -> None:
    filled(api, cart)
    order = api.check_out(cart).json()["orderId"]
    writes: list[httpx.Response] = [
        api.add(cart, "p"),
        api.set(cart, "mouse", 5),
        api.remove(cart, "mouse"),
        api.clear(cart),
    ]
    fresh = set()
    for answer in writes:
        document = assert_problem(answer, 409, "cart_checked_out")
        assert document["orderId"] == order
        assert f"<{document['freshCart']}>" in answer.headers["link"]
        fresh.add(document["freshCart"])
    assert len(fresh) == len(writes)
    item = {"userId": "user-1", "productId": "p", "productName": "P", "price": 1, "quantity": 1}
    assert api.http.post(fresh.pop(), json=item).status_code == 201


def test_what_cannot_be_checked_out(api: Api, cart: str) -> None:
    assert_problem(api.check_out(cart), 404, "cart_not_found")
    api.add(cart, "p", user_id="user-1")
    assert_problem(api.check_out(cart, {"userId": "user-2"}), 404, "cart_not_found")
    stale = {"If-Match": '"7"'}
    assert_problem(api.check_out(cart, headers=stale), 412, "version_mismatch")
    api.clear(cart)
    key = new_key()
    assert_problem(api.check_out(cart, key=key), 409, "cart_empty")
    api.add(cart, "p")
    fresh = {"If-Match": '"3"'}
    assert api.check_out(cart, headers=fresh).status_code == 202


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"contact": {"email": "anna"}}, 422, "/contact/email"),
        ({"contact": {"email": "a@b\r\nBcc: c@d"}}, 422, "/contact/email"),
        ({"contact": {"phone": "030 123456"}}, 422, "/contact/phone"),
        ({"contact": {"locale": "../de"}}, 422, "/contact/locale"),
        ({"contact": "anna@example.org"}, 400, "/contact"),
        ({"contact": {"fax": "1"}}, 400, "/contact/fax"),
        ({"paymentToken": ""}, 422, "/paymentToken"),
        ({"total": 1}, 400, "/total"),
    ],
)
def test_bodies_that_are_refused(
    api: Api, cart: str, body: dict, status: int, pointer: str
) -> None:
    filled(api, cart)
    document = assert_problem(api.check_out(cart, body), status)
    assert document["errors"][0]["pointer"] == pointer
    assert api.view(cart, min_version=2).json()["status"] == "open"


def test_card_numbers_are_neither_taken_nor_kept(stack: Stack, api: Api, cart: str) -> None:
    filled(api, cart)
    before = stack.log_size("cart-api")
    spaced = " ".join(CARD[at : at + 4] for at in range(0, 16, 4))
    for answer, pointer in (
        (api.check_out(cart, {"paymentToken": CARD}), "/paymentToken"),
        (api.check_out(cart, {"contact": {"email": f"{CARD}@x.org"}}), "/contact/email"),
        (api.check_out(cart, {"card": {"number": CARD}}), "/card/number"),
        (api.check_out(cart, {CARD: 1}), ""),
        (api.add(cart, "p", name=f"Card {spaced}"), "/productName"),
        (api.add(cart, CARD), "/productId"),
        (api.add(cart, "p", user_id=CARD), "/userId"),
    ):
        document = assert_problem(answer, 400, "card_number_refused")
        assert document["errors"][0]["pointer"] == pointer
        assert CARD not in answer.text
        assert spaced not in answer.text
    assert len(api.all_events(cart)) == 2
    with stack.log("cart-api").open("rb") as log:
        log.seek(before)
        assert CARD.encode() not in log.read()
