"""Redis loses its data, or is away: no wrong and no empty cart is ever served, views come back."""

import time

import pytest
from lib.api import Api, item, new_cart
from lib.journal import Journal
from lib.load import Load, Runner, owner_of
from lib.readers import Readers
from lib.stack import Stack
from lib.store import redis_client
from lib.system import check_stored_view, check_system, report, wait_caught_up


def filled_carts(api: Api, count: int) -> list[str]:
    carts = [new_cart() for _ in range(count)]
    for number, cart_id in enumerate(carts):
        items = [item(f"p{n}") for n in range(1 + number % 4)]
        assert api.add_many(cart_id, items, user_id=owner_of(cart_id)).is_success
    return carts


@pytest.mark.slow
def test_flushall_under_reads_and_writes(stack: Stack, api: Api, journal: Journal) -> None:
    carts = filled_carts(api, 80)
    wait_caught_up(stack)
    url = stack.env["CART_API_URL"]
    with Readers(stack, [url], carts, count=6, redis_keeps=False) as readers:
        readers.known.update(carts)
        runner = Runner(Load([url], carts[40:], clients=4, seconds=9, seed=41), journal).start()
        for _ in range(4):
            time.sleep(2)
            with redis_client(stack) as client:
                client.flushall()
        result = runner.join()
        wait_caught_up(stack, 30)
    print(f"reads {dict(readers.statuses)}, {result.by_outcome()}")
    assert result.count("ok") > 100
    assert not result.surprises, report(result.surprises)
    contents, found = check_system(stack, [])
    assert not found, report(found)
    found = readers.check(contents.events)
    assert not found, report(found)
    assert readers.statuses[200] > 200
    assert set(readers.statuses) <= {200, 503}


def test_views_come_back_without_a_new_event(stack: Stack, api: Api) -> None:
    carts = filled_carts(api, 50)
    wait_caught_up(stack)
    with redis_client(stack) as client:
        client.flushall()
    for cart_id in carts[:10]:
        assert api.view(cart_id).json()["items"], "an empty cart was served"
    wait_caught_up(stack, 30)
    _, found = check_system(stack, [])
    assert not found, report(found)


def test_a_single_view_that_is_lost(stack: Stack, api: Api, cart: str) -> None:
    """Evicted or deleted: it is folded from the store, and the next event brings it back whole."""
    api.add_many(cart, [item("a", 2), item("b", 3)])
    wait_caught_up(stack, carts=[cart])
    with redis_client(stack) as client:
        client.delete(f"cart:{cart}")
    assert api.view(cart).json()["totalQuantity"] == 5
    assert api.add(cart, "c").json()["totalQuantity"] == 6
    found = check_stored_view(stack, cart)
    assert api.view(cart).json()["totalQuantity"] == 6
    assert not found, report(found)


@pytest.mark.parametrize("field", ["state", "view", "version"])
def test_a_view_that_is_half_lost(stack: Stack, api: Api, cart: str, field: str) -> None:
    api.add_many(cart, [item("a", 2), item("b", 3)])
    wait_caught_up(stack, carts=[cart])
    with redis_client(stack) as client:
        client.hdel(f"cart:{cart}", field)
    assert api.view(cart).json()["totalQuantity"] == 5
    api.add(cart, "c")
    found = check_stored_view(stack, cart)
    assert not found, report(found)


def test_the_function_is_lost(stack: Stack, api: Api, cart: str) -> None:
    """A Redis that was replaced by an empty one has no functions either."""
    api.add(cart, "a")
    wait_caught_up(stack, carts=[cart])
    with redis_client(stack) as client:
        client.function_flush()
    api.add(cart, "b")
    wait_caught_up(stack, 15, [cart])


@pytest.mark.slow
def test_redis_that_hangs(stack: Stack, api: Api, cart: str) -> None:
    """Not dead, only silent: reads and writes go on, and afterwards everything is right."""
    api.add(cart, "p")
    wait_caught_up(stack, carts=[cart])
    with stack.paused("redis"):
        for quantity in range(2, 8):
            version = api.add(cart, "p").json()["version"]
            answer = api.view(cart, min_version=version)
            assert answer.status_code == 200, answer.text
            assert answer.json()["totalQuantity"] == quantity
    found = check_stored_view(stack, cart, 30)
    assert not found, report(found)


@pytest.mark.slow
def test_redis_that_refuses_writes(stack: Stack, api: Api, cart: str) -> None:
    """Full, or a replica: the denormalizer waits and goes on where it was; reads see every write."""
    api.add(cart, "p")
    wait_caught_up(stack, carts=[cart])
    for setting, bad, good in (
        ("maxmemory", "1mb", "2gb"),
        ("min-replicas-to-write", "1", "0"),
    ):
        with redis_client(stack) as client:
            client.config_set(setting, bad)
            try:
                for _ in range(5):
                    version = api.add(cart, "p").json()["version"]
                assert api.view(cart, min_version=version).status_code == 200
            finally:
                client.config_set(setting, good)
        wait_caught_up(stack, 30)
    _, found = check_system(stack, [])
    assert not found, report(found)
