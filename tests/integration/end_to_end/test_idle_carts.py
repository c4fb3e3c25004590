"""Idle carts are told to be abandoned once, and closed later; a click that races with it wins.

In a stack of its own, whose patience is seconds: no other test's cart may expire.
"""

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lib.api import Api, code_of, new_cart
from lib.daemon import running_daemon
from lib.fold import fold
from lib.problems import assert_problem
from lib.stack import Stack, running_stack
from lib.store import connect, decoded_stream, read_events
from lib.system import check_system, report
from lib.wait import wait_until

PATIENCE = {"cart_abandon_after_s": "1", "cart_expire_after_s": "5", "idle_sweep_ms": "50"}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    text = "".join(f"{name} = {value}\n" for name, value in PATIENCE.items())
    with running_stack("idle", settings={"cart-api": text}) as running:
        yield running


def types(stack: Stack, cart: str) -> list[str]:
    return [event.type for event in read_events(stack, cart)]


def wait_for_type(stack: Stack, carts: list[str], name: str, count: int = 1) -> None:
    def told() -> bool:
        return all(types(stack, cart).count(name) == count for cart in carts)

    wait_until(told, 15, f"{count} {name} in each of {len(carts)} carts", 0.1)


def test_the_life_of_carts_that_are_left(stack: Stack) -> None:
    api = Api(stack.env["CART_API_URL"])
    left, again, empty, sold, guest = (new_cart() for _ in range(5))
    for cart in (left, again, empty, sold, guest):
        assert api.add(cart, "a", 2, 50).status_code == 201
    api.clear(empty)
    api.check_out(sold)
    api.merge(left, guest)
    wait_for_type(stack, [left, again], "CartAbandoned")
    api.add(again, "b")
    wait_for_type(stack, [again], "CartAbandoned", count=2)
    wait_for_type(stack, [left, again, empty], "CartExpired")
    assert types(stack, left) == ["ItemAdded", "CartMerged", "CartAbandoned", "CartExpired"]
    assert types(stack, again)[1:] == ["CartAbandoned", "ItemAdded", "CartAbandoned", "CartExpired"]
    assert types(stack, empty) == ["ItemAdded", "CartCleared", "CartExpired"]
    assert types(stack, sold) == ["ItemAdded", "CartCheckedOut"]
    assert types(stack, guest) == ["ItemAdded", "CartMerged"]

    merged, told, closed = decoded_stream(read_events(stack, left))[1:]
    abandoned = told.cart_abandoned
    assert abandoned.idle_since_us == merged.occurred_at_us
    assert (abandoned.total_minor, abandoned.total_quantity) == (200, 4)
    assert told.occurred_at_us - abandoned.idle_since_us >= 1_000_000
    assert closed.cart_expired.idle_since_us == merged.occurred_at_us
    assert closed.occurred_at_us - merged.occurred_at_us >= 5_000_000
    assert (told.actor, told.client_ip) == ("janitor", "")

    assert api.view(left, min_version=4).json()["status"] == "expired"
    document = assert_problem(api.add(left, "a"), 409, "cart_expired")
    assert document["freshCart"].startswith("/api/cart/")
    shown = api.all_events(left)[2]["data"]
    assert set(shown) == {"idleSince", "totalQuantity", "total"}
    api.close()


def test_a_click_that_races_wins(stack: Stack, tmp_path: Path) -> None:
    """Clicks at about the time when a cart becomes abandoned, two processes that sweep: no click is
    refused, no cart is told twice of one time of idleness (the fold is strict about it)."""
    settings = {f"CART_API_{name.upper()}": value for name, value in PATIENCE.items()}
    with running_daemon(stack, "cart-api", tmp_path / "log", **settings) as second:
        urls = [stack.env["CART_API_URL"], second.url]

        def shop(number: int) -> tuple[str, list[str]]:
            chance, api, cart = random.Random(number), Api(urls[number % 2]), new_cart()
            answers = []
            for _ in range(4):
                answers.append(code_of(api.add(cart, "a")))
                time.sleep(chance.uniform(0.9, 1.15))
            api.close()
            return cart, answers

        with ThreadPoolExecutor(24) as pool:
            results = list(pool.map(shop, range(24)))
        assert {code for _, answers in results for code in answers} == {""}
        carts = [cart for cart, _ in results]
        told = 0
        for cart in carts:
            state = fold(decoded_stream(read_events(stack, cart)))
            assert state.quantity() == 4
            told += types(stack, cart).count("CartAbandoned")
        assert told >= len(carts) / 2, "the clicks did not race with anything"
    _, found = check_system(stack, [])
    assert not found, report(found)


def test_the_sweep_looks_at_each_event_once(stack: Stack) -> None:
    """The cursors come to the end of the store, and stay there."""

    def behind() -> int:
        with connect(stack) as connection:
            row = connection.execute(
                "SELECT count(*) FROM cart_idle_sweeps s WHERE kind = 'abandon' AND position < "
                "(SELECT coalesce(max(position), 0) FROM cart_events e"
                "  WHERE e.partition = s.partition)"
            ).fetchone()
        return row[0]

    wait_until(lambda: behind() == 0, 15, "all events were looked at", 0.2)
