"""Merging two carts: both change or none, in whatever direction, order and process it is asked."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from lib.api import Api, code_of, item, new_cart, new_key
from lib.checker import check_views
from lib.daemon import running_daemon
from lib.fold import fold
from lib.problems import assert_problem
from lib.stack import Stack
from lib.store import connect, decoded_stream, read_events, read_views
from lib.system import report, wait_caught_up


def quantities(answer: httpx.Response) -> dict[str, int]:
    return {line["productId"]: line["quantity"] for line in answer.json()["items"]}


def test_a_guest_cart_goes_into_the_users(stack: Stack, api: Api, cart: str) -> None:
    guest = new_cart()
    api.add_many(cart, [item("a", 2, 100), item("b", 1, 50)])
    api.add_many(guest, [item("c", 3, 7), item("a", 4, 90)], user_id="guest-1")
    answer = api.merge(cart, guest)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["cartId"], body["mergedFrom"], body["version"]) == (cart, guest, 3)
    assert answer.headers["etag"] == '"3"'
    assert quantities(answer) == {"a": 6, "b": 1, "c": 3}
    assert (body["total"], body["totalQuantity"]) == (6 * 90 + 50 + 21, 10)
    (warning,) = body["warnings"]
    assert (warning["code"], warning["target"]) == ("price_changed", "/items/a")

    into, ended = read_events(stack, cart)[-1], read_events(stack, guest)[-1]
    assert into.type == ended.type == "CartMerged"
    assert into.causation_id == ended.causation_id
    assert body["position"] == into.position
    with connect(stack) as connection:
        rows = connection.execute(
            "SELECT DISTINCT xmin::text FROM cart_events WHERE causation_id = %s",
            (into.causation_id.hex(),),
        ).fetchall()
    assert len(rows) == 1, "both events are of one transaction"

    shown = api.view(cart, min_version=3).json()
    assert (shown["items"], shown["status"]) == (body["items"], "open")
    shown = api.view(guest, min_version=3).json()
    assert (shown["status"], shown["mergedInto"]) == ("merged", cart)
    last = api.all_events(guest)[-1]
    assert last["data"] == {"fromCartId": guest, "intoCartId": cart, "items": []}
    wait_caught_up(stack, 15, [cart, guest])
    events = read_events(stack, cart) + read_events(stack, guest)
    found = check_views(events, read_views(stack, [cart, guest]))
    assert not found, report(found)


def test_a_merged_cart_points_to_the_other(api: Api, cart: str) -> None:
    guest = new_cart()
    api.add(cart, "a")
    api.add(guest, "a")
    api.merge(cart, guest)
    for answer in (
        api.add(guest, "b"),
        api.set(guest, "a", 2),
        api.clear(guest),
        api.check_out(guest),
        api.merge(guest, cart),
        api.merge(new_cart(), guest, user_id="user-1"),
    ):
        document = assert_problem(answer, 409, "cart_merged")
        assert document["mergedInto"] == cart
        assert f"</api/cart/view/{cart}>" in answer.headers["link"]


def test_a_merge_is_done_once(api: Api, cart: str) -> None:
    guest, key = new_cart(), new_key()
    api.add(cart, "a")
    api.add(guest, "a")
    headers = {"Idempotency-Key": key}
    first = api.merge(cart, guest, headers=headers)
    again = api.merge(cart, guest, headers=headers)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert_problem(api.merge(cart, guest, "max", headers=headers), 422, "idempotency_key_reused")
    api.add(cart, "b")
    later = api.merge(cart, guest)
    assert (later.status_code, quantities(later)) == (200, {"a": 2, "b": 1})
    assert later.json()["version"] == 3
    api.check_out(cart)
    assert api.merge(cart, guest).json()["status"] == "checked_out"
    assert len(api.all_events(cart)) == 4


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("add", {"a": 7, "b": 1, "c": 1}),
        ("max", {"a": 5, "b": 1, "c": 1}),
        ("replace", {"a": 2, "b": 1, "c": 1}),
    ],
)
def test_strategies(api: Api, cart: str, strategy: str, expected: dict[str, int]) -> None:
    guest = new_cart()
    api.add_many(cart, [item("a", 5), item("b", 1)])
    api.add_many(guest, [item("a", 2), item("c", 1)])
    assert quantities(api.merge(cart, guest, strategy)) == expected


def test_what_cannot_be_merged_leaves_both_as_they_are(api: Api, cart: str) -> None:
    guest, euros, sold = new_cart(), new_cart(), new_cart()
    api.add(cart, "a", 900)
    api.add(guest, "a", 100)
    api.add(euros, "a", currency="EUR")
    api.add(sold, "a")
    order = api.check_out(sold).json()["orderId"]
    assert_problem(api.merge(cart, guest), 422, "quantity_limit")
    assert_problem(api.merge(cart, euros), 422, "currency_mismatch")
    assert assert_problem(api.merge(cart, sold), 409, "cart_checked_out")["orderId"] == order
    assert_problem(api.merge(cart, new_cart()), 404, "cart_not_found")
    assert_problem(api.merge(new_cart(), guest), 404, "cart_not_found")
    assert_problem(api.merge(cart, guest, user_id="user-2"), 404, "cart_not_found")
    assert_problem(api.merge(cart, cart), 422, "invalid_value")
    assert_problem(api.merge(cart, guest, "sum"), 422, "invalid_value")
    assert_problem(api.merge(cart, guest, headers={"If-Match": '"2"'}), 412, "version_mismatch")
    assert_problem(api.http.post(f"/api/cart/{cart}/merge", json={}), 400, "invalid_field")
    for untouched in (cart, guest, euros):
        assert len(api.all_events(untouched)) == 1
    assert api.merge(cart, guest, "max").status_code == 200


def test_a_merge_opens_the_cart_of_its_user(stack: Stack, api: Api, cart: str) -> None:
    guest = new_cart()
    api.add(guest, "a", 2, user_id="guest-1")
    assert api.merge(cart, guest, user_id="user-1").json()["version"] == 1
    shown = api.view(cart, min_version=1).json()
    assert (shown["userId"], shown["totalQuantity"], shown["currency"]) == ("user-1", 2, "USD")
    assert fold(decoded_stream(read_events(stack, cart))).user_id == "user-1"


def open_quantity(stack: Stack, carts: list[str]) -> int:
    """What is in all carts that are not merged, by our own fold; each stream is folded strictly."""
    folded = [fold(decoded_stream(read_events(stack, cart))) for cart in carts]
    return sum(cart.quantity() for cart in folded if cart.status == "open")


def test_crossing_merges_lose_nothing(stack: Stack, tmp_path: Path) -> None:
    """32 merges at once among 12 carts of as many partitions, there and back, while items are added;
    by two processes, one of them with four lanes. Whatever order they find: no deadlock, no 5xx, and
    what was put into the carts is in those that are left."""
    chance = random.Random(7)
    log = tmp_path / "cart-api.log"
    with running_daemon(stack, "cart-api", log, CART_API_LANES="4") as second:
        apis = [Api(stack.env["CART_API_URL"]), Api(second.url)]
        for _ in range(4):
            carts = [new_cart() for _ in range(12)]
            for number, cart in enumerate(carts):
                api = apis[number % 2]
                assert api.add_many(cart, [item("shared", 3), item(f"p-{number}", 2)]).is_success
            pairs = [chance.sample(carts, 2) for _ in range(16)]
            pairs += [[source, target] for target, source in pairs]
            chance.shuffle(pairs)

            def merge(
                work: tuple[int, list[str]], apis: list[Api] = apis
            ) -> tuple[httpx.Response, int]:
                number, (target, source) = work
                api = apis[number % 2]
                added = api.add(target, "late", 1) if number % 4 == 0 else None
                answer = api.merge(target, source)
                return answer, int(added is not None and added.is_success)

            with ThreadPoolExecutor(32) as pool:
                results = list(pool.map(merge, enumerate(pairs)))
            for answer, _ in results:
                assert answer.status_code in (200, 409), answer.text
                assert code_of(answer) in ("", "cart_merged"), answer.text
            merged = sum(answer.status_code == 200 for answer, _ in results)
            assert merged >= 1
            late = sum(added for _, added in results)
            assert open_quantity(stack, carts) == 12 * 5 + late
        for api in apis:
            api.close()
    wait_caught_up(stack, 20)
