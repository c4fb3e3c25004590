"""`denormalizer --rebuild` beside the running one: heals what is wrong, readers see no gap."""

import json
import subprocess
import time

import pytest
from lib.api import Api, item, new_cart
from lib.journal import Journal
from lib.load import Load, Runner, owner_of
from lib.readers import Readers
from lib.stack import Stack
from lib.store import read_views, redis_client
from lib.system import check_stored_view, check_system, report, wait_caught_up


def rebuild(stack: Stack) -> None:
    ended = subprocess.run(
        [stack.program("denormalizer"), "--rebuild"],
        env=stack.environment_of("denormalizer"),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.slow
def test_rebuild_under_reads_and_writes(stack: Stack, api: Api, journal: Journal) -> None:
    carts = [new_cart() for _ in range(60)]
    for cart_id in carts:
        api.add_many(cart_id, [item("a", 2), item("b", 3)], user_id=owner_of(cart_id))
    wait_caught_up(stack)
    url = stack.env["CART_API_URL"]
    with Readers(stack, [url], carts, count=3) as readers:
        readers.known.update(carts)
        runner = Runner(Load([url], carts[30:], clients=4, seconds=8, seed=51), journal).start()
        end = time.monotonic() + 4
        while time.monotonic() < end:
            rebuild(stack)
        runner.stop()
        result = runner.join()
    assert result.count("ok") > 50
    assert readers.statuses[200] > 100
    assert not result.surprises, report(result.surprises)
    contents, found = check_system(stack, [])
    found += readers.check(contents.events)
    assert not found, report(found)
    assert set(readers.statuses) <= {200}


def test_two_rebuilds_give_the_same(stack: Stack, api: Api, cart: str) -> None:
    api.add_many(cart, [item("a", 2), item("b", 3)])
    wait_caught_up(stack)
    rebuild(stack)
    first = read_views(stack)
    rebuild(stack)
    assert read_views(stack) == first


@pytest.mark.parametrize(
    "corrupt",
    [
        pytest.param({"view": '{"wrong":true}'}, id="view"),
        pytest.param({"view": "no JSON"}, id="no-json"),
        pytest.param({"version": "1"}, id="older-version"),
        pytest.param({"version": "999"}, id="newer-version"),
        pytest.param({"version": "x"}, id="no-version"),
        pytest.param({"state": "junk"}, id="state"),
        pytest.param({"state": ""}, id="empty-state"),
        pytest.param({"version": "999", "view": '{"version":999}', "state": ""}, id="all"),
    ],
)
def test_rebuild_heals_a_corrupt_view(
    stack: Stack, api: Api, cart: str, corrupt: dict[str, str]
) -> None:
    api.add_many(cart, [item("a", 2), item("b", 3)])
    wait_caught_up(stack, carts=[cart])
    with redis_client(stack) as client:
        client.hset(f"cart:{cart}", mapping=corrupt)
        try:
            rebuild(stack)
            found = check_stored_view(stack, cart, deadline_s=5)
            assert not found, report(found)
            assert api.view(cart).json()["totalQuantity"] == 5
            assert api.add(cart, "c").json()["version"] == 3
            found = check_stored_view(stack, cart)
            assert not found, report(found)
        except AssertionError:
            client.delete(f"cart:{cart}")  # no other test shall stumble over it
            api.add(cart, "healed")
            raise


def test_rebuild_removes_nothing_that_is_not_ours(stack: Stack) -> None:
    with redis_client(stack) as client:
        client.set("another-application", "1")
        client.hset("cart:never-existed", mapping={"version": 1, "view": json.dumps({})})
        try:
            rebuild(stack)
            assert client.get("another-application") == b"1"
        finally:
            client.delete("another-application", "cart:never-existed")


def test_everything_is_right_afterwards(stack: Stack) -> None:
    _, found = check_system(stack, [])
    assert not found, report(found)
