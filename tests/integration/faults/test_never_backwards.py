"""A view that was shown is never followed by an older one, wherever the two came from.

The denormalizer is stopped, so that a fold of the event store is newer than the view in Redis for as
long as the test likes: what load tests meet by chance is certain here.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from lib.api import Api, new_cart
from lib.daemon import running_daemon
from lib.murmur2 import partition_of
from lib.stack import Stack
from lib.store import connect, redis_client
from lib.system import wait_caught_up
from lib.wait import wait_until

PROJECTION = "projection:cart:v1"


@pytest.fixture(scope="module")
def second(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Another cart-api, whose readers know nothing of the first one's."""
    log: Path = tmp_path_factory.mktemp("second") / "cart-api.log"
    with running_daemon(stack, "cart-api", log) as daemon:
        client = Api(daemon.url)
        yield client
        client.close()


@contextmanager
def view_behind(stack: Stack, api: Api, cart_id: str) -> Iterator[int]:
    """Redis has version 1 of the cart, the store 2, as long as this lasts."""
    assert api.add(cart_id, "p").json()["version"] == 1
    wait_caught_up(stack, carts=[cart_id])
    trusted(api, cart_id)
    with stack.paused("denormalizer"):
        assert api.add(cart_id, "p").json()["version"] == 2
        yield 2
    wait_caught_up(stack, carts=[cart_id])
    never_older(api, cart_id, 2)


def trusted(api: Api, cart_id: str) -> None:
    """Reads come from Redis: nothing that happened before keeps this cart-api from it."""

    def from_redis() -> bool:
        before = reads_from_redis(api)
        assert api.view(cart_id).status_code == 200
        return reads_from_redis(api) > before

    wait_until(from_redis, 15, f"{api.url} answers from Redis")


def reads_from_redis(api: Api) -> float:
    name = 'cartwright_cart_view_reads_total{source="redis"}'
    lines = api.http.get("/metrics").text.splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(name))


def never_older(api: Api, cart_id: str, version: int, times: int = 5) -> None:
    for _ in range(times):
        answer = api.view(cart_id)
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 200:
            assert answer.json()["version"] >= version, f"older than {version} at {api.url}"


def see(api: Api, cart_id: str, version: int) -> None:
    answer = api.view(cart_id, min_version=version)
    assert (answer.status_code, answer.json()["version"]) == (200, version)


def test_a_plain_read_after_a_fold(stack: Stack, api: Api, cart: str) -> None:
    with view_behind(stack, api, cart) as version:
        assert api.view(cart).json()["version"] == 1, "the test's premise: Redis is behind"
        see(api, cart, version)
        never_older(api, cart, version)


def test_a_plain_read_at_another_process(stack: Stack, api: Api, second: Api, cart: str) -> None:
    with view_behind(stack, api, cart) as version:
        see(second, cart, version)
        never_older(api, cart, version)
        never_older(second, cart, version)


def test_the_view_is_deleted(stack: Stack, api: Api, second: Api, cart: str) -> None:
    """Then the denormalizer goes on with the events before the one that readers have seen."""
    with view_behind(stack, api, cart) as version:
        version = api.add(cart, "p").json()["version"]
        see(api, cart, version)
        with redis_client(stack) as client:
            client.delete(f"cart:{cart}")
    never_older(api, cart, version)
    never_older(second, cart, version)


def test_redis_is_emptied(stack: Stack, api: Api, second: Api, cart: str) -> None:
    with view_behind(stack, api, cart) as version:
        see(second, cart, version)
        with redis_client(stack) as client:
            client.flushall()
        never_older(api, cart, version)
        with redis_client(stack) as client:
            client.flushall()
        never_older(second, cart, version)


def kill_and_lose(stack: Stack, cart_id: str) -> None:
    """Redis comes back with what it had when it was told to keep nothing more."""
    old = stack.kill("redis")
    stack.wait_restarted("redis", old)

    def is_back() -> bool:
        with redis_client(stack) as client:
            return client.hget(f"cart:{cart_id}", "version") is not None

    wait_until(is_back, 10, "Redis is back")


def keep_nothing_more(stack: Stack) -> None:
    with redis_client(stack) as client:
        client.save()
        client.config_set("save", "")


def test_redis_comes_back_with_older_data(stack: Stack, api: Api, second: Api, cart: str) -> None:
    with view_behind(stack, api, cart) as version:
        keep_nothing_more(stack)
        see(second, cart, version)
        kill_and_lose(stack, cart)
        for _ in range(20):
            never_older(api, cart, version)
            never_older(second, cart, version)
    trusted(api, cart)
    trusted(second, cart)
    never_older(api, cart, version)
    never_older(second, cart, version)


