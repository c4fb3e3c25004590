"""ETag, If-Match and If-None-Match (RFC 9110, 13.1)."""

import pytest
from lib.api import Api, item
from lib.problems import assert_problem
from lib.wait import wait_until


def test_if_match_lets_the_right_version_through(api: Api, cart: str) -> None:
    tag = api.add(cart, "p").headers["etag"]
    answer = api.add(cart, "p", headers={"If-Match": tag})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert api.set(cart, "p", 5, headers={"If-Match": '"2"'}).status_code == 200
    assert api.remove(cart, "p", headers={"If-Match": '"9", "3"'}).status_code == 200
    assert api.clear(cart, headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize("tag", ['"1"', '"3"', '"0"', '"x"', '"01"', '"2147483648"', '""'])
def test_if_match_of_another_version_is_412(api: Api, cart: str, tag: str) -> None:
    api.add(cart, "p")
    api.add(cart, "p")
    for answer in (
        api.add(cart, "p", headers={"If-Match": tag}),
        api.set(cart, "p", 9, headers={"If-Match": tag}),
        api.remove(cart, "p", headers={"If-Match": tag}),
        api.clear(cart, headers={"If-Match": tag}),
    ):
        assert_problem(answer, 412)
    assert len(api.all_events(cart)) == 2


def test_if_match_on_no_cart_is_412(api: Api, cart: str) -> None:
    for tag in ("*", '"1"', '"0"'):
        assert_problem(api.add(cart, headers={"If-Match": tag}), 412)
    assert api.view(cart).status_code == 404


@pytest.mark.parametrize("tag", ["2", 'W/"2"', '"2', "", "*, *", '"a" "b"'])
def test_if_match_that_is_no_strong_tag_never_matches(api: Api, cart: str, tag: str) -> None:
    api.add(cart, "p")
    api.add(cart, "p")
    assert_problem(api.add(cart, "p", headers={"If-Match": tag}), (400, 412))


def test_one_of_two_writers_with_the_same_version_wins(api: Api, cart: str) -> None:
    tag = api.add(cart, "p").headers["etag"]
    first = api.set(cart, "p", 2, headers={"If-Match": tag})
    second = api.set(cart, "p", 3, headers={"If-Match": tag})
    assert (first.status_code, second.status_code) == (200, 412)


def test_if_none_match_answers_304(api: Api, cart: str) -> None:
    api.add_many(cart, [item("a"), item("b")])
    api.view(cart, min_version=2)
    wait_until(lambda: api.view(cart).headers["etag"] == '"2"', 5, "the view")
    for tags in ('"2"', 'W/"2"', '"1", "2"', "*", 'W/"x" , W/"2"'):
        answer = api.view(cart, headers={"If-None-Match": tags})
        assert (answer.status_code, answer.content) == (304, b""), tags
        assert answer.headers["etag"] == '"2"'
        assert "private" in answer.headers["cache-control"]
    for tags in ('"1"', '"x"', "2", '"22"'):
        answer = api.view(cart, headers={"If-None-Match": tags})
        assert (answer.status_code, answer.json()["version"]) == (200, 2), tags


def test_if_none_match_with_min_version(api: Api, cart: str) -> None:
    """A version that the client has is no excuse for not waiting for a newer one."""
    api.add(cart, "p")
    api.add(cart, "p")
    answer = api.view(cart, min_version=2, headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert api.view(cart, min_version=2, headers={"If-None-Match": '"2"'}).status_code == 304
