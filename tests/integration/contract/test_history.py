"""GET events with its pages, GET state at a version and at a time."""

from datetime import datetime, timedelta

import pytest
from lib.api import Api, item
from lib.fold import canonical, rfc3339, strict_loads
from lib.problems import assert_problem
from lib.stack import Stack
from lib.store import connect


def fill(api: Api, cart: str, adds: int) -> None:
    for number in range(adds):
        assert api.add(cart, f"p{number % 7}", 1, 10 + number).is_success


def test_events_say_what_happened(api: Api, cart: str) -> None:
    answer = api.add(cart, "p", 2, 150, name="Pen", currency="EUR", user_id="user-7")
    api.set(cart, "p", 5)
    api.remove(cart, "p")
    api.add(cart, "p", user_id="user-7")
    api.clear(cart)
    page = api.events(cart).json()
    assert page["next"] is None
    first = page["items"][0]
    assert set(first) >= {
        *("version", "partition", "position", "eventId", "type", "occurredAt", "actor", "data")
    }
    assert (first["version"], first["position"]) == (1, answer.json()["position"])
    assert first["type"] == "ItemAdded"
    assert first["actor"] == "user-7"
    datetime.fromisoformat(first["occurredAt"])
    assert first["data"].items() >= {
        "productId": "p", "productName": "Pen", "price": 150, "currency": "EUR", "quantity": 2,
    }.items()  # fmt: skip
    assert [event["type"] for event in page["items"]] == [
        *("ItemAdded", "ItemQuantityChanged", "ItemRemoved", "ItemAdded", "CartCleared")
    ]
    assert [event["version"] for event in page["items"]] == [1, 2, 3, 4, 5]
    assert page["items"][1]["data"]["quantity"] == 5


def test_pages(api: Api, cart: str) -> None:
    fill(api, cart, 25)
    page = api.events(cart, limit=10).json()
    assert [event["version"] for event in page["items"]] == list(range(1, 11))
    assert page["next"].startswith(f"/api/cart/{cart}/events?")
    assert [event["version"] for event in api.all_events(cart, limit=10)] == list(range(1, 26))
    assert [event["version"] for event in api.all_events(cart, limit=25)] == list(range(1, 26))
    after = api.events(cart, after=20).json()
    assert [event["version"] for event in after["items"]] == list(range(21, 26))
    beyond = api.events(cart, after=25)
    assert (beyond.status_code, beyond.json()) == (200, {"items": [], "next": None})


def test_pages_backwards(api: Api, cart: str) -> None:
    fill(api, cart, 12)
    page = api.events(cart, order="desc", limit=5).json()
    assert [event["version"] for event in page["items"]] == [12, 11, 10, 9, 8]
    versions = [event["version"] for event in page["items"]]
    while page["next"]:
        page = api.http.get(page["next"]).json()
        versions += [event["version"] for event in page["items"]]
    assert versions == list(range(12, 0, -1))


def test_a_page_has_at_most_a_thousand(api: Api, cart: str) -> None:
    for hundred in range(11):
        items = [item(f"p{number}") for number in range(100)]
        assert api.add_many(cart, items).is_success, hundred
    page = api.events(cart).json()
    assert len(page["items"]) <= 1000
    assert page["next"]
    asked = api.events(cart, limit=5000)
    assert asked.status_code in (200, 400)
    assert asked.status_code == 400 or len(asked.json()["items"]) <= 1000
    assert len(api.all_events(cart)) == 1100
    assert api.state(cart, version=1100).json()["totalQuantity"] == 1100
    assert api.state(cart, version=777).json()["totalQuantity"] == 777


def test_state_at_every_version(api: Api, cart: str) -> None:
    shown = {}
    for change in (
        lambda: api.add(cart, "a", 2, 10),
        lambda: api.add(cart, "b", 1, 7),
        lambda: api.set(cart, "a", 5),
        lambda: api.remove(cart, "b"),
        lambda: api.clear(cart),
    ):
        version = change().json()["version"]
        shown[version] = canonical(strict_loads(api.view(cart, min_version=version).content))
    for version, expected in shown.items():
        answer = api.state(cart, version=version)
        assert answer.status_code == 200
        assert canonical(strict_loads(answer.content)) == expected
    for version in (0, 6):
        assert_problem(api.state(cart, version=version), (400, 404))


def test_state_as_of_a_time(api: Api, cart: str) -> None:
    for number in range(4):
        api.add(cart, f"p{number}")
    times = [event["occurredAt"] for event in api.all_events(cart)]
    for number, moment in enumerate(times):
        upto = sum(other <= moment for other in times)
        assert api.state(cart, asOf=moment).json()["version"] == upto, number
    before = datetime.fromisoformat(times[0]) - timedelta(microseconds=1)
    assert_problem(api.state(cart, asOf=before.isoformat().replace("+00:00", "Z")), 404)
    assert api.state(cart, asOf="2999-01-01T00:00:00Z").json()["version"] == 4


@pytest.mark.parametrize("zone", ["+00:00", "-08:00", "+05:45"])
def test_times_may_have_another_zone(api: Api, cart: str, zone: str) -> None:
    api.add(cart)
    moment = datetime.fromisoformat(api.all_events(cart)[0]["occurredAt"])
    local = moment.astimezone(datetime.fromisoformat(f"2026-01-01T00:00:00{zone}").tzinfo)
    assert api.state(cart, asOf=local.isoformat()).json()["version"] == 1


def test_times_in_the_payload_are_those_of_the_column(stack: Stack, api: Api, cart: str) -> None:
    api.add(cart)
    with connect(stack) as connection:
        row = connection.execute(
            "SELECT (extract(epoch FROM recorded_at) * 1000000)::bigint FROM cart_events "
            "WHERE stream_id = %s",
            (cart,),
        ).fetchone()
    assert api.all_events(cart)[0]["occurredAt"] == rfc3339(row[0])
