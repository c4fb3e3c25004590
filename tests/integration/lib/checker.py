"""The invariants of RELIABILITY.md over what was read from a whole system: pure functions.

Each returns the violations it found as text; no violations, an empty list.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lib.events import PACKAGE, body_of, decode
from lib.fold import Cart, canonical, evolve, fold, strict_loads, view
from lib.journal import Operation
from lib.murmur2 import PARTITIONS, partition_of
from lib.store import Record, StoredEvent, StoredView, by_stream, decoded_stream

Violations = list[str]


@dataclass
class Contents:
    """What the three servers hold."""

    events: list[StoredEvent]
    records: list[Record]
    views: dict[str, StoredView]


def check_density(events: list[StoredEvent]) -> Violations:
    """I2: positions per partition and versions per stream are 1 … n, without hole or repeat."""
    found: Violations = []
    positions: dict[int, list[int]] = defaultdict(list)
    versions: dict[str, list[StoredEvent]] = defaultdict(list)
    for event in events:
        positions[event.partition].append(event.position)
        versions[event.stream_id].append(event)
        if event.partition != partition_of(event.stream_id):
            found.append(f"{event.stream_id} is in partition {event.partition}, not in its own")
    for partition, actual in positions.items():
        if sorted(actual) != list(range(1, len(actual) + 1)):
            found.append(f"partition {partition}: {first_irregular(sorted(actual))}")
    for stream_id, stream in versions.items():
        actual = [event.version for event in sorted(stream, key=lambda event: event.position)]
        if actual != list(range(1, len(actual) + 1)):
            found.append(f"stream {stream_id}: {first_irregular(actual)}")
    if len({event.event_id for event in events}) != len(events):
        found.append("an event id is there twice")
    return found


def first_irregular(numbers: Iterable[int]) -> str:
    expected = 1
    for number in numbers:
        if number != expected:
            return f"{number} where {expected} is due"
        expected += 1
    return "regular"


def check_payloads(events: list[StoredEvent]) -> Violations:
    """The columns say what the payload says; time does not fall within a stream."""
    found: Violations = []
    last_time: dict[str, int] = {}
    for event in sorted(events, key=lambda event: (event.stream_id, event.version)):
        place = f"{event.stream_id} version {event.version}"
        try:
            message = decode(event.payload)
            name, _ = body_of(message)
        except Exception as error:
            found.append(f"{place}: payload: {error}")
            continue
        columns = {
            "cart_id": event.stream_id,
            "version": event.version,
            "event_id": event.event_id,
            "occurred_at_us": event.recorded_at_us,
            "actor": event.actor,
            "correlation_id": event.correlation_id,
            "causation_id": event.causation_id,
        }
        for field, column in columns.items():
            if getattr(message, field) != column:
                found.append(f"{place}: {field} is {getattr(message, field)!r}, column {column!r}")
        if name != event.type:
            found.append(f"{place}: a {name} with type {event.type}")
        if event.recorded_at_us < last_time.get(event.stream_id, 0):
            found.append(f"{place}: earlier than the event before it")
        last_time[event.stream_id] = event.recorded_at_us
    return found


def check_topic(
    events: list[StoredEvent],
    records: list[Record],
    strangers: frozenset[tuple[int, int]] = frozenset(),
    exactly_once: bool = False,
) -> Violations:
    """I3 and I4: the topic holds what is stored, all of it, nothing else, first occurrences in order.

    strangers: (partition, offset) of records that the test itself has put there.
    """
    found: Violations = []
    stored = {(event.partition, event.position): event for event in events}
    next_position = dict.fromkeys(range(PARTITIONS), 1)
    for record in sorted(records, key=lambda record: (record.partition, record.offset)):
        place = f"partition {record.partition} offset {record.offset}"
        if (record.partition, record.offset) in strangers:
            continue
        try:
            position = int(record.headers["position"])
        except (KeyError, ValueError) as error:
            found.append(f"{place}: header position: {error!r}")
            continue
        event = stored.get((record.partition, position))
        if event is None:
            found.append(f"{place}: position {position} is not stored")
            continue
        found += [f"{place}: {what}" for what in compare_record(event, record)]
        due = next_position[record.partition]
        if position == due:
            next_position[record.partition] = due + 1
        elif position > due:
            found.append(f"{place}: position {position} where {due} is due")
            next_position[record.partition] = position + 1
        elif exactly_once:
            found.append(f"{place}: position {position} again")
    seen = {
        (record.partition, int(record.headers["position"]))
        for record in records
        if record.headers.get("position", b"").isdigit()
        and (record.partition, record.offset) not in strangers
    }
    missing = sorted(set(stored) - seen)
    if missing:
        found.append(f"{len(missing)} stored events are not in the topic, first {missing[0]}")
    return found


def compare_record(event: StoredEvent, record: Record) -> Violations:
    found: Violations = []
    if record.value != event.payload:
        found.append("other bytes than stored")
    if record.key != event.stream_id.encode():
        found.append(f"key {record.key!r} of stream {event.stream_id}")
    event_id = event.event_id.hex()
    event_id = "-".join(
        (event_id[:8], event_id[8:12], event_id[12:16], event_id[16:20], event_id[20:])
    )
    expected = {
        "ce_id": event_id,
        "ce_type": f"{PACKAGE}.{event.type}",
        "ce_subject": event.stream_id,
        "partitionkey": event.stream_id,
        "position": str(event.position),
        "version": str(event.version),
    }
    for name, value in expected.items():
        if record.headers.get(name) != value.encode():
            found.append(f"header {name} is {record.headers.get(name)!r}, not {value!r}")
    traceparent = record.headers.get("traceparent", b"").decode(errors="replace").split("-")
    if len(traceparent) != 4 or traceparent[1] != event.correlation_id.hex():
        found.append(f"header traceparent {traceparent} of trace {event.correlation_id.hex()}")
    for name in ("ce_source", "ce_time", "ce_specversion"):
        if not record.headers.get(name):
            found.append(f"header {name} is missing")
    return found


def check_views(events: list[StoredEvent], views: dict[str, StoredView]) -> Violations:
    """I5: each view is the fold of its events, byte for byte in canonical form."""
    found: Violations = []
    streams = by_stream(events)
    for stream_id in sorted(set(streams) | set(views)):
        if stream_id not in streams:
            found.append(f"{stream_id} has a view and no events")
        elif stream_id not in views:
            found.append(f"{stream_id} has no view")
        else:
            found += check_view(stream_id, streams[stream_id], views[stream_id])
    return found


def check_view(stream_id: str, stream: list[StoredEvent], stored: StoredView) -> Violations:
    try:
        cart = fold(decoded_stream(stream))
        actual = strict_loads(stored.view)
    except Exception as error:
        return [f"{stream_id}: {error!r}"]
    found: Violations = []
    if stored.version != cart.version:
        found.append(f"{stream_id}: the view's version is {stored.version}, not {cart.version}")
    expected = canonical(view(stream_id, cart))
    if canonical(actual) != expected:
        found.append(f"{stream_id}: view {canonical(actual)!r} is not the fold {expected!r}")
    return found


def check_journal(operations: list[Operation], events: list[StoredEvent]) -> Violations:
    """I1: each acknowledged command is stored exactly once, each refused one never, each unknown one
    at most once; nothing else is in these carts."""
    found: Violations = []
    by_operation: dict[bytes, list[StoredEvent]] = defaultdict(list)
    for event in events:
        by_operation[event.correlation_id].append(event)
    carts = {operation.cart_id for operation in operations}
    known = {bytes.fromhex(operation.id) for operation in operations}
    for operation in operations:
        mine = by_operation.get(bytes.fromhex(operation.id), [])
        found += [f"{operation.kind} {operation.id}: {what}" for what in check_one(operation, mine)]
    for event in events:
        if event.stream_id in carts and event.correlation_id not in known:
            found.append(f"{event.stream_id} version {event.version}: nobody asked for it")
    return found


def check_one(operation: Operation, mine: list[StoredEvent]) -> Violations:
    commands = {event.causation_id for event in mine}
    if len(commands) > 1:
        return [f"was executed {len(commands)} times"]
    elsewhere = [event for event in mine if event.stream_id != operation.cart_id]
    if any(event.stream_id != operation.source for event in elsewhere):
        return ["changed another cart"]
    if operation.outcome in ("refused", "failed"):
        return [f"{operation.outcome}, but {len(mine)} events are stored"] if mine else []
    wrong_effect = mine and not has_asked_effect(operation, mine)
    if operation.outcome == "unknown":
        return ["stored events do other than asked"] if wrong_effect else []
    assert operation.outcome == "ok", operation
    if not mine:
        return [] if operation.may_be_without_event else ["acknowledged and not stored"]
    own = [event for event in mine if event.stream_id == operation.cart_id]
    if not own:
        return ["is stored in another cart only"]
    last = max(own, key=lambda event: event.version)
    found: Violations = []
    if last.version != operation.version or last.position != operation.position:
        found.append(
            f"acknowledged as version {operation.version} position {operation.position}, "
            f"stored as {last.version} {last.position}"
        )
    if wrong_effect:
        found.append("stored events do other than asked")
    return found


def has_asked_effect(operation: Operation, mine: list[StoredEvent]) -> bool:
    bodies = [body_of(decode(event.payload)) for event in mine]
    if operation.kind == "add":
        asked = sorted(
            (item["productId"], item["quantity"], item["price"]) for item in operation.items
        )
        stored = sorted(
            (body.product_id, body.quantity, body.price_minor)
            for name, body in bodies
            if name == "ItemAdded"
        )
        return asked == stored and len(bodies) == len(asked)
    names = [name for name, _ in bodies]
    if operation.kind == "clear":
        return names == ["CartCleared"]
    if operation.kind == "checkout":
        return names == ["CartCheckedOut"]
    if operation.kind == "merge":
        carts = {(body.from_cart_id, body.into_cart_id) for _, body in bodies}
        both = {event.stream_id for event in mine} == {operation.source, operation.cart_id}
        return both and carts == {(operation.source, operation.cart_id)}
    if len(bodies) != 1 or bodies[0][1].product_id != operation.product_id:
        return False
    if operation.kind == "set" and operation.quantity:
        return names == ["ItemQuantityChanged"] and bodies[0][1].quantity == operation.quantity
    return names[0] in ("ItemRemoved", "ItemQuantityChanged")


def merged_lines(into: Cart, source: Cart, strategy: str) -> dict[str, tuple[str, int, int]]:
    """What a merge has to make of two carts: name, price and quantity by product."""
    rules = {"add": int.__add__, "max": max, "replace": lambda _, theirs: theirs}
    lines = {k: (line.product_name, line.price, line.quantity) for k, line in into.lines.items()}
    for product, line in source.lines.items():
        quantity = line.quantity
        if product in lines:
            quantity = rules[strategy](lines[product][2], line.quantity)
        lines[product] = (line.product_name, line.price, quantity)
    return lines


def check_merges(events: list[StoredEvent]) -> Violations:
    """A merge is in both carts or in none, and the target has what was in the two."""
    found: Violations = []
    streams = by_stream(events)
    merges: dict[bytes, list[StoredEvent]] = defaultdict(list)
    for event in events:
        if event.type == "CartMerged":
            merges[event.causation_id].append(event)
    for halves in merges.values():
        _, body = body_of(decode(halves[0].payload))
        by_cart = {event.stream_id: event for event in halves}
        place = f"merge of {body.from_cart_id} into {body.into_cart_id}"
        if len(halves) != 2 or set(by_cart) != {body.from_cart_id, body.into_cart_id}:
            found.append(f"{place}: is in {sorted(by_cart)} only")
            continue
        into, source = by_cart[body.into_cart_id], by_cart[body.from_cart_id]
        before = [
            fold(decoded_stream(streams[half.stream_id]), version=half.version - 1)
            for half in (into, source)
        ]
        _, merged = body_of(decode(into.payload))
        actual = {
            line.product_id: (line.product_name, line.price_minor, line.quantity)
            for line in merged.lines
        }
        if all(actual != merged_lines(*before, rule) for rule in ("add", "max", "replace")):
            found.append(f"{place}: has made {actual}")
    return found


def check_contents(
    contents: Contents,
    strangers: frozenset[tuple[int, int]] = frozenset(),
    exactly_once: bool = False,
) -> Violations:
    return [
        *check_density(contents.events),
        *check_payloads(contents.events),
        *check_topic(contents.events, contents.records, strangers, exactly_once),
        *check_views(contents.events, contents.views),
        *check_merges(contents.events),
    ]


class FoldCache:
    """Expected views by cart and version, made once each."""

    def __init__(self, events: list[StoredEvent]):
        self.streams = by_stream(events)
        self.views: dict[str, dict[int, bytes]] = {}

    def canonical_view(self, cart_id: str, version: int) -> bytes | None:
        if cart_id not in self.views:
            self.views[cart_id] = self._fold_all(cart_id)
        return self.views[cart_id].get(version)

    def _fold_all(self, cart_id: str) -> dict[int, bytes]:
        decoded = decoded_stream(self.streams.get(cart_id, []))
        return each_version(decoded, lambda cart: canonical(view(cart_id, cart)))


def each_version(decoded: list, render: Callable) -> dict[int, bytes]:
    cart, rendered = Cart(), {}
    for event in decoded:
        evolve(cart, event)
        rendered[cart.version] = render(cart)
    return rendered
