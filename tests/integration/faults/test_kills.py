"""Daemons and servers are killed again and again under load; clients retry with the same key.

Nothing is lost, nothing is done twice; meanwhile requests get 503 or a closed connection, never a false
2xx and never a wrong view.
"""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import pytest
from lib.api import Api, new_cart
from lib.journal import Journal
from lib.load import Load, Runner
from lib.readers import Readers
from lib.stack import Stack
from lib.store import connect, digest, partition_heads, read_events
from lib.system import check_reads, check_system, report

LOAD_S = 12
RETRY_S = 60


def kill(name: str, number: signal.Signals = signal.SIGKILL) -> Callable[[Stack], None]:
    def inject(stack: Stack) -> None:
        old = stack.kill(name, number)
        stack.wait_restarted(name, old)

    return inject


def terminate_backends(stack: Stack) -> None:
    """Every connection of the daemons is cut, some of them between COMMIT and its reply."""
    with connect(stack) as connection:
        owner = connection.info.user
    admin = (stack.home / "secrets" / "postgres").read_text().strip()
    port = stack.env["POSTGRES_CONNECTION_STRING"].rsplit(":", 1)[1].split("/")[0]
    uri = f"postgresql://postgres:{admin}@127.0.0.1:{port}/cartwright"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename LIKE 'cartwright%%' AND usename <> %s",
            (owner,),
        )


@dataclass
class Fault:
    name: str
    inject: Callable[[Stack], None]
    every_s: float


FAULTS = [
    Fault("cart-api", kill("cart-api"), 2),
    Fault("denormalizer", kill("denormalizer"), 2),
    Fault("kafka", kill("kafka"), 4),
    Fault("redis", kill("redis"), 3),
    Fault("postgresql", kill("postgresql", signal.SIGQUIT), 3),  # what an immediate stop sends
    Fault("postgresql-killed", kill("postgresql"), 3),
    Fault("backends", terminate_backends, 0.5),
]


@pytest.mark.slow
@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in FAULTS])
def test_killed_under_load(stack: Stack, api: Api, journal: Journal, fault: Fault) -> None:
    carts = [new_cart() for _ in range(120)]
    url = stack.env["CART_API_URL"]
    upto = partition_heads(stack)
    before = digest(read_events(stack), upto)

    injected = 0
    # Redis may come back without its last second.
    with Readers(stack, [url], carts, redis_keeps=fault.name != "redis") as readers:
        load = Load([url], carts, clients=12, seconds=LOAD_S, retry_s=RETRY_S, seed=31, ending=0.02)
        runner = Runner(load, journal).start()
        end = time.monotonic() + LOAD_S - 1
        while time.monotonic() < end:
            time.sleep(fault.every_s)
            fault.inject(stack)
            injected += 1
        result = runner.join()
    stack.wait_ready()
    print(f"{injected} faults, {result.by_outcome()} {dict(result.statuses)}")
    print(f"reads {dict(readers.statuses)}")

    assert injected >= 2
    assert not result.surprises, report(result.surprises)
    assert result.count("ok") > 100
    assert result.count("unknown") + result.count("failed") == 0, "without an answer after a minute"
    contents, found = check_system(stack, result.operations, deadline_s=60)
    assert not found, report(found)
    assert digest(contents.events, upto) == before, "events have changed"
    found = readers.check(contents.events)
    assert not found, report(found)
    found = check_reads(api, contents, carts[:10])
    assert not found, report(found)


def test_a_daemon_is_back_within_a_few_seconds(stack: Stack) -> None:
    for name in ("cart-api", "denormalizer"):
        old = stack.kill(name)
        stack.wait_restarted(name, old, 5)
        stack.wait_ready(15)


def test_a_recorded_answer_outlives_the_process(stack: Stack, api: Api, cart: str) -> None:
    headers = {"Idempotency-Key": "before-the-kill"}
    first = api.add(cart, "p", 2, headers=headers)
    stack.wait_restarted("cart-api", stack.kill("cart-api"))
    stack.wait_ready()
    again = Api(api.url).add(cart, "p", 2, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
