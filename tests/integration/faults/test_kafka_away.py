"""Kafka away for a while: commands neither fail nor slow down, the backlog drains in order."""

import time

import pytest
from lib.api import Api, new_cart
from lib.journal import Journal
from lib.load import Load, run_load
from lib.stack import Stack
from lib.system import check_system, report, wait_caught_up
from lib.wait import wait_until

AWAY_S = 15


@pytest.mark.slow
def test_kafka_hangs(stack: Stack, api: Api, journal: Journal) -> None:
    carts = [new_cart() for _ in range(60)]
    url = stack.env["CART_API_URL"]
    warm_up = run_load(Load([url], carts, clients=8, commands=300, seed=60), journal)
    assert not warm_up.surprises, report(warm_up.surprises)
    with stack.paused("kafka"):
        begin = time.monotonic()
        result = run_load(Load([url], carts, clients=8, seconds=AWAY_S, seed=61), journal)
        assert time.monotonic() - begin < AWAY_S + 10, "a command waited for Kafka"
        assert not result.surprises, report(result.surprises)
        # Who has just written sees it, although no projection can have it.
        cart_id = new_cart()
        version = api.add(cart_id).json()["version"]
        assert api.view(cart_id, min_version=version).json()["version"] == version
        assert api.http.get("/readyz").status_code == 200, "commands need no Kafka"
    print(f"{result.by_outcome()} while Kafka was away")
    assert result.count("ok") > 500
    wait_caught_up(stack, 60)
    _, found = check_system(stack, [])
    assert not found, report(found)


@pytest.mark.slow
def test_kafka_is_killed_while_it_is_behind(stack: Stack, journal: Journal) -> None:
    """The relay's batches are in flight, then the broker is gone: not one is lost, none overtakes."""
    carts = [new_cart() for _ in range(60)]
    url = stack.env["CART_API_URL"]
    with stack.paused("kafka"):
        result = run_load(Load([url], carts, clients=8, commands=800, seed=62), journal)
        assert not result.surprises, report(result.surprises)
    old = stack.kill("kafka")
    result = run_load(Load([url], carts, clients=8, commands=800, seed=63), journal)
    assert not result.surprises, report(result.surprises)
    stack.wait_restarted("kafka", old)
    _, found = check_system(stack, result.operations, deadline_s=60)
    assert not found, report(found)


@pytest.mark.slow
def test_cart_api_starts_while_kafka_is_away(stack: Stack, api: Api, cart: str) -> None:
    with stack.paused("kafka"):
        stack.wait_restarted("cart-api", stack.kill("cart-api"))
        wait_until(lambda: stack.ready("cart-api"), 20, "cart-api is ready without Kafka")
        client = Api(api.url)
        answer = client.add(cart, "p")
        assert answer.status_code == 201, answer.text
        assert client.view(cart, min_version=1).status_code == 200
    wait_caught_up(stack, 60)
