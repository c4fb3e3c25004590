"""A limit on everything: bodies, paths, headers, parameters."""

import json

import httpx
import pytest
from lib.api import Api, item
from lib.problems import assert_problem
from lib.raw_http import exchange, statuses

KIB = 1024


def padded_body(size: int) -> bytes:
    body = json.dumps({"userId": "user-1", **item("p")}).encode()
    return body + b" " * (size - len(body))


def test_a_body_of_64_kib_is_the_largest(api: Api, cart: str) -> None:
    assert api.post_raw(cart, padded_body(64 * KIB)).status_code == 201
    assert_problem(api.post_raw(cart, padded_body(64 * KIB + 1)), 413, "body_too_large")
    assert len(api.all_events(cart)) == 1


def test_a_huge_body_is_refused_without_being_read(api: Api, cart: str) -> None:
    head = (
        f"POST /api/cart/{cart}/items HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {10**12}\r\n\r\n"
    )
    assert statuses(exchange(api.url, head.encode() + b"{")) == [413]


def test_a_chunked_body_counts_too(api: Api, cart: str) -> None:
    def pieces(size: int) -> list[bytes]:
        whole = padded_body(size)
        return [whole[at : at + 8000] for at in range(0, size, 8000)]

    path, headers = f"/api/cart/{cart}/items", {"content-type": "application/json"}
    small = api.http.post(path, content=iter(pieces(20 * KIB)), headers=headers)
    assert small.status_code == 201
    try:
        large = api.http.post(path, content=iter(pieces(80 * KIB)), headers=headers)
    except (httpx.WriteError, httpx.RemoteProtocolError):
        return  # closed while it was still being sent: refused as well
    assert_problem(large, 413, "body_too_large")
    assert len(api.all_events(cart)) == 1


def test_a_long_path_is_414(api: Api) -> None:
    assert_problem(api.http.get("/api/cart/view/" + "x" * 2100), 414, "uri_too_long")
    assert_problem(api.http.get("/api/cart/view/x?minVersion=" + "1" * 2100), (400, 414))


def test_large_headers_are_431(api: Api) -> None:
    fine = api.http.get("/healthz", headers={"x-large": "y" * 8 * KIB})
    assert fine.status_code == 200
    assert_problem(api.http.get("/healthz", headers={"x-large": "y" * 17 * KIB}), 431)


def test_many_small_headers_are_431(api: Api) -> None:
    headers = {f"x-{number}": "y" * 100 for number in range(200)}
    assert_problem(api.http.get("/healthz", headers=headers), (400, 431))


def test_more_than_a_hundred_items_are_refused(api: Api, cart: str) -> None:
    answer = api.add_many(cart, [item(f"p{number}") for number in range(101)])
    assert_problem(answer, (400, 413, 422))
    assert api.view(cart).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        *("minVersion=x", "minVersion=-1", "minVersion=", "minVersion=1&minVersion=1"),
        *("minVersion=99999999999999999999", "minVersion=1.5", "unknown=1", "minVersion=%zz"),
    ],
)
def test_odd_view_parameters_are_400(api: Api, cart: str, query: str) -> None:
    api.add(cart)
    assert_problem(api.http.get(f"/api/cart/view/{cart}?{query}"), 400)


@pytest.mark.parametrize(
    "query",
    [
        *("after=x", "after=-1", "limit=0", "limit=-1", "limit=x", "order=sideways", "unknown=1"),
        *("after=", "limit=1&limit=2", "after=99999999999999999999"),
    ],
)
def test_odd_event_parameters_are_400(api: Api, cart: str, query: str) -> None:
    api.add(cart)
    assert_problem(api.http.get(f"/api/cart/{cart}/events?{query}"), 400)


@pytest.mark.parametrize(
    "query",
    [
        *(
            "",
            "version=x",
            "version=-1",
            "asOf=yesterday",
            "asOf=2026-13-01T00:00:00Z",
            "unknown=1",
        ),
        *("version=1&asOf=2026-01-01T00:00:00Z", "asOf=", "version=", "version=1&version=1"),
        *("asOf=2026-01-01", "asOf=2026-01-01T00:00:00", "version=99999999999999999999"),
    ],
)
def test_odd_state_parameters_are_400(api: Api, cart: str, query: str) -> None:
    api.add(cart)
    assert_problem(api.http.get(f"/api/cart/{cart}/state?{query}"), 400)
