"""Idempotency-Key: the recorded answer again, a key for one request only, refusals not recorded."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from lib.api import Api, item, new_cart, new_key
from lib.problems import assert_problem
from lib.stack import Stack
from lib.store import connect

REPLAYED = "idempotent-replayed"


def assert_replay(first: httpx.Response, again: httpx.Response) -> None:
    assert again.status_code == first.status_code
    assert again.content == first.content
    assert again.headers[REPLAYED] == "true"
    assert again.headers.get("etag") == first.headers.get("etag")
    assert REPLAYED not in first.headers


def test_the_same_answer_again(api: Api, cart: str) -> None:
    headers = {"Idempotency-Key": new_key()}
    first = api.add(cart, "p", 2, headers=headers)
    assert first.status_code == 201
    api.add(cart, "p", 3)
    assert_replay(first, api.add(cart, "p", 2, headers=headers))
    assert api.view(cart, min_version=2).json()["totalQuantity"] == 5


def test_every_write_takes_a_key(api: Api, cart: str) -> None:
    api.add_many(cart, [item("a", 5), item("b", 5)])
    for write in (
        lambda headers: api.add_many(cart, [item("a"), item("c")], headers=headers),
        lambda headers: api.set(cart, "a", 2, headers=headers),
        lambda headers: api.remove(cart, "a", quantity=1, headers=headers),
        lambda headers: api.remove(cart, "b", headers=headers),
        lambda headers: api.clear(cart, headers=headers),
    ):
        headers = {"Idempotency-Key": new_key()}
        assert_replay(write(headers), write(headers))
    assert len(api.all_events(cart)) == api.view(cart, min_version=8).json()["version"]


def test_a_key_with_another_request_is_422(api: Api, cart: str) -> None:
    headers = {"Idempotency-Key": new_key()}
    first = api.add(cart, "p", 2, headers=headers)
    for other in (
        api.add(cart, "p", 3, headers=headers),
        api.add(cart, "q", 2, headers=headers),
        api.set(cart, "p", 2, headers=headers),
        api.remove(cart, "p", headers=headers),
        api.clear(cart, headers=headers),
    ):
        assert_problem(other, 422, "idempotency_key_reused")
    assert_replay(first, api.add(cart, "p", 2, headers=headers))
    assert len(api.all_events(cart)) == 1


def test_the_query_belongs_to_the_request(api: Api, cart: str) -> None:
    api.add(cart, "p", 9)
    headers = {"Idempotency-Key": new_key()}
    assert api.remove(cart, "p", quantity=1, headers=headers).status_code == 200
    assert_problem(api.remove(cart, "p", quantity=2, headers=headers), 422)
    assert_problem(api.remove(cart, "p", headers=headers), 422)


def test_a_key_belongs_to_a_cart(api: Api, cart: str) -> None:
    headers = {"Idempotency-Key": new_key()}
    other = new_cart()
    assert api.add(cart, headers=headers).status_code == 201
    answer = api.add(other, headers=headers)
    assert (answer.status_code, answer.json()["cartId"]) == (201, other)


def test_a_refused_command_is_not_recorded(api: Api, cart: str) -> None:
    headers = {"Idempotency-Key": new_key()}
    api.add(cart, "other")
    assert_problem(api.remove(cart, "p", headers=headers), 404)
    api.add(cart, "p")
    answer = api.remove(cart, "p", headers=headers)
    assert answer.status_code == 200
    assert REPLAYED not in answer.headers


def test_a_refused_body_does_not_use_up_the_key(api: Api, cart: str) -> None:
    headers = {"Idempotency-Key": new_key()}
    assert_problem(api.add(cart, "p", 1000, headers=headers), 422)
    assert api.add(cart, "p", 1, headers=headers).status_code == 201


def test_a_command_without_event_is_replayed_too(api: Api, cart: str) -> None:
    """Setting what is set has an answer, which a retry must get although the cart went on."""
    headers = {"Idempotency-Key": new_key()}
    api.add(cart, "p", 2)
    first = api.set(cart, "p", 2, headers=headers)
    api.add(cart, "p", 1)
    again = api.set(cart, "p", 2, headers=headers)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert api.view(cart, min_version=2).json()["totalQuantity"] == 3


def test_if_match_does_not_refuse_a_replay(api: Api, cart: str) -> None:
    api.add(cart, "p")
    headers = {"Idempotency-Key": new_key(), "If-Match": '"1"'}
    first = api.add(cart, "p", headers=headers)
    assert first.status_code == 200
    assert_replay(first, api.add(cart, "p", headers=headers))


def test_twenty_at_once_with_one_key_are_one(api: Api, cart: str) -> None:
    headers = {"Idempotency-Key": new_key()}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: api.add(cart, "p", 3, headers=headers), range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum(REPLAYED not in answer.headers for answer in answers) == 1
    assert len(api.all_events(cart)) == 1


def test_twenty_at_once_with_one_key_and_other_bodies(api: Api, cart: str) -> None:
    """One wins, the others are told; never a mixture."""
    headers = {"Idempotency-Key": new_key()}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: api.add(cart, "p", n + 1, headers=headers), range(20)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201] + [422] * 19
    assert len(api.all_events(cart)) == 1


@pytest.mark.parametrize("key", ["k" * 255, "!", "a key with blanks", '"quoted"', "8e03978e-40d5"])
def test_keys_that_are_fine(api: Api, cart: str, key: str) -> None:
    headers = {"Idempotency-Key": key}
    assert_replay(api.add(cart, headers=headers), api.add(cart, headers=headers))


@pytest.mark.parametrize("key", [b"", b"k" * 256, b"\xc3\xbc", b"a\tb"])
def test_keys_that_are_not(api: Api, cart: str, key: bytes) -> None:
    answer = api.http.post(
        f"/api/cart/{cart}/items",
        json={"userId": "user-1", **item()},
        headers=[(b"Idempotency-Key", key)],
    )
    assert_problem(answer, 400)
    assert api.view(cart).status_code == 404


def test_two_keys_are_refused(api: Api, cart: str) -> None:
    answer = api.http.post(
        f"/api/cart/{cart}/items",
        json={"userId": "user-1", **item()},
        headers=[("Idempotency-Key", "one"), ("Idempotency-Key", "two")],
    )
    assert_problem(answer, 400)


def test_the_answer_is_kept_with_the_event(stack: Stack, api: Api, cart: str) -> None:
    key = new_key()
    body = api.add(cart, headers={"Idempotency-Key": key}).content
    with connect(stack) as connection:
        row = connection.execute(
            "SELECT status, version, body FROM cart_answers WHERE stream_id = %s AND key = %s",
            (cart, key),
        ).fetchone()
    assert row is not None
    assert (row[0], row[1], bytes(row[2])) == (201, 1, body)
