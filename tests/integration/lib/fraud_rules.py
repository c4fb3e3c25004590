"""Fraud's rules once more, written from fraud/README.md alone: what a verdict has to be."""

import configparser
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from lib.events import body_of

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
TEXTS = ("cart", "user", "ip", "device", "product", "card_token", "currency", "code")
US = 1_000_000


@dataclass(frozen=True)
class Sighting:
    kind: str
    event_id: bytes
    at_us: int
    fields: dict[str, Any]


@dataclass(frozen=True)
class Rule:
    name: str
    events: list[str]
    conditions: list[list[str]]
    key: list[str]
    aggregate: str
    value: str
    window_us: int
    within_us: int
    keep: int
    at_least: int
    below: bool
    threshold: float
    score: int
    mode: str


@dataclass
class Verdict:
    type: str = "FraudCleared"
    score: int = 0
    hits: dict[str, tuple[float, str]] = field(default_factory=dict)  # rule -> value, key


def duration_us(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]] * US


def parse_rules(text: str) -> tuple[list[Rule], int]:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), strict=True)
    parser.read_string(text)
    block_score = parser.getint("verdict", "block_score", fallback=0)
    rules = [
        Rule(
            name=name,
            events=(section := parser[name])["event"].split(),
            conditions=[part.split() for part in section.get("where", "").split(" and ") if part],
            key=section["key"].split(),
            aggregate=section["aggregate"],
            value=section.get("value", ""),
            window_us=duration_us(section["window"]),
            within_us=duration_us(section.get("within", section["window"])),
            keep=section.getint("keep", 1000),
            at_least=section.getint("at_least", 3),
            below=section.get("fires", "above") == "below",
            threshold=section.getfloat("threshold"),
            score=section.getint("score"),
            mode=section["mode"],
        )
        for name in parser.sections()
        if name != "verdict"
    ]
    return rules, block_score


def sightings_of(event: Any) -> list[Sighting]:
    name, body = body_of(event)
    actor = "" if event.actor in ("anonymous", "guest", "system") else event.actor
    fields: dict[str, Any] = {
        "cart": event.cart_id,
        "user": getattr(body, "user_id", "") or actor,
        "hour": event.occurred_at_us // (3600 * US) % 24,
    }
    if event.DESCRIPTOR.name == "PaymentEvent":
        fields["user"] = event.user_id
        fields["code"] = getattr(body, "code", "")
        if hasattr(body, "amount_minor"):
            fields["amount"], fields["currency"] = body.amount_minor, body.currency
        return [Sighting(name, event.event_id, event.occurred_at_us, fields)]
    fields |= {"ip": event.client_ip, "device": event.device_id, "version": event.version}
    sightings = []
    if name == "ItemAdded":
        fields |= {"product": body.product_id, "currency": body.currency, "price": body.price_minor}
        fields |= {"quantity": body.quantity, "amount": body.price_minor * body.quantity}
    elif name in ("ItemRemoved", "ItemQuantityChanged"):
        fields |= {"product": body.product_id, "quantity": body.quantity}
    elif name == "CartOpened":
        fields["user"] = body.user_id
    elif name == "CartCheckedOut":
        fields |= {"user": body.user_id, "currency": body.currency, "amount": body.total_minor}
        fields |= {"card_token": body.payment_token, "quantity": body.total_quantity}
        if body.opened_at_us:
            fields["elapsed_ms"] = (event.occurred_at_us - body.opened_at_us) // 1000
        for line in body.lines:
            of_line = {"product": line.product_id, "price": line.price_minor}
            of_line |= {"quantity": line.quantity, "amount": line.line_total_minor}
            sightings.append(
                Sighting("SoldLine", event.event_id, event.occurred_at_us, fields | of_line)
            )
    elif name == "CartMerged" and body.into_cart_id != event.cart_id:
        return []
    return [Sighting(name, event.event_id, event.occurred_at_us, fields), *sightings]


