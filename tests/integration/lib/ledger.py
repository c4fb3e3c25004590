"""Judging a payment provider's own ledger: what moved, against what was checked out."""

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True)
class Movement:
    """Money that moved at the provider."""

    kind: str  # "charge", "refund"
    key: str  # the idempotency key it came under
    order_id: str
    amount: int  # minor units
    currency: str


@dataclass(frozen=True)
class Sale:
    order_id: str
    amount: int
    currency: str


def check_ledger(
    movements: list[Movement], charged: list[Sale], never: frozenset[str] = frozenset()
) -> list[str]:
    """I7: each order of charged once, with its total; no order of never, and no stranger's, at all."""
    sales = {sale.order_id: sale for sale in charged}
    charges: dict[str, list[Movement]] = defaultdict(list)
    violations = []
    for movement in movements:
        if movement.kind == "charge":
            charges[movement.order_id].append(movement)
    for order_id, sale in sales.items():
        found = charges[order_id]
        if len(found) != 1:
            keys = sorted({movement.key for movement in found})
            violations.append(f"{order_id}: {len(found)} charges, under {keys}")
        violations += [
            f"{order_id}: charged {m.amount} {m.currency}, sold for {sale.amount} {sale.currency}"
            for m in found
            if (m.amount, m.currency.upper()) != (sale.amount, sale.currency)
        ]
    for order_id, found in charges.items():
        if found and order_id in never:
            violations.append(f"{order_id}: charged, and must not be")
        elif found and order_id not in sales:
            violations.append(f"{order_id}: charged, but not checked out")
    return violations


def check_balance(movements: list[Movement], paid: int) -> list[str]:
    """I9: charges less refunds are what the paid orders sum up to."""
    charged = sum(m.amount for m in movements if m.kind == "charge")
    refunded = sum(m.amount for m in movements if m.kind == "refund")
    if charged - refunded == paid:
        return []
    return [f"charged {charged} - refunded {refunded} = {charged - refunded}, paid orders {paid}"]
