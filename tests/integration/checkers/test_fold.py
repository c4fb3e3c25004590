"""The tests' own fold, checked by hand-made histories."""

import pytest
from lib.events import FUTURE_FIELDS, decode, make_item_added, message
from lib.fold import canonical, fold, rfc3339, strict_loads, view


def event(version: int, **body: object) -> object:
    made = message("CartEvent")(cart_id="c", version=version, occurred_at_us=version * 1_000_000)
    ((name, fields),) = body.items()
    getattr(made, name).SetInParent()
    for field, value in fields.items():
        setattr(getattr(made, name), field, value)
    return made


def added(version: int, product: str, quantity: int, price: int = 100) -> object:
    return make_item_added(
        "c", version, product_id=product, quantity=quantity, price_minor=price, at_us=version
    )


def test_lines_keep_the_order_first_added_and_take_the_newest_price() -> None:
    cart = fold([added(1, "b", 1), added(2, "a", 2), added(3, "b", 3, price=50)])
    shown = view("c", cart)
    assert [(i["productId"], i["quantity"], i["lineTotal"]) for i in shown["items"]] == [
        ("b", 4, 200),
        ("a", 2, 200),
    ]
    assert (shown["totalQuantity"], shown["total"], shown["version"]) == (6, 400, 3)


def test_change_remove_clear() -> None:
    history = [
        added(1, "a", 5),
        event(2, item_quantity_changed={"product_id": "a", "quantity": 2, "previous_quantity": 5}),
        event(3, item_removed={"product_id": "a", "quantity": 2}),
    ]
    assert fold(history[:2]).lines["a"].quantity == 2
    assert fold(history).lines == {}
    assert fold([added(1, "a", 1), event(2, cart_cleared={"lines": 1})]).lines == {}


LINE = {"product_id": "a", "product_name": "A product", "price_minor": 100}


def checked_out(version: int, quantity: int, total: int) -> object:
    made = event(version, cart_checked_out={"order_id": "ord_1", "user_id": "user-1"})
    frozen = made.cart_checked_out
    frozen.currency, frozen.opened_at_us = "USD", 1
    frozen.total_quantity, frozen.total_minor = quantity, total
    frozen.lines.add(**LINE, quantity=quantity, line_total_minor=total)
    return made


def merged(version: int, source: str, target: str, *quantities: int) -> object:
    body = {"from_cart_id": source, "into_cart_id": target}
    made = event(version, cart_merged={**body, "user_id": "user-1", "currency": "USD"})
    for quantity in quantities:
        made.cart_merged.lines.add(**LINE, quantity=quantity, line_total_minor=100 * quantity)
    return made


def test_checkout_merge_and_idleness() -> None:
    cart = fold([added(1, "a", 2), checked_out(2, 2, 200)])
    assert view("c", cart)["status"] == "checked_out"
    assert view("c", cart)["orderId"] == "ord_1"
    assert fold([added(1, "a", 2), merged(2, "g", "c", 5)]).lines["a"].quantity == 5
    cart = fold([merged(1, "g", "c", 5)])
    assert (cart.user_id, cart.currency, cart.quantity()) == ("user-1", "USD", 5)
    assert view("c", fold([added(1, "a", 2), merged(2, "c", "d")]))["mergedInto"] == "d"
    left = {"idle_since_us": 1, "user_id": "user-1", "currency": "USD"}
    left = event(2, cart_abandoned={**left, "total_quantity": 2, "total_minor": 200})
    cart = fold([added(1, "a", 2), left])
    assert (cart.status, cart.abandoned, cart.touched_at_us) == ("open", True, 1)
    cart = fold([added(1, "a", 2), left, event(3, cart_expired={"idle_since_us": 1})])
    assert cart.status == "expired"


def test_up_to_a_version_and_a_time() -> None:
    history = [added(1, "a", 1), added(2, "a", 1), added(3, "a", 1)]
    assert fold(history, version=2).version == 2
    assert fold(history, as_of_us=1).version == 1


@pytest.mark.parametrize(
    "history",
    [
        [added(2, "a", 1)],
        [added(1, "a", 1), added(3, "a", 1)],
        [event(1, item_removed={"product_id": "a", "quantity": 1})],
        [added(1, "a", 2), event(2, item_removed={"product_id": "a", "quantity": 1})],
        [added(1, "a", 1), event(2, cart_cleared={"lines": 2})],
        [added(1, "a", 1), checked_out(2, 2, 200)],
        [added(1, "a", 2), checked_out(2, 2, 200), added(3, "a", 1)],
        [added(1, "a", 2), checked_out(2, 2, 200), checked_out(3, 2, 200)],
        [added(1, "a", 2), merged(2, "c", "d", 2)],
        [added(1, "a", 2), merged(2, "g", "c")],
        [added(1, "a", 2), merged(2, "g", "d", 2)],
        [added(1, "a", 2), event(2, cart_expired={"idle_since_us": 2})],
        [event(1, cart_opened={"currency": "USD"})],
        [added(1, "a", 1), event(2, cart_opened={"user_id": "user-1"})],
    ],
)
def test_what_no_correct_writer_makes_is_refused(history: list) -> None:
    with pytest.raises((ValueError, KeyError)):
        fold(history)


def test_times() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00.000000Z"
    assert rfc3339(1795262400_123456) == "2026-11-21T12:00:00.123456Z"


def test_strict_json_refuses_duplicates_and_fractions() -> None:
    for text in ('{"a":1,"a":2}', '{"a":1.0}', "[NaN]"):
        with pytest.raises(ValueError, match=r".+"):
            strict_loads(text)
    assert canonical(strict_loads('{"b":1,"a":[2]}')) == b'{"a":[2],"b":1}'


def test_unknown_fields_survive_pythons_runtime() -> None:
    payload = added(1, "a", 1).SerializeToString() + FUTURE_FIELDS
    assert decode(payload).SerializeToString() == payload
