"""SIGTERM under load: no failed request beyond refused connections, nothing lost, exit code 0."""

import time
from pathlib import Path

import pytest
from lib.api import new_cart
from lib.daemon import Daemon, running_daemon
from lib.journal import Journal
from lib.load import Load, Runner
from lib.stack import Stack
from lib.system import check_system, report, wait_caught_up
from lib.wait import wait_until

# A keep-alive connection that the server closes while the request is on its way: RFC 9112, 9.3.1. It is
# no failure as long as the command was not done, which the journal's check says.
CLOSED_BEFORE_THE_REQUEST = ("RemoteProtocolError", "ReadError", "WriteError", "ConnectError")


def drained_surprises(surprises: list[str]) -> list[str]:
    return [text for text in surprises if not any(e in text for e in CLOSED_BEFORE_THE_REQUEST)]


def assert_closed_means_not_done(runner: Runner) -> None:
    """An answer that got lost would be a failed request: such a command must not be stored."""
    for operation in runner.result.operations:
        if operation.outcome == "unknown":
            operation.outcome = "failed"


@pytest.mark.slow
@pytest.mark.parametrize("round_number", [1, 2, 3])
def test_cart_api_drains(stack: Stack, journal: Journal, tmp_path: Path, round_number: int) -> None:
    carts = [new_cart() for _ in range(40)]
    with running_daemon(stack, "cart-api", tmp_path / "cart-api.log") as daemon:
        load = Load([daemon.url], carts, clients=24, seconds=30, seed=70 + round_number)
        runner = Runner(load, journal).start()
        wait_until(lambda: runner.result.statuses["200"] > 300, 20, "the load is under way")
        begin = time.monotonic()
        assert daemon.stop() == 0, daemon.log.read_text()[-2000:]
        took_s = time.monotonic() - begin
        runner.stop()
        result = runner.join()
    print(f"drained in {took_s:.2f} s, {result.by_outcome()} {dict(result.statuses)}")
    assert not drained_surprises(result.surprises), report(result.surprises)
    assert_closed_means_not_done(runner)
    _, found = check_system(stack, result.operations)
    assert not found, report(found)


@pytest.mark.slow
def test_the_supervised_cart_api_drains_and_comes_back(stack: Stack, journal: Journal) -> None:
    """Through the supervisor: refused connections for a moment, then the successor answers."""
    carts = [new_cart() for _ in range(40)]
    url = stack.env["CART_API_URL"]
    runner = Runner(Load([url], carts, clients=16, seconds=8, seed=74, retry_s=30), journal).start()
    for _ in range(2):
        time.sleep(1.5)
        old = stack.kill("cart-api", 15)
        stack.wait_restarted("cart-api", old)
        stack.wait_ready()
    result = runner.join()
    print(f"{result.by_outcome()} {dict(result.statuses)}")
    assert not drained_surprises(result.surprises), report(result.surprises)
    assert result.count("unknown") == 0
    assert result.count("failed") == 0
    _, found = check_system(stack, result.operations)
    assert not found, report(found)


@pytest.mark.slow
def test_denormalizer_drains(stack: Stack, journal: Journal, tmp_path: Path) -> None:
    carts = [new_cart() for _ in range(40)]
    url = stack.env["CART_API_URL"]
    runner = Runner(Load([url], carts, clients=12, seconds=9, seed=75), journal).start()
    codes = []
    for number in range(2):
        with running_daemon(stack, "denormalizer", tmp_path / f"{number}.log") as daemon:
            time.sleep(2)
            codes.append(daemon.stop())
    result = runner.join()
    assert codes == [0, 0]
    assert not result.surprises, report(result.surprises)
    _, found = check_system(stack, result.operations)
    assert not found, report(found)
    wait_caught_up(stack)


def test_a_term_before_it_is_ready(stack: Stack, tmp_path: Path) -> None:
    """Asked to end while it still starts, or while no server is there, a daemon ends with 0."""
    for name in ("cart-api", "denormalizer"):
        daemon = Daemon(
            stack,
            name,
            tmp_path / f"{name}.log",
            KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1",
            REDIS_CONNECTION_STRING="127.0.0.1:1",
        )
        try:
            time.sleep(1)
            assert daemon.process.poll() is None, daemon.log.read_text()[-2000:]
            assert daemon.stop() == 0, daemon.log.read_text()[-2000:]
        finally:
            daemon.process.kill()
            daemon.process.wait()
