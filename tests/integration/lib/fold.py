"""What a cart is after its events: an own implementation, to compare the system's views with."""

import json
from collections.abc import Callable, Iterable
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
    opened_at_us: int = 0
    updated_at_us: int = 0
    touched_at_us: int = 0  # of the last event that somebody's command made
    abandoned: bool = False
    order_id: str = ""
    merged_into: str = ""

    def total(self) -> int:
        return sum(line.price * line.quantity for line in self.lines.values())

    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines.values())


def evolve(cart: Cart, event: Any) -> None:
    """Applies the next event; raises when it is not the next, or cannot be."""
    name, body = body_of(event)
    if event.version != cart.version + 1:
        raise ValueError(f"version {event.version} after {cart.version}")
    if event.occurred_at_us < cart.updated_at_us:
        raise ValueError(f"version {event.version} is older than the one before it")
    if cart.status != "open":
        raise ValueError(f"{name} after the cart was {cart.status}")
    RULES[name](cart, event, body)
    if event.version == 1:
        cart.opened_at_us = event.occurred_at_us
    cart.version = event.version
    cart.updated_at_us = event.occurred_at_us
    cart.abandoned = name == "CartAbandoned"
    if name not in ("CartAbandoned", "CartExpired"):
        cart.touched_at_us = event.occurred_at_us


def item_added(cart: Cart, event: Any, body: Any) -> None:
    if event.version == 1:
        if not body.user_id:
            raise ValueError("the first item tells no owner")
        cart.user_id = body.user_id
    elif body.user_id:
        raise ValueError("the owner is set by the event that opens the cart, and only by it")
    cart.currency = cart.currency or body.currency
    if body.currency != cart.currency:
        raise ValueError(f"{body.currency} in a cart in {cart.currency}")
    line = cart.lines.setdefault(body.product_id, Line(body.product_id, "", 0, 0))
    line.quantity += body.quantity
    line.product_name, line.price = body.product_name, body.price_minor


def item_quantity_changed(cart: Cart, _event: Any, body: Any) -> None:
    line = cart.lines[body.product_id]
    if line.quantity != body.previous_quantity or body.quantity < 1:
        raise ValueError(f"{body.previous_quantity} to {body.quantity} from {line.quantity}")
    line.quantity = body.quantity


def item_removed(cart: Cart, _event: Any, body: Any) -> None:
    if cart.lines.pop(body.product_id).quantity != body.quantity:
        raise ValueError(f"removed {body.quantity} of {body.product_id}, there was another")


def cart_cleared(cart: Cart, _event: Any, body: Any) -> None:
    if body.lines != len(cart.lines):
        raise ValueError(f"cleared {body.lines} lines of {len(cart.lines)}")
    cart.lines.clear()


def sold_lines(body: Any) -> dict[str, Line]:
    lines = {}
    for sold in body.lines:
        if sold.line_total_minor != sold.price_minor * sold.quantity:
            raise ValueError(f"{sold.product_id}: line total {sold.line_total_minor}")
        if sold.product_id in lines:
            raise ValueError(f"{sold.product_id} twice")
        lines[sold.product_id] = Line(
            sold.product_id, sold.product_name, sold.price_minor, sold.quantity
        )
    return lines


def cart_checked_out(cart: Cart, _event: Any, body: Any) -> None:
    """The event freezes what the cart was: all of it is compared."""
    if not body.lines or list(sold_lines(body).items()) != list(cart.lines.items()):
        raise ValueError("checked out other lines than the cart has")
    frozen = (body.total_minor, body.total_quantity, body.currency, body.user_id)
    if frozen != (cart.total(), cart.quantity(), cart.currency, cart.user_id):
        raise ValueError(f"checked out {frozen}")
    if body.opened_at_us != cart.opened_at_us or not body.order_id:
        raise ValueError(f"order {body.order_id!r} of a cart opened at {body.opened_at_us}")
    cart.status, cart.order_id = "checked_out", body.order_id


def cart_merged(cart: Cart, event: Any, body: Any) -> None:
    if event.cart_id == body.from_cart_id:
        if body.lines:
            raise ValueError("the cart that ends has lines after the merge")
        cart.status, cart.merged_into = "merged", body.into_cart_id
        cart.user_id = cart.user_id or body.user_id
        return
    if event.cart_id != body.into_cart_id:
        raise ValueError(f"a merge of {body.from_cart_id} into {body.into_cart_id}")
    lines = sold_lines(body)
    if list(lines)[: len(cart.lines)] != list(cart.lines):
        raise ValueError("a merge has taken lines away or moved them")
    if cart.currency and body.currency != cart.currency:
        raise ValueError(f"a merge in {body.currency} into a cart in {cart.currency}")
    if cart.user_id and body.user_id != cart.user_id:
        raise ValueError(f"a merge for {body.user_id} into a cart of {cart.user_id}")
    cart.lines, cart.currency, cart.user_id = lines, body.currency, body.user_id


def cart_opened(cart: Cart, event: Any, body: Any) -> None:
    if event.version != 1 or bool(body.user_id) == bool(body.guest_token_hash):
        raise ValueError("a cart is opened once, by a user or by a guest")
    cart.user_id, cart.currency = body.user_id, body.currency


def cart_abandoned(cart: Cart, _event: Any, body: Any) -> None:
    if cart.abandoned or body.idle_since_us != cart.touched_at_us:
        raise ValueError(f"idle since {body.idle_since_us}, touched at {cart.touched_at_us}")
    told = (body.total_minor, body.total_quantity, body.currency, body.user_id)
    if told != (cart.total(), cart.quantity(), cart.currency, cart.user_id):
        raise ValueError(f"abandoned {told}")


def cart_expired(cart: Cart, _event: Any, body: Any) -> None:
    if body.idle_since_us != cart.touched_at_us:
        raise ValueError(f"idle since {body.idle_since_us}, touched at {cart.touched_at_us}")
    cart.status = "expired"


RULES: dict[str, Callable[[Cart, Any, Any], None]] = {
    "ItemAdded": item_added,
    "ItemQuantityChanged": item_quantity_changed,
    "ItemRemoved": item_removed,
    "CartCleared": cart_cleared,
    "CartCheckedOut": cart_checked_out,
    "CartMerged": cart_merged,
    "CartOpened": cart_opened,
    "CartAbandoned": cart_abandoned,
    "CartExpired": cart_expired,
}


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
    ended = {"orderId": cart.order_id, "mergedInto": cart.merged_into}
    return {
        "cartId": cart_id,
        "userId": cart.user_id,
        "version": cart.version,
        "status": cart.status,
        **{name: value for name, value in ended.items() if value},
        "currency": cart.currency,
        "items": items,
        "totalQuantity": cart.quantity(),
        "total": cart.total(),
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
