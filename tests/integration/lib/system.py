"""Waiting until the whole pipeline has caught up, and judging all of it."""

from lib.api import Api
from lib.checker import Contents, FoldCache, Violations, check_contents, check_journal, check_views
from lib.fold import canonical, fold, rfc3339, strict_loads, view
from lib.journal import Operation
from lib.stack import Stack
from lib.store import (
    StoredEvent,
    by_stream,
    decoded_stream,
    heads,
    last_positions,
    partition_heads,
    read_events,
    read_topic,
    read_views,
    view_versions,
)
from lib.wait import wait_until


def lagging(stack: Stack, carts: list[str] | None = None) -> list[str]:
    """Carts whose view in Redis is not at their stream's last version."""
    stored = heads(stack)
    if carts is not None:
        stored = {cart_id: stored.get(cart_id, 0) for cart_id in carts}
    shown = view_versions(stack, list(stored))
    return [
        f"{cart_id}: view {shown[cart_id]} of {version}"
        for cart_id, version in stored.items()
        if shown[cart_id] != version
    ]


def wait_caught_up(stack: Stack, deadline_s: float = 30, carts: list[str] | None = None) -> None:
    last: list[str] = []

    def caught_up() -> bool:
        last[:] = lagging(stack, carts)
        return not last

    try:
        wait_until(caught_up, deadline_s, "every view is at its stream's last version", 0.2)
    except AssertionError as error:
        raise AssertionError(f"{error}; {len(last)} behind: {last[:5]}") from None


def wait_published(stack: Stack, deadline_s: float = 30) -> None:
    """Until the topic has every event: a reader may have brought a view up before that."""
    stored = partition_heads(stack)

    def published() -> bool:
        last = last_positions(stack)
        return all(last.get(partition, 0) >= position for partition, position in stored.items())

    wait_until(published, deadline_s, "every event is in the topic", 0.2)


def read_contents(stack: Stack) -> Contents:
    return Contents(read_events(stack), read_topic(stack), read_views(stack))


def check_system(
    stack: Stack,
    operations: list[Operation],
    exactly_once: bool = False,
    deadline_s: float = 30,
) -> tuple[Contents, Violations]:
    """Everything at rest: the journal against the store, the store against topic and views."""
    wait_caught_up(stack, deadline_s)
    wait_published(stack, deadline_s)
    contents = read_contents(stack)
    strangers = frozenset(stack.strangers)
    found = check_contents(contents, strangers, exactly_once)
    return contents, found + check_journal(operations, contents.events)


def check_stored_view(stack: Stack, cart_id: str, deadline_s: float = 15) -> Violations:
    """One cart's view in Redis against its own stream, for tests that touch only this cart."""
    wait_caught_up(stack, deadline_s, [cart_id])
    stream = read_events(stack, cart_id)
    return check_views(stream, read_views(stack, [cart_id]))


def check_reads(api: Api, contents: Contents, carts: list[str]) -> Violations:
    """GET view, GET events and state at every version and at every time equal the fold."""
    found: Violations = []
    streams, folds = by_stream(contents.events), FoldCache(contents.events)
    for cart_id in carts:
        stream = streams.get(cart_id, [])
        if stream:
            found += check_cart_reads(api, cart_id, stream, folds)
        elif api.view(cart_id).status_code != 404:
            found.append(f"{cart_id} has no events and a view")
    return found


def check_cart_reads(
    api: Api, cart_id: str, stream: list[StoredEvent], folds: FoldCache
) -> Violations:
    found: Violations = []
    last = stream[-1].version

    def compare(what: str, content: bytes, expected: bytes | None) -> None:
        if canonical(strict_loads(content)) != expected:
            found.append(f"{cart_id} {what}: {content!r} is not {expected!r}")

    compare("view", api.view(cart_id).content, folds.canonical_view(cart_id, last))
    decoded = decoded_stream(stream)
    for event in stream:
        answer = api.state(cart_id, version=event.version)
        expected = folds.canonical_view(cart_id, event.version)
        compare(f"state at {event.version}", answer.content, expected)
    middle = stream[len(stream) // 2].recorded_at_us
    answer = api.state(cart_id, asOf=rfc3339(middle))
    cart = fold(decoded, as_of_us=middle)
    compare("state as of", answer.content, canonical(view(cart_id, cart)))

    shown = api.all_events(cart_id)
    expected = [
        (e.version, e.partition, e.position, e.event_id.hex(), e.type, rfc3339(e.recorded_at_us))
        for e in stream
    ]
    actual = [
        (
            e["version"], e["partition"], e["position"], e["eventId"].replace("-", ""), e["type"],
            e["occurredAt"],
        )
        for e in shown
    ]  # fmt: skip
    if actual != expected:
        found.append(f"{cart_id} events: {actual} is not {expected}")
    return found


def report(violations: Violations) -> str:
    """Text for an assertion: the first ones, and how many."""
    return f"{len(violations)} violations:\n" + "\n".join(violations[:12])
