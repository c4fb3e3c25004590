"""A notifier of the tests' own, its outside world, and what happens in it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from lib.daemon import Daemon
from lib.events import message, new_uuid7
from lib.history import append_category, now_us
from lib.outside import Outside
from lib.stack import Stack
from lib.store import connect
from lib.wait import wait_until


@dataclass
class World:
    stack: Stack
    outside: Outside
    folder: Path
    environment: dict[str, str]
    daemon: Daemon | None = None

    # ---- the notifier

    def start(self, **settings: str) -> Daemon:
        told = {**self.outside.settings(), "NOTIFIER_KAFKA_INSTANCE_ID": "notifier-1", **settings}
        self.daemon = Daemon(self.stack, "notifier", self.log, self.environment, **told)
        return self.daemon.wait_ready(60)

    @property
    def log(self) -> Path:
        return self.folder / "notifier.log"

    def stop(self) -> None:
        if self.daemon is not None:
            assert self.daemon.stop() == 0
            self.daemon = None

    def kill(self) -> None:
        self.daemon.process.kill()
        self.daemon.process.wait()
        self.daemon = None

    @contextmanager
    def restarted(self, **settings: str) -> Iterator[None]:
        """With other settings, then as before."""
        self.stop()
        self.start(**settings)
        try:
            yield
        finally:
            self.stop()
            self.start()

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return httpx.request(
            method, self.daemon.url + path, timeout=10, trust_env=False, verify=False, **more
        )

    # ---- what has happened

    def append(self, category: str, *events: Any) -> None:
        with connect(self.stack) as connection:
            append_category(connection, category, list(events))

    def envelope(self, words: str, version: int = 1, user: str = "u1") -> Any:
        return message(f"{words.capitalize()}Event", words)(
            version=version,
            event_id=new_uuid7(),
            occurred_at_us=now_us(),
            actor=user or "anonymous",
            correlation_id=uuid.uuid4().bytes,
            causation_id=new_uuid7(),
        )

    def checkout(
        self, to: str = "", phone: str = "", *, locale: str = "en-US", user: str = "u1", **more: Any
    ) -> Any:
        """A checked-out cart of two lines, in memory."""
        event = self.envelope("cart", user=user)
        event.cart_id = f"n-{uuid.uuid4().hex}"
        body = event.cart_checked_out
        body.order_id, body.user_id, body.currency = f"ord_{uuid.uuid4().hex}", user, "EUR"
        body.contact.email, body.contact.phone, body.contact.locale = to, phone, locale
        name = more.pop("name", "Tea & <Cup>")
        for product, price, quantity in ((name, 1250, 2), ("Pot", 99900, 1)):
            body.lines.add(
                product_id="p",
                product_name=product,
                price_minor=price,
                quantity=quantity,
                line_total_minor=price * quantity,
            )
        body.total_quantity, body.total_minor = 3, 102400
        for field, value in more.items():
            setattr(body, field, value)
        return event

    def check_out(self, to: str = "", phone: str = "", **more: Any) -> str:
        """Records a checkout; its order."""
        event = self.checkout(to, phone, **more)
        self.append("cart", event)
        return event.cart_checked_out.order_id

    def abandoned(self, to: str, user: str, *, phone: str = "", cart: str = "", **more: Any) -> Any:
        event = self.envelope("cart", user=user)
        event.cart_id = cart or f"n-{uuid.uuid4().hex}"
        body = event.cart_abandoned
        body.idle_since_us, body.user_id = now_us() - 86_400_000_000, user
        body.contact.email, body.contact.phone = to, phone
        body.contact.locale = more.get("locale", "en-US")
        body.total_quantity, body.total_minor, body.currency = 2, 5000, "EUR"
        return event

    # ---- what has been recorded

    def rows(self, where: str, *values: Any) -> list[dict[str, Any]]:
        with connect(self.stack) as connection:
            cursor = connection.execute(f"SELECT * FROM notifications WHERE {where}", values)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def wait_row(self, order: str, channel: str, *states: str, tries: int = 0) -> dict:
        return wait_until(
            lambda: next(
                iter(
                    row
                    for row in self.rows(
                        "order_id = %s AND channel = %s AND kind = 'order-confirmation'",
                        *(order, channel),
                    )
                    if row["state"] in states and row["tries"] >= tries
                ),
                None,
            ),
            20,
            f"{channel} of {order} is {states}",
        )

    def wait_kind(
        self, order: str, kind: str, state: str, channel: str = "email", subject: str = "%"
    ) -> dict:
        return wait_until(
            lambda: next(
                iter(
                    self.rows(
                        "order_id = %s AND kind = %s AND channel = %s AND state = %s "
                        "AND subject_id LIKE %s",
                        *(order, kind, channel, state, subject),
                    )
                ),
                None,
            ),
            20,
            f"{kind} of {order} by {channel} is {state}",
        )

    def wait_abandoned(self, event: Any, channel: str, *states: str) -> dict:
        """The row about an abandoned cart: it has no order."""
        return wait_until(
            lambda: next(
                iter(
                    row
                    for row in self.rows("cart_id = %s AND channel = %s", event.cart_id, channel)
                    if row["state"] in states
                ),
                None,
            ),
            20,
            f"{channel} about {event.cart_id} is {states}",
        )

    def hurry(self) -> None:
        """What waits for its next try is due."""
        with connect(self.stack) as connection:
            connection.execute(
                "UPDATE notifications SET due_at = clock_timestamp() "
                "WHERE state IN ('waiting', 'maybe_sent') AND tries > 0"
            )

    def at_rest(self) -> bool:
        return self.caught_up() and not self.rows(
            "kind = 'order-confirmation' AND (state IN ('sending', 'maybe_sent') "
            "OR (state = 'waiting' AND reason <> 'quiet_hours'))"
        )

    def caught_up(self) -> bool:
        """Whether the notifier has handled all that is stored."""
        with connect(self.stack) as connection:
            behind = connection.execute(
                """SELECT count(*) FROM consumer_positions c JOIN (
                       SELECT 'cart' AS category, partition, max(position) AS head
                         FROM cart_events GROUP BY partition
                   ) e USING (category, partition)
                   WHERE c.consumer = 'notifier' AND c.position < e.head"""
            ).fetchone()[0]
        return behind == 0