def holds(condition: list[str], fields: dict[str, Any]) -> bool:
    if condition[0] in ("has", "no"):
        there = bool(fields.get(condition[1])) or (
            condition[1] not in TEXTS and condition[1] in fields
        )
        return there == (condition[0] == "has")
    name, operator, *rest = condition
    if name in TEXTS:
        same = fields.get(name, "") == rest[-1]
        return same != (rest[0] == "not")
    if name not in fields:
        return False
    number, other = fields[name], int(rest[-1])
    if operator == "is":
        return (number == other) != (rest[0] == "not")
    return number < other if operator == "<" else number > other


def key_of(rule: Rule, fields: dict[str, Any]) -> str:
    values = [fields.get(name, "") for name in rule.key]
    if not all(values):
        return ""
    escaped = [value.replace("%", "%25").replace(" ", "%20") for value in values]
    return " ".join(f"{name}:{value}" for name, value in zip(rule.key, escaped, strict=True))


def observed(rule: Rule, sighting: Sighting) -> bool:
    fields = sighting.fields
    if sighting.kind not in rule.events or not key_of(rule, fields):
        return False
    if rule.value and fields.get(rule.value, "") == "":
        return False
    return all(holds(condition, fields) for condition in rule.conditions)


def aggregate(rule: Rule, values: list[Any]) -> float:
    if rule.aggregate == "distinct":
        return len(set(values))
    return len(values) if rule.aggregate == "count" else sum(values)


def measure(rule: Rule, seen: list[Sighting], at_us: int, cart_id: str) -> float | None:
    """seen: what the rule observed of one key, each event once."""
    seen = [one for one in seen if at_us - rule.within_us < one.at_us <= at_us]
    seen = sorted(seen, key=lambda one: (one.at_us, one.event_id))[-rule.keep :]
    values = [one.fields.get(rule.value) for one in seen]
    if not seen:
        return None
    if rule.aggregate in ("min", "max"):
        return min(values) if rule.aggregate == "min" else max(values)
    if rule.aggregate.endswith("_median"):
        own = [one.fields[rule.value] for one in seen if one.fields["cart"] == cart_id]
        others = [one.fields[rule.value] for one in seen if one.fields["cart"] != cart_id]
        if not own or len(others) < rule.at_least or median(others) <= 0:
            return None
        ratio = own[-1] / median(others)
        if rule.aggregate == "deviation_from_median" and ratio < 1:
            ratio = median(others) if ratio == 0 else 1 / ratio
        return ratio
    peaks = []
    for index, end in enumerate(seen):
        begin_us = end.at_us - rule.window_us
        peaks.append(
            aggregate(rule, [values[i] for i in range(index + 1) if seen[i].at_us > begin_us])
        )
    return min(peaks) if rule.below else max(peaks)


def judge(rules: list[Rule], block_score: int, history: Iterable[Any], checkout: Any) -> Verdict:
    """The verdict about one checkout event, all events (it among them) being known."""
    own = sightings_of(checkout)
    verdict = Verdict()
    modes = set()
    sightings = [sighting for event in history for sighting in sightings_of(event)]
    for rule in rules:
        asked = own[1:] if "product" in rule.key else own[:1]
        for key in {key_of(rule, one.fields) for one in asked} - {""}:
            seen = [
                one for one in sightings if observed(rule, one) and key_of(rule, one.fields) == key
            ]
            value = measure(rule, seen, checkout.occurred_at_us, checkout.cart_id)
            if value is None:
                continue
            if not (value < rule.threshold if rule.below else value > rule.threshold):
                continue
            known = verdict.hits.get(rule.name)
            if known is None or (value < known[0] if rule.below else value > known[0]):
                verdict.hits[rule.name] = (value, key)
        if rule.name in verdict.hits and rule.mode != "shadow":
            verdict.score += rule.score
            modes.add(rule.mode)
    if "block" in modes or (block_score and verdict.score >= block_score):
        verdict.type = "FraudBlocked"
    elif "review" in modes:
        verdict.type = "FraudHeld"
    return verdict
