"""Events written straight into the store, as another writer of the same format would."""

from typing import Any

import psycopg
from lib.events import body_of
from lib.murmur2 import partition_of
from lib.stack import Stack
from lib.store import connect

INSERT_SQL = """
    INSERT INTO cart_events (version, partition, trace_flags, position, recorded_at, event_id,
                             correlation_id, causation_id, stream_id, type, actor, payload)
    SELECT %(version)s, %(partition)s, 1,
           (SELECT coalesce(max(position), 0) + 1 FROM cart_events
             WHERE partition = %(partition)s),
           to_timestamp(0) + %(at_us)s * interval '1 microsecond', %(event_id)s::uuid,
           %(correlation_id)s::uuid, %(causation_id)s::uuid, %(cart_id)s, %(type)s, %(actor)s,
           %(payload)s
    RETURNING position
"""


def append(stack: Stack, event: Any, payload: bytes | None = None) -> int:
    """Appends a CartEvent under the partition's lock, with other bytes when given; its position."""
    with connect(stack) as connection, connection.transaction():
        return append_in(connection, event, payload)


def append_in(connection: psycopg.Connection, event: Any, payload: bytes | None) -> int:
    partition = partition_of(event.cart_id)
    connection.execute("SELECT pg_advisory_xact_lock(1, %s)", (partition,))
    values = {
        "version": event.version,
        "partition": partition,
        "at_us": event.occurred_at_us,
        "event_id": event.event_id.hex(),
        "correlation_id": event.correlation_id.hex(),
        "causation_id": event.causation_id.hex(),
        "cart_id": event.cart_id,
        "type": body_of(event)[0],
        "actor": event.actor,
        "payload": event.SerializeToString() if payload is None else payload,
    }
    return connection.execute(INSERT_SQL, values).fetchone()[0]
