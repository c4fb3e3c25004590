"""GET /api/cart/{id}/stream: the view now, then each newer one; what is pushed is what GET answers."""

import json
from pathlib import Path

import pytest
from lib.api import Api, code_of, item
from lib.daemon import running_daemon
from lib.live import EventStream
from lib.stack import Stack


def test_the_view_now_and_after_each_change(api: Api, cart: str) -> None:
    items = [item("a", 2), item("b", 1, name='A "quoted" \\ name 🛒')]
    now = api.add_many(cart, items).json()["version"]
    with EventStream(api.url, cart) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream"
        first = stream.next()
        assert (first.name, first.id) == ("view", now)
        assert first.data == api.view(cart, min_version=now).content
        for version in range(now + 1, now + 5):
            assert api.add(cart, "c").json()["version"] == version
            event = stream.next()
            assert event.id == version
            assert event.data == api.view(cart, min_version=version).content
        assert api.remove(cart, "c").is_success
        assert "c" not in {line["productId"] for line in json.loads(stream.next().data)["items"]}


def test_it_goes_on_from_the_last_event_id(api: Api, cart: str) -> None:
    for _ in range(3):
        api.add(cart)
    assert api.view(cart, min_version=3).is_success  # from here on this is the current view
    with EventStream(api.url, cart, Last_Event_ID="1") as stream:
        assert stream.next().id == 3, "versions between are not told one by one"
    with EventStream(api.url, cart, Last_Event_ID="3") as stream:
        assert stream.is_quiet(), "the client has this version"
        api.add(cart)
        assert stream.next().id == 4
    with EventStream(api.url, cart, Last_Event_ID="99") as stream:
        api.add(cart)
        assert stream.is_quiet(), "an older version than the client's was sent"


@pytest.mark.parametrize("last", ["-1", "x", "1.0", "01", "99999999999"])
def test_a_last_event_id_that_is_none(api: Api, cart: str, last: str) -> None:
    api.add(cart)
    with EventStream(api.url, cart, Last_Event_ID=last) as stream:
        assert stream.status == 400
        assert json.loads(stream.body())["code"] == "invalid_parameter"


def test_head_has_no_end_to_wait_for(api: Api, cart: str) -> None:
    assert api.http.head(f"/api/cart/{cart}/stream").status_code == 404
    api.add(cart)
    answer = api.http.head(f"/api/cart/{cart}/stream")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/event-stream"


def test_no_such_cart(api: Api, cart: str) -> None:
    answer = api.http.get(f"/api/cart/{cart}/stream")
    assert answer.status_code == 404
    assert code_of(answer) == "cart_not_found"
    assert code_of(api.http.get("/api/cart/a%20b/stream")) == "invalid_parameter"
    assert code_of(api.http.get(f"/api/cart/{cart}/stream?x=1")) == "invalid_parameter"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1", 200),
        ("http://localhost:3000", 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://127.0.0.1.evil.example", 403),
    ],
)
def test_only_pages_of_allowed_origins(api: Api, cart: str, origin: str, status: int) -> None:
    api.add(cart)
    with EventStream(api.url, cart, Origin=origin) as stream:
        assert stream.status == status
        allowed = stream.headers.get("access-control-allow-origin")
        assert allowed == (origin if status == 200 else None)


def test_a_quiet_stream_beats_and_a_stop_ends_it(stack: Stack, api: Api, tmp_path: Path) -> None:
    cart = "beat-" + tmp_path.name
    api.add(cart)
    log = tmp_path / "cart-api.log"
    with running_daemon(stack, "cart-api", log, CART_API_LIVE_BEAT_MS="100") as daemon:
        with EventStream(daemon.url, cart) as stream:
            assert stream.next().id == 1
            assert stream.is_quiet(0.6)
            assert stream.comments >= 2
            # Another process took the command: Redis is what they share.
            api.add(cart)
            assert stream.next().id == 2
            assert daemon.stop() == 0, log.read_text()[-2000:]
            with pytest.raises(EOFError):
                stream.next()
