"""Ten thousand random commands: store, topic, views and every read equal an own fold."""

import pytest
from lib.api import Api, new_cart
from lib.journal import Journal
from lib.load import Load, run_load
from lib.readers import Readers
from lib.stack import Stack
from lib.store import digest, partition_heads, read_events
from lib.system import check_reads, check_system, report

COMMANDS = 10_000
CARTS = 500
CLIENTS = 32


@pytest.mark.slow
def test_ten_thousand_random_commands(stack: Stack, api: Api, journal: Journal) -> None:
    upto = partition_heads(stack)
    before = digest(read_events(stack), upto)
    carts = [new_cart() for _ in range(CARTS)]
    url = stack.env["CART_API_URL"]

    with Readers(stack, [url], carts) as readers:
        load = Load([url], carts, clients=CLIENTS, commands=COMMANDS, keyed=0.5, ending=0.02)
        result = run_load(load, journal)
    print(f"{result.by_outcome()} {dict(result.statuses)}, reads {dict(readers.statuses)}")

    assert not result.surprises, report(result.surprises)
    assert len(result.operations) == COMMANDS
    assert result.count("ok") + result.count("refused") == COMMANDS
    assert result.count("ok") > COMMANDS / 2
    for kind in ("merge", "checkout"):
        assert sum(o.kind == kind and o.outcome == "ok" for o in result.operations) > 20, kind
    contents, found = check_system(stack, result.operations)
    assert not found, report(found)
    assert digest(contents.events, upto) == before, "events have changed"
    found = readers.check(contents.events)
    assert not found, report(found)
    found = check_reads(api, contents, carts)
    assert not found, report(found)
