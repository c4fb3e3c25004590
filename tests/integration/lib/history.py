"""Histories of carts and payments made to measure: any time, address, device or card, in the order
given, written straight into the store."""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import psycopg
from lib.events import body_of, message, new_uuid7
from lib.murmur2 import PARTITIONS, partition_of
from lib.stack import Stack
from lib.store import connect

CURRENCY = "ISK"  # nobody else's in the tests: rules with `currency is ISK` leave others alone

INSERT_SQL = """
    INSERT INTO {category}_events (version, partition, trace_flags, position, recorded_at, event_id,
                                   correlation_id, causation_id, stream_id, type, actor, payload)
    VALUES (%s, %s, 1, %s, to_timestamp(0) + %s * interval '1 microsecond', %s::uuid, %s::uuid,
            %s::uuid, %s, %s, %s, %s)
"""
HEADS_SQL = """
    SELECT p, (SELECT coalesce(max(position), 0) FROM {category}_events WHERE partition = p)
      FROM generate_series(0, %s) AS p
"""
# The class of a category's advisory locks.
LOCKS = {"cart": 1, "payment": 2, "fraud": 3}


def now_us() -> int:
    return time.time_ns() // 1000


def stream_of(event: Any) -> str:
    return event.payment_id if event.DESCRIPTOR.name == "PaymentEvent" else event.cart_id


def append_category(connection: psycopg.Connection, category: str, events: list[Any]) -> None:
    """All events in one transaction, under the locks that the store's own append takes."""
    partitions = sorted({partition_of(stream_of(event)) for event in events})
    with connection.transaction():
        for partition in partitions:
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCKS[category], partition))
        sql = HEADS_SQL.format(category=category)
        heads = dict(connection.execute(sql, (PARTITIONS - 1,)).fetchall())
        rows = []
        for event in events:
            partition = partition_of(stream_of(event))
            heads[partition] += 1
            ids = (event.event_id.hex(), event.correlation_id.hex(), event.causation_id.hex())
            rows.append(
                (event.version, partition, heads[partition], event.occurred_at_us, *ids,
                 stream_of(event), body_of(event)[0], event.actor, event.SerializeToString())
            )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.executemany(INSERT_SQL.format(category=category), rows)


@dataclass
class History:
    """Events in the order made; versions are counted per stream."""

    currency: str = CURRENCY
    events: list[Any] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    written: int = 0

    def _envelope(self, kind: str, words: str, stream: str, user: str, at_us: int) -> Any:
        self.versions[stream] = self.versions.get(stream, 0) + 1
        return message(kind, words)(
            version=self.versions[stream],
            event_id=new_uuid7(),
            occurred_at_us=at_us,
            actor=user or "anonymous",
            correlation_id=uuid.uuid4().bytes,
            causation_id=new_uuid7(),
        )

    def _cart(self, cart: str, user: str, at_us: int, ip: str = "", device: str = "") -> Any:
        event = self._envelope("CartEvent", "cart", cart, user, at_us)
        event.cart_id, event.client_ip, event.device_id = cart, ip, device
        self.events.append(event)
        return event

    def add(self, cart: str, user: str, at_us: int, **more: Any) -> Any:
        envelope = {name: more.pop(name) for name in ("ip", "device") if name in more}
        event = self._cart(cart, user, at_us, **envelope)
        fields = {"product_id": "p1", "product_name": "A product", "price_minor": 100}
        fields |= {"quantity": 1, "currency": self.currency, "user_id": user}
        for name, value in (fields | more).items():
            setattr(event.item_added, name, value)
        return event

    def remove(self, cart: str, user: str, at_us: int) -> Any:
        event = self._cart(cart, user, at_us)
        event.item_removed.product_id, event.item_removed.quantity = "p1", 1
        return event

    def merge(self, cart: str, user: str, at_us: int) -> Any:
        event = self._cart(cart, user, at_us)
        event.cart_merged.from_cart_id = f"{cart}-g"
        event.cart_merged.into_cart_id, event.cart_merged.user_id = cart, user
        return event

    def check_out(
        self,
        cart: str,
        user: str,
        at_us: int,
        lines: list[tuple[str, int, int]],
        *,
        token: str = "tok_success",
        opened_at_us: int = 0,
        **envelope: str,
    ) -> Any:
        """lines: product, unit price, quantity."""
        event = self._cart(cart, user, at_us, **envelope)
        body = event.cart_checked_out
        body.order_id, body.user_id, body.currency = f"ord_{cart}", user, self.currency
        body.payment_token, body.opened_at_us = token, opened_at_us
        for product, price, quantity in lines:
            body.lines.add(
                product_id=product,
                product_name=product,
                price_minor=price,
                quantity=quantity,
                line_total_minor=price * quantity,
            )
        body.total_quantity = sum(line.quantity for line in body.lines)
        body.total_minor = sum(line.line_total_minor for line in body.lines)
        return event

    def decline(self, cart: str, user: str, at_us: int, code: str = "card_declined") -> Any:
        payment = f"pay_{uuid.uuid4().hex}"
        event = self._envelope("PaymentEvent", "payment", payment, user, at_us)
        event.payment_id, event.cart_id, event.order_id = payment, cart, f"ord_{cart}"
        event.user_id, event.payment_failed.code = user, code
        self.events.append(event)
        return event

    def checkouts(self) -> list[Any]:
        return [event for event in self.events if body_of(event)[0] == "CartCheckedOut"]

    def write(self, stack: Stack, batch: int = 100) -> None:
        """What is not written yet, in batches: later ones are never there before earlier ones."""
        with connect(stack) as connection:
            while self.written < len(self.events):
                part = self.events[self.written : self.written + batch]
                by_category = {"cart": [], "payment": []}
                for event in part:
                    is_payment = event.DESCRIPTOR.name == "PaymentEvent"
                    by_category["payment" if is_payment else "cart"].append(event)
                # Payments first: within a batch they may be earlier than a checkout.
                for category in ("payment", "cart"):
                    if by_category[category]:
                        append_category(connection, category, by_category[category])
                self.written += len(part)
