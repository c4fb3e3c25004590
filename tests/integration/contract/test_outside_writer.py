"""Batches that are inserted without a look at the store first, and somebody else who writes too."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
from lib.api import Api, code_of, new_key
from lib.events import make_item_added
from lib.murmur2 import partition_of
from lib.stack import Stack
from lib.store import connect, read_events
from lib.writer import append

# In front of PostgreSQL's own function for whoever connects from now on.
OTHER_START_TIME = """
    CREATE SCHEMA swapped;
    GRANT USAGE ON SCHEMA swapped TO PUBLIC;
    CREATE TABLE swapped.server AS SELECT now() AS started_at;
    GRANT SELECT ON swapped.server TO PUBLIC;
    CREATE FUNCTION swapped.pg_postmaster_start_time() RETURNS timestamptz LANGUAGE sql STABLE
        AS 'SELECT started_at FROM swapped.server';
"""


def ways(api: Api) -> dict[str, int]:
    """How many batches were appended in which way."""
    text = api.http.get("/metrics").text
    found = re.findall(r'^cartwright_commit_ways_total\{way="(\w+)"\} (\d+)$', text, re.MULTILINE)
    return {way: int(count) for way, count in found}


def add_until_direct(api: Api, cart: str) -> int:
    """After somebody else has written, some batches are verified; the version that is reached."""
    before = ways(api)["direct"]
    for _ in range(200):
        version = api.add(cart, "own").json()["version"]
        if ways(api)["direct"] > before:
            return version
    raise AssertionError("no batch is appended directly")


def test_another_writer_of_the_stream(stack: Stack, api: Api, cart: str) -> None:
    """The insert at the version that the other one took is refused; nothing is lost of either."""
    version = add_until_direct(api, cart)
    before = ways(api)
    append(stack, make_item_added(cart, version + 1, product_id="other"))
    answer = api.add(cart, "own")
    assert (answer.status_code, answer.json()["version"]) == (200, version + 2)
    assert ways(api)["refused"] == before["refused"] + 1
    assert [event.version for event in read_events(stack, cart)] == list(range(1, version + 3))
    state = api.state(cart, version=version + 2).json()
    items = {line["productId"]: line["quantity"] for line in state["items"]}
    assert items == {"own": version + 1, "other": 1}


def test_another_writer_of_the_partition(stack: Stack, api: Api, cart: str) -> None:
    """The position is taken, the version is not: the same command is answered, one later."""
    neighbour = next(
        name for name in (f"{cart}-{n}" for n in range(10000))
        if partition_of(name) == partition_of(cart)
    )  # fmt: skip
    version = add_until_direct(api, cart)
    position = append(stack, make_item_added(neighbour, 1))
    answer = api.add(cart, "own")
    assert (answer.status_code, answer.json()["version"]) == (200, version + 1)
    assert read_events(stack, cart)[-1].position == position + 1


def test_a_refusal_is_verified(api: Api, cart: str) -> None:
    """What is answered without an event is answered by the store."""
    add_until_direct(api, cart)
    before = ways(api)
    assert api.remove(cart, "not-there").status_code == 404
    assert ways(api) == before | {"verified": before["verified"] + 1}


def test_a_key_is_recorded_with_its_event(stack: Stack, api: Api, cart: str) -> None:
    """In the one statement that inserts both; the same key again is refused by the index."""
    version = add_until_direct(api, cart)
    before = ways(api)
    key = {"Idempotency-Key": new_key()}
    first = api.add(cart, "own", headers=key)
    assert (first.status_code, first.json()["version"]) == (200, version + 1)
    assert first.json()["position"] == read_events(stack, cart)[-1].position
    assert ways(api) == before | {"direct": before["direct"] + 1}
    again = api.add(cart, "own", headers=key)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert code_of(api.add(cart, "other", headers=key)) == "idempotency_key_reused"
    after = before | {"direct": before["direct"] + 1, "refused": before["refused"] + 2}
    assert ways(api) == after
    # The index has refused a key, not what we knew of the stream.
    assert api.add(cart, "own", headers={"Idempotency-Key": new_key()}).status_code == 200
    assert ways(api) == after | {"direct": after["direct"] + 1}


def test_a_key_that_another_process_recorded(stack: Stack, api: Api, cart: str) -> None:
    """The batch is refused as a whole, and the answer that is there is given."""
    version = add_until_direct(api, cart)
    key = new_key()
    first = api.add(cart, "own", headers={"Idempotency-Key": key})
    with connect(stack) as connection:
        connection.execute(
            "UPDATE cart_answers SET body = %s WHERE key = %s", (b'{"by":"another"}', key)
        )
    carts = [f"{cart}-{n}" for n in range(8)]
    for name in carts:
        add_until_direct(api, name)
    with ThreadPoolExecutor(len(carts) + 1) as pool:
        others = [pool.submit(api.add, name, "own") for name in carts]
        again = pool.submit(api.add, cart, "own", headers={"Idempotency-Key": key}).result()
        assert all(other.result().json()["version"] > 1 for other in others)
    assert (again.status_code, again.json()) == (first.status_code, {"by": "another"})
    assert api.add(cart, "own").json()["version"] == version + 2


def restart(stack: Stack) -> None:
    stack.wait_restarted("cart-api", stack.kill("cart-api"))
    stack.wait_ready()


@contextmanager
def swappable_server(stack: Stack) -> Iterator[psycopg.Connection]:
    """cart-api's connection then tells what swapped.server has as the server's start time."""
    with connect(stack) as connection:
        connection.execute(OTHER_START_TIME)
        connection.execute(
            "ALTER DATABASE cartwright SET search_path = swapped, pg_catalog, public"
        )
        try:
            restart(stack)
            yield connection
        finally:
            connection.execute("ALTER DATABASE cartwright RESET search_path")
            restart(stack)
            connection.execute("DROP SCHEMA swapped CASCADE")


def test_another_server_behind_the_connection(stack: Stack, cart: str) -> None:
    """As a pooler could do it after a failover: what was seen was seen on the server before."""
    with swappable_server(stack) as connection:
        api = Api(stack.env["CART_API_URL"])
        version = add_until_direct(api, cart)
        before = ways(api)
        connection.execute("UPDATE swapped.server SET started_at = started_at + interval '1 s'")
        for number in (1, 2):
            assert api.add(cart, "own").json()["version"] == version + number
        changed = {"verified": before["verified"] + 1, "direct": before["direct"] + 1}
        assert ways(api) == before | changed
        assert "another PostgreSQL server" in stack.log("cart-api").read_text()
    assert [event.version for event in read_events(stack, cart)] == list(range(1, version + 3))
