"""Listeners under a load, while what feeds them is killed and emptied: they miss nothing.

They come and go. For each of them and each cart, over all its connections: versions only grow, every
view is the fold of its version, and the last one is the cart's last. And no read is older than what a
listener was told.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lib.api import Api, new_cart
from lib.checker import FoldCache
from lib.daemon import running_daemon
from lib.fold import canonical, strict_loads
from lib.journal import Journal
from lib.live import EventStream, Listener, hear, subscribe, web_socket
from lib.load import Load, Runner, owner_of
from lib.stack import Stack
from lib.store import redis_client
from lib.system import check_system, report, wait_caught_up
from lib.wait import wait_until

CARTS, LISTENERS = 6, 18


def start_listeners(urls: list[str], carts: list[str]) -> list[Listener]:
    listeners = []
    for number in range(LISTENERS):
        one = [carts[number % len(carts)]]
        kind, watched = ("events", one) if number % 3 == 0 else ("socket", carts)
        stay_s = 1.0 if number % 2 == 0 else 30.0
        listeners.append(Listener(number, urls, watched, kind, stay_s))
    for listener in listeners:
        listener.start()
    return listeners


@contextmanager
def listening(urls: list[str], carts: list[str]) -> Iterator[list[Listener]]:
    listeners = start_listeners(urls, carts)
    try:
        yield listeners
    finally:
        for listener in listeners:
            listener.stopped.set()
        for listener in listeners:
            listener.join()


def backwards(listeners: list[Listener]) -> list[str]:
    return [
        f"{listener.name} {cart_id}: {earlier} then {later}"
        for listener in listeners
        for cart_id, heard in listener.heard.items()
        for earlier, later in zip(heard.versions, heard.versions[1:], strict=False)
        if later <= earlier
    ]


def behind(listeners: list[Listener], versions: dict[str, int]) -> list[str]:
    return [
        f"{listener.name} {cart_id}: {heard.versions[-1:]} of {versions[cart_id]}"
        for listener in listeners
        for cart_id, heard in listener.heard.items()
        if heard.versions[-1:] != [versions[cart_id]]
    ]


def wrong_views(listeners: list[Listener], folds: FoldCache) -> list[str]:
    return [
        f"{listener.name} {cart_id} version {version}: {view[:200]!r}"
        for listener in listeners
        for cart_id, heard in listener.heard.items()
        for version, view in heard.views.items()
        if canonical(strict_loads(view)) != folds.canonical_view(cart_id, version)
    ]


def test_what_was_published_while_nobody_heard_it(
    stack: Stack, api: Api, cart: str, tmp_path: Path
) -> None:
    """The subscription is lost, the cart changes once, and then nothing more comes."""
    api.add(cart)
    with running_daemon(stack, "cart-api", tmp_path / "cart-api.log") as daemon:
        with EventStream(daemon.url, cart) as stream, web_socket(daemon.url) as connection:
            assert stream.next().id == 1
            assert subscribe(connection, cart, version=1)["type"] == "subscribed"
            daemon.send(signal.SIGSTOP)
            try:
                with redis_client(stack) as client:
                    assert client.execute_command("CLIENT", "KILL", "TYPE", "PUBSUB") >= 1
                api.add(cart)
                wait_caught_up(stack, 30, [cart])
            finally:
                daemon.send(signal.SIGCONT)
            assert stream.next().id == 2
            assert hear(connection)["version"] == 2


@pytest.mark.slow
def test_listeners_miss_nothing_whatever_is_killed(
    stack: Stack, api: Api, journal: Journal, tmp_path: Path
) -> None:
    carts = [new_cart() for _ in range(CARTS)]
    for cart_id in carts:
        assert api.add(cart_id, user_id=owner_of(cart_id)).is_success
    with running_daemon(stack, "cart-api", tmp_path / "cart-api.log") as second:
        urls = [api.url, second.url]
        with listening(urls, carts) as listeners:
            load = Load(urls, carts, clients=4, seconds=9, retry_s=20, seed=95)
            runner = Runner(load, journal).start()
            for fault in ("flushall", "denormalizer", "redis", "cart-api", "flushall"):
                time.sleep(1.5)
                if fault == "flushall":
                    with redis_client(stack) as client:
                        client.flushall()
                else:
                    stack.wait_restarted(fault, stack.kill(fault))
            result = runner.join()
            wait_caught_up(stack, 30, carts)
            versions = {cart_id: api.view(cart_id).json()["version"] for cart_id in carts}
            wait_until(
                lambda: not behind(listeners, versions), 10, "every listener has the last version"
            )
    told = sum(len(heard.versions) for one in listeners for heard in one.heard.values())
    print(
        f"{told} views told, {sum(one.connections for one in listeners)} connections, "
        f"{result.by_outcome()}, versions {sorted(versions.values())}"
    )
    assert not backwards(listeners), report(backwards(listeners))
    contents, found = check_system(stack, [])
    assert not found, report(found)
    found = wrong_views(listeners, FoldCache(contents.events))
    assert not found, report(found)
    assert told > 500


def test_a_reader_is_never_behind_a_listener(api: Api, journal: Journal) -> None:
    """What was pushed is what GET answers from then on."""
    carts = [new_cart() for _ in range(4)]
    for cart_id in carts:
        api.add(cart_id, user_id=owner_of(cart_id))
    looks = 0
    with listening([api.url], carts) as listeners:
        runner = Runner(Load([api.url], carts, clients=3, seconds=3, seed=96), journal).start()
        while runner.threads[0].is_alive():
            for cart_id in carts:
                heard = [one.heard[cart_id] for one in listeners if cart_id in one.heard]
                told = max(one.versions[-1] if one.versions else 0 for one in heard)
                assert api.view(cart_id).json()["version"] >= told
                looks += told > 1
        runner.join()
    assert not backwards(listeners), report(backwards(listeners))
    assert looks > 50
