"""Two cart-api and two denormalizers at once, on the same carts: only speed may suffer."""

import signal
import time
from pathlib import Path

import pytest
from lib.api import Api, new_cart
from lib.daemon import running_daemon
from lib.journal import Journal
from lib.load import Load, Runner, run_load
from lib.readers import Readers
from lib.stack import Stack
from lib.system import check_reads, check_system, report, wait_caught_up


@pytest.mark.slow
def test_two_of_each_on_few_carts(stack: Stack, api: Api, journal: Journal, tmp_path: Path) -> None:
    """Few carts and many clients, so that both processes write the same streams all the time."""
    carts = [new_cart() for _ in range(12)]
    with (
        running_daemon(stack, "cart-api", tmp_path / "cart-api.log") as second_api,
        running_daemon(stack, "denormalizer", tmp_path / "denormalizer.log") as second_denormalizer,
    ):
        urls = [stack.env["CART_API_URL"], second_api.url]
        with Readers(stack, urls, carts) as readers:
            result = run_load(Load(urls, carts, clients=24, commands=2000, seed=6), journal)
        print(f"{result.by_outcome()} {dict(result.statuses)}, reads {dict(readers.statuses)}")
        assert not result.surprises, report(result.surprises)
        contents, found = check_system(stack, result.operations)
        assert not found, report(found)
        found = readers.check(contents.events) + check_reads(api, contents, carts)
        assert not found, report(found)
        assert second_denormalizer.stop() == 0
        assert second_api.stop() == 0
    stack.wait_ready()
    wait_caught_up(stack)


@pytest.mark.slow
def test_a_denormalizer_that_sleeps_and_wakes(
    stack: Stack, journal: Journal, tmp_path: Path
) -> None:
    """Stopped past its session time-out, its partitions go to the other one; when it wakes with old
    events in its hands, no view goes back."""
    carts = [new_cart() for _ in range(30)]
    url = stack.env["CART_API_URL"]
    with running_daemon(stack, "denormalizer", tmp_path / "denormalizer.log") as second:
        load = Load([url], carts, clients=4, seconds=24, seed=7)
        with Readers(stack, [url], carts) as readers:
            runner = Runner(load, journal).start()
            time.sleep(3)  # both have partitions and are at work
            second.send(signal.SIGSTOP)
            time.sleep(13)  # longer than a session
            wait_caught_up(stack, 30, carts[:1])
            second.send(signal.SIGCONT)
            result = runner.join()
        assert not result.surprises, report(result.surprises)
        contents, found = check_system(stack, result.operations)
        found += readers.check(contents.events)
        assert not found, report(found)
    stack.wait_ready()


@pytest.mark.slow
def test_two_relays_hand_over(stack: Stack, journal: Journal, tmp_path: Path) -> None:
    """One of two APIs is killed: the other one takes its partitions, in order, without a gap."""
    carts = [new_cart() for _ in range(30)]
    with running_daemon(stack, "cart-api", tmp_path / "cart-api.log") as second:
        urls = [stack.env["CART_API_URL"], second.url]
        first = run_load(Load(urls, carts, clients=8, commands=400, seed=8), journal)
        assert not first.surprises, report(first.surprises)
        second.send(signal.SIGKILL)
        second.process.wait()
    result = run_load(Load(urls[:1], carts, clients=8, commands=400, seed=9), journal)
    assert not result.surprises, report(result.surprises)
    _, found = check_system(stack, result.operations)
    assert not found, report(found)
