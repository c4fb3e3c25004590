"""What a cart is after its events: an own implementation, to compare the system's views with."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.events import body_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Line:
    product_id: str
    product_name: str
    price: int
    quantity: int


@dataclass
class Cart:
    user_id: str = ""
    version: int = 0
    status: str = "open"
    currency: str = ""
    lines: dict[str, Line] = field(default_factory=dict)  # in the order first added
    updated_at_us: int = 0


def evolve(cart: Cart, event: Any) -> None:
    """Applies the next event; raises when it is not the next, or cannot be."""
    name, body = body_of(event)
    if event.version != cart.version + 1:
        raise ValueError(f"version {event.version} after {cart.version}")
    if event.occurred_at_us < cart.updated_at_us:
        raise ValueError(f"version {event.version} is older than the one before it")
    if name == "ItemAdded":
        add_item(cart, event.version, body)
    elif name == "ItemQuantityChanged":
        line = cart.lines[body.product_id]
        if line.quantity != body.previous_quantity or body.quantity < 1:
            raise ValueError(f"{body.previous_quantity} to {body.quantity} from {line.quantity}")
        line.quantity = body.quantity
    elif name == "ItemRemoved":
        if cart.lines.pop(body.product_id).quantity != body.quantity:
            raise ValueError(f"removed {body.quantity} of {body.product_id}, there was another")
    elif name == "CartCleared":
        if body.lines != len(cart.lines):
            raise ValueError(f"cleared {body.lines} lines of {len(cart.lines)}")
        cart.lines.clear()
    else:
        raise ValueError(f"no rule for {name}")
    cart.version = event.version
    cart.updated_at_us = event.occurred_at_us


def add_item(cart: Cart, version: int, body: Any) -> None:
    if (version == 1) != bool(body.user_id):
        raise ValueError("the owner is set by the event that opens the cart, and only by it")
    if version == 1:
        cart.user_id, cart.currency = body.user_id, body.currency
    if body.currency != cart.currency:
        raise ValueError(f"{body.currency} in a cart in {cart.currency}")
    line = cart.lines.setdefault(body.product_id, Line(body.product_id, "", 0, 0))
    line.quantity += body.quantity
    line.product_name, line.price = body.product_name, body.price_minor


def fold(events: Iterable[Any], *, version: int | None = None, as_of_us: int | None = None) -> Cart:
    """The cart after these events, up to a version or a time."""
    cart = Cart()
    for event in events:
        if version is not None and event.version > version:
            break
        if as_of_us is not None and event.occurred_at_us > as_of_us:
            break
        evolve(cart, event)
    return cart


def rfc3339(at_us: int) -> str:
    moment = EPOCH + timedelta(microseconds=at_us)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def view(cart_id: str, cart: Cart) -> dict[str, Any]:
    items = [
        {
            "productId": line.product_id,
            "productName": line.product_name,
            "price": line.price,
            "quantity": line.quantity,
            "lineTotal": line.price * line.quantity,
        }
        for line in cart.lines.values()
    ]
    return {
        "cartId": cart_id,
        "userId": cart.user_id,
        "version": cart.version,
        "status": cart.status,
        "currency": cart.currency,
        "items": items,
        "totalQuantity": sum(item["quantity"] for item in items),
        "total": sum(item["lineTotal"] for item in items),
        "updatedAt": rfc3339(cart.updated_at_us),
    }


def canonical(value: Any) -> bytes:
    """One text for equal values: sorted keys, no blanks, plain UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def strict_loads(text: bytes | str) -> Any:
    """JSON without duplicate keys and without floating point: money and quantities are integers."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError(f"duplicate keys in {[key for key, _ in pairs]}")
        return dict(pairs)

    def refuse(number: str) -> None:
        raise ValueError(f"{number} is not an integer")

    return json.loads(text, object_pairs_hook=unique, parse_float=refuse, parse_constant=refuse)