def test_redis_comes_back_and_nobody_was_asking(stack: Stack, api: Api, cart: str) -> None:
    """Readers noticed nothing: it is the new connection that says that data may be missing."""
    other = new_cart()
    while partition_of(other) == partition_of(cart):
        other = new_cart()
    api.add(other, "p")
    wait_caught_up(stack, carts=[other])
    with view_behind(stack, api, cart) as version:
        keep_nothing_more(stack)
        see(api, cart, version)
        kill_and_lose(stack, cart)
        trusted(api, other)  # connected again, and nothing is missing in this partition
        never_older(api, cart, version)


def test_redis_does_not_answer_for_a_while(stack: Stack, api: Api, cart: str) -> None:
    with view_behind(stack, api, cart) as version:
        with stack.paused("redis"):
            answer = api.view(cart)
            assert (answer.status_code, answer.json()["version"]) == (200, version)
        for _ in range(20):
            never_older(api, cart, version)


def test_redis_refuses_what_was_folded(stack: Stack, api: Api, cart: str) -> None:
    with view_behind(stack, api, cart) as version, redis_client(stack) as client:
        client.config_set("min-replicas-to-write", "1")
        try:
            see(api, cart, version)
            never_older(api, cart, version)
        finally:
            client.config_set("min-replicas-to-write", "0")
        never_older(api, cart, version)
    trusted(api, cart)


def test_a_late_write_into_an_emptied_redis(stack: Stack, api: Api, cart: str) -> None:
    """What was folded before Redis was emptied is not written afterwards, by nobody."""
    api.add(cart, "p")
    wait_caught_up(stack, carts=[cart])
    key = f"cart:{new_cart()}"
    fields = (1, json.dumps({"version": 1}), "state", "owner")
    with redis_client(stack) as client, connect(stack) as store:
        partition = store.execute(
            "SELECT partition FROM cart_events WHERE stream_id = %s", (cart,)
        ).fetchone()[0]
        generation = client.hget(PROJECTION, "generation")
        position = client.hget(PROJECTION, str(partition)).split()[0]

        def call(function: str, *arguments: object) -> object:
            name = f"cartwright_cart_v1_{function}"
            return client.fcall(name, 2, PROJECTION, key, *arguments)

        def offer() -> object:
            return call("offer", generation, *fields)

        def put() -> object:
            return call("put", 1, partition, position, position, -1, *fields, "", 0)

        def replace() -> object:
            return call("replace", "a-token", generation, *fields, "")

        with stack.paused("denormalizer"):
            written = {offer: b"+", put: b"+", replace: [b"+"]}
            for write, verdict in written.items():
                assert write() == verdict
                client.delete(key)
            client.flushall()
            refused = {offer: b"?", put: f"LOST {partition}".encode(), replace: b"?"}
            for write, verdict in refused.items():
                assert write() == verdict
                assert not client.exists(key)
    wait_caught_up(stack, carts=[cart])


def test_a_write_onto_a_view_that_is_gone(stack: Stack, api: Api, cart: str) -> None:
    """Readers may have been shown a newer one, so the denormalizer folds it anew."""
    api.add(cart, "p")
    wait_caught_up(stack, carts=[cart])
    key = f"cart:{new_cart()}"
    with redis_client(stack) as client:

        def put(was_there: int) -> object:
            fields = (2, json.dumps({"version": 2}), "state", "owner")
            name = "cartwright_cart_v1_put"
            return client.fcall(name, 2, PROJECTION, key, 0, *fields, "", was_there)

        try:
            assert put(1) == b"!"
            assert not client.exists(key)
            assert put(0) == b"+"
        finally:
            client.delete(key)


def test_the_library_refuses_a_newer_one(stack: Stack, api: Api, cart: str) -> None:
    """An offer that comes late, or twice, changes nothing."""
    api.add(cart, "p")
    api.add(cart, "p")
    wait_caught_up(stack, carts=[cart])
    with redis_client(stack) as client:
        generation = client.hget(PROJECTION, "generation")
        before = client.hgetall(f"cart:{cart}")

        def offer(version: object) -> object:
            keys, fields = (PROJECTION, f"cart:{cart}"), (version, "late", "late", "late")
            return client.fcall("cartwright_cart_v1_offer", 2, *keys, generation, *fields)

        assert (offer(1), offer(2)) == (b"=", b"=")
        assert client.hgetall(f"cart:{cart}") == before
        with pytest.raises(redis.ResponseError):
            offer("none")
        assert client.hgetall(f"cart:{cart}") == before
