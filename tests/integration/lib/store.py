"""What is in PostgreSQL, Kafka and Redis, read with other clients than the system's own."""

import hashlib
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import psycopg
import redis
from confluent_kafka import Consumer, TopicPartition
from lib.events import decode
from lib.murmur2 import PARTITIONS
from lib.stack import Stack

TOPIC = "cart.events"
DEAD_LETTERS = "cart.events.dlq"
VIEW_PREFIX = "cart:"


@dataclass(frozen=True)
class StoredEvent:
    partition: int
    position: int
    stream_id: str
    version: int
    event_id: bytes
    type: str
    payload: bytes
    actor: str
    correlation_id: bytes
    causation_id: bytes
    recorded_at_us: int


@dataclass(frozen=True)
class Record:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


@dataclass(frozen=True)
class StoredView:
    version: int
    view: bytes


EVENTS_SQL = """
    SELECT partition, position, stream_id, version, event_id, type, payload, actor,
           correlation_id, causation_id,
           (extract(epoch FROM recorded_at) * 1000000)::bigint
      FROM cart_events
     WHERE stream_id = %(cart_id)s OR %(cart_id)s IS NULL
     ORDER BY partition, position
"""


def connect(stack: Stack, admin: bool = True) -> psycopg.Connection:
    name = "POSTGRES_ADMIN_CONNECTION_STRING" if admin else "POSTGRES_CONNECTION_STRING"
    return psycopg.connect(stack.env[name], autocommit=True, connect_timeout=5)


def read_events(stack: Stack, cart_id: str | None = None) -> list[StoredEvent]:
    """All events, or those of one cart, by partition and position."""
    with connect(stack) as connection:
        rows = connection.execute(EVENTS_SQL, {"cart_id": cart_id}).fetchall()
    return [
        StoredEvent(
            row[0], row[1], row[2], row[3], row[4].bytes, row[5], bytes(row[6]), row[7],
            row[8].bytes, row[9].bytes, row[10],
        )
        for row in rows
    ]  # fmt: skip


def by_stream(events: list[StoredEvent]) -> dict[str, list[StoredEvent]]:
    streams: dict[str, list[StoredEvent]] = defaultdict(list)
    for event in events:
        streams[event.stream_id].append(event)
    return dict(streams)


def decoded_stream(events: list[StoredEvent]) -> list[Any]:
    return [decode(event.payload) for event in events]


def heads(stack: Stack) -> dict[str, int]:
    """The last version of each stream."""
    with connect(stack) as connection:
        rows = connection.execute(
            "SELECT stream_id, max(version) FROM cart_events GROUP BY stream_id"
        ).fetchall()
    return dict(rows)


def partition_heads(stack: Stack) -> dict[int, int]:
    with connect(stack) as connection:
        rows = connection.execute(
            "SELECT partition, max(position) FROM cart_events GROUP BY partition"
        ).fetchall()
    return dict(rows)


def digest(events: list[StoredEvent], upto: dict[int, int]) -> str:
    """Of all events up to these positions: what was stored once never changes."""
    total = hashlib.sha256()
    for event in events:
        if event.position <= upto.get(event.partition, 0):
            total.update(repr(event).encode())
    return total.hexdigest()


def read_topic(stack: Stack, topic: str = TOPIC) -> list[Record]:
    """Everything in a topic, by partition and offset."""
    consumer = Consumer(
        {
            "bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"],
            "group.id": "test-reader",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "enable.partition.eof": False,
            "fetch.message.max.bytes": 8_000_000,
        }
    )
    try:
        return read_all_partitions(consumer, topic)
    finally:
        consumer.close()


def read_all_partitions(consumer: Consumer, topic: str, tail: int | None = None) -> list[Record]:
    """Everything, or the last records of each partition."""
    metadata = consumer.list_topics(topic, timeout=10).topics[topic]
    begin: dict[int, int] = {}
    wanted: dict[int, int] = {}
    for partition in metadata.partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        if high > low:
            wanted[partition] = high
            begin[partition] = low if tail is None else max(low, high - tail)
    consumer.assign([TopicPartition(topic, partition, at) for partition, at in begin.items()])
    records: list[Record] = []
    deadline = time.monotonic() + 30
    while wanted:
        # consume() waits for the whole batch or the whole time.
        batch = consumer.consume(num_messages=2000, timeout=0.2)
        assert batch or time.monotonic() < deadline, f"the broker gives nothing up to {wanted}"
        for message in batch:
            assert message.error() is None, message.error()
            headers = dict(message.headers() or [])
            partition, offset = message.partition(), message.offset()
            records.append(
                Record(topic, partition, offset, message.key(), message.value(), headers)
            )
            if offset + 1 >= wanted.get(partition, offset + 2):
                del wanted[partition]
    return sorted(records, key=lambda record: (record.partition, record.offset))


def last_positions(stack: Stack, topic: str = TOPIC, tail: int = 20) -> dict[int, int]:
    """The highest position that the last records of each partition claim, whatever else is there."""
    consumer = Consumer(
        {"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"], "group.id": "test-reader"}
    )
    last: dict[int, int] = {}
    try:
        for record in read_all_partitions(consumer, topic, tail):
            text = record.headers.get("position", b"")
            if text.isdigit():
                last[record.partition] = max(int(text), last.get(record.partition, 0))
    finally:
        consumer.close()
    return last


def topic_ends(stack: Stack, topic: str = TOPIC) -> dict[int, int]:
    consumer = Consumer(
        {"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"], "group.id": "test-reader"}
    )
    try:
        return {
            partition: consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=5)[
                1
            ]
            for partition in range(PARTITIONS)
        }
    finally:
        consumer.close()


def redis_client(stack: Stack) -> redis.Redis:
    host, port = stack.env["REDIS_CONNECTION_STRING"].split(":")
    return redis.Redis(host=host, port=int(port), socket_timeout=5)


def version_in(text: bytes | None) -> int:
    """The version that a view claims; 0: none, -1: not a number."""
    if text is None:
        return 0
    return int(text) if text.isdigit() else -1


def read_views(stack: Stack, cart_ids: list[str] | None = None) -> dict[str, StoredView]:
    """All views, or those of some carts."""
    views: dict[str, StoredView] = {}
    with redis_client(stack) as client:
        if cart_ids is None:
            keys = list(client.scan_iter(f"{VIEW_PREFIX}*", count=2000))
        else:
            keys = [(VIEW_PREFIX + cart_id).encode() for cart_id in cart_ids]
        for at in range(0, len(keys), 500):
            chunk = keys[at : at + 500]
            pipeline = client.pipeline(transaction=False)
            for key in chunk:
                pipeline.hmget(key, "version", "view")
            for key, (version, view) in zip(chunk, pipeline.execute(), strict=True):
                cart_id = key.decode().removeprefix(VIEW_PREFIX)
                views[cart_id] = StoredView(version_in(version), view or b"")
    return views


def view_versions(stack: Stack, cart_ids: list[str]) -> dict[str, int]:
    with redis_client(stack) as client:
        pipeline = client.pipeline(transaction=False)
        for cart_id in cart_ids:
            pipeline.hget(VIEW_PREFIX + cart_id, "version")
        return {
            cart_id: version_in(version)
            for cart_id, version in zip(cart_ids, pipeline.execute(), strict=True)
        }
