"""Events straight into the store, as many as wanted in seconds: copies of a template cart's events with
other ids, versions and times. Only while nothing else appends."""

import time
from dataclasses import dataclass

from stack import Stack

CHUNK_EVENTS = 1_000_000  # in one statement
MURMUR_SEED = 0x9747B28C
WORD = 0xFFFFFFFF

# The fields of a CartEvent (proto/cart.proto) that a copy does not take over; they come first.
CART_ID, VERSION, EVENT_ID, OCCURRED_AT_US = 1, 2, 3, 4
VARINT, BYTES = 0, 2

# What a row does not take over from its template's.
NEW_VALUES = {
    "stream_id": "n.stream_id",
    "partition": "n.partition",
    "version": "n.version",
    "event_id": "n.event_id",
    "recorded_at": "n.recorded_at",
    "position": "h.head + row_number() OVER (PARTITION BY n.partition ORDER BY n.version, n.stream_id)",
    "payload": "n.cart_field || n.version_field || uuid_send(n.event_id) || t.rest",
}


@dataclass(frozen=True)
class Template:
    """A cart that was made through the API. A copy has its first `opening` events, then the others over
    and over."""

    cart: str
    opening: int
    versions: int

    def version(self, copied: int) -> int:
        if copied <= self.opening:
            return copied
        return self.opening + 1 + (copied - self.opening - 1) % (self.versions - self.opening)


# ---- placing


def murmur2(data: bytes) -> int:
    """As Kafka's Java clients: docs/decisions/0004-partition-by-murmur2.md."""
    multiplier, end = 0x5BD1E995, len(data) & ~3
    result = MURMUR_SEED ^ len(data)
    for at in range(0, end, 4):
        word = int.from_bytes(data[at : at + 4], "little") * multiplier & WORD
        word = (word ^ word >> 24) * multiplier & WORD
        result = result * multiplier & WORD ^ word
    if data[end:]:
        result = (result ^ int.from_bytes(data[end:], "little")) * multiplier & WORD
    result = (result ^ result >> 13) * multiplier & WORD
    return result ^ result >> 15


def partition_of(stream_id: str, partitions: int) -> int:
    return (murmur2(stream_id.encode()) & 0x7FFFFFFF) % partitions


# ---- payloads


def varint(number: int) -> bytes:
    encoded = b""
    while number > 0x7F:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])


def take_varint(data: bytes) -> tuple[int, bytes]:
    number, shift = 0, 0
    while data[0] & 0x80:
        number |= (data[0] & 0x7F) << shift
        data, shift = data[1:], shift + 7
    return number | data[0] << shift, data[1:]


def tag(field: int, wire_type: int) -> bytes:
    return varint(field << 3 | wire_type)


def text_field(field: int, text: str) -> bytes:
    return tag(field, BYTES) + varint(len(text.encode())) + text.encode()


def after_identity(payload: bytes) -> bytes:
    """What follows the fields that a copy gets anew."""
    for field in (CART_ID, VERSION, EVENT_ID, OCCURRED_AT_US):
        found, payload = take_varint(payload)
        if found >> 3 != field:
            raise RuntimeError(f"field {found >> 3} where an event has field {field}")
        length, payload = take_varint(payload)
        if found & 7 == BYTES:
            payload = payload[length:]
    return payload


# ---- rows


def literal(data: bytes) -> str:
    return f"'\\x{data.hex()}'"


def template_rows(stack: Stack, template: Template, occurred_at_us: int) -> str:
    """For each version of the template: what follows the event's id in the payload of a copy."""
    rows = stack.psql(
        "SELECT version, encode(payload, 'hex') FROM cart_events"
        f" WHERE stream_id = '{template.cart}' ORDER BY version"
    )
    if len(rows) != template.versions:
        raise RuntimeError(f"{template.cart} has {len(rows)} events, not {template.versions}")
    time_field = tag(OCCURRED_AT_US, VARINT) + varint(occurred_at_us)
    return ", ".join(
        f"({version}, {literal(time_field + after_identity(bytes.fromhex(payload)))})"
        for version, payload in rows
    )


def version_rows(template: Template, events: int) -> str:
    """With what stands between cart id and event id."""
    uuid_head = tag(EVENT_ID, BYTES) + varint(16)
    return ", ".join(
        f"({version}, {template.version(version)},"
        f" {literal(tag(VERSION, VARINT) + varint(version) + uuid_head)})"
        for version in range(1, events + 1)
    )


def cart_rows(ids: list[str], partitions: int) -> str:
    return ", ".join(
        f"('{one}', {partition_of(one, partitions)}, {literal(text_field(CART_ID, one))})"
        for one in ids
    )


def insert_sql(template: Template, columns: list[str], occurred_at_us: int) -> str:
    values = ", ".join(NEW_VALUES.get(column, f"t.{column}") for column in columns)
    recorded_at = f"timestamptz 'epoch' + {occurred_at_us} * interval '1 microsecond'"
    return f"""
        INSERT INTO cart_events ({", ".join(columns)})
        SELECT {values}
          FROM (SELECT c.stream_id, c.partition, c.cart_field, v.version, v.copied, v.version_field,
                       gen_random_uuid() AS event_id, {recorded_at} AS recorded_at
                  FROM carts c CROSS JOIN versions v) AS n
          JOIN (SELECT e.*, r.rest FROM cart_events e JOIN rests r ON r.copied = e.version
                 WHERE e.stream_id = '{template.cart}') AS t ON t.version = n.copied
          JOIN heads h ON h.partition = n.partition;"""


def fill(stack: Stack, template: Template, prefix: str, carts: int, events: int) -> None:
    """`carts` carts named prefix0, prefix1 … of `events` events each."""
    partitions = int(stack.psql("SELECT count(*) FROM cart_relay_leases")[0][0])
    columns = [
        row[0]
        for row in stack.psql(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'cart_events'::regclass"
            " AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        )
    ]
    at_once = max(1, CHUNK_EVENTS // events)
    for first in range(0, carts, at_once):
        ids = [f"{prefix}{cart}" for cart in range(first, min(carts, first + at_once))]
        occurred_at_us = time.time_ns() // 1000
        stack.psql(f"""
            SET work_mem = '256MB';
            CREATE TEMPORARY TABLE rests (copied, rest) AS
                SELECT n, b::bytea
                  FROM (VALUES {template_rows(stack, template, occurred_at_us)}) AS r (n, b);
            CREATE TEMPORARY TABLE versions (version, copied, version_field) AS
                SELECT v, n, b::bytea FROM (VALUES {version_rows(template, events)}) AS r (v, n, b);
            CREATE TEMPORARY TABLE carts (stream_id, partition, cart_field) AS
                SELECT i COLLATE "C", p::smallint, b::bytea
                  FROM (VALUES {cart_rows(ids, partitions)}) AS r (i, p, b);
            CREATE TEMPORARY TABLE heads (partition, head) AS
                SELECT p, coalesce((SELECT max(position) FROM cart_events WHERE partition = p), 0)
                  FROM generate_series(0, {partitions - 1}) AS p;
            ANALYZE rests, versions, carts, heads;
            {insert_sql(template, columns, occurred_at_us)}""")
    # As autovacuum would have done in the time that such a store takes to grow.
    stack.psql("VACUUM (ANALYZE) cart_events")
