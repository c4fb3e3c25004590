"""Windows of busy keys: many observations in few bundles, few in many, cut by checkout and `keep`."""

import random
from typing import Any

from lib.events import body_of
from lib.fraud_rules import judge, parse_rules
from lib.history import History, now_us
from lib.stack import Stack
from lib.store import connect

SECOND_US = 1_000_000
RULES = """
[count-of-ip]
event = ItemAdded CartCheckedOut
where = currency is ISK
key = ip
aggregate = count
window = 20s
within = 10m
threshold = 0
score = 1
mode = shadow
[carts-of-ip]
event = ItemAdded
where = currency is ISK
key = ip
aggregate = distinct
value = cart
window = 2s
within = 10m
threshold = 0
score = 1
mode = shadow
[newest-of-ip]
event = ItemAdded
where = currency is ISK
key = ip
aggregate = sum
value = quantity
window = 10m
keep = 70
threshold = 0
score = 1
mode = shadow
[own-cart]
event = ItemAdded ItemRemoved
key = cart
aggregate = count
window = 30s
within = 10m
threshold = 0
score = 1
mode = shadow
"""


def busy_history(tag: str) -> History:
    """Two addresses: one event a second, and a burst in which times are equal. Checkouts stand amid it:
    what follows them comes in the same bundle."""
    chance, history = random.Random(11), History()
    begin_us = now_us() - 400 * SECOND_US
    for number in range(150):  # more bundles than are read at first, fewer than are kept
        history.add(
            f"{tag}-{number % 9}", f"{tag}-u", begin_us + number * SECOND_US, ip=f"{tag[-20:]}.1",
            quantity=chance.randrange(1, 9),
        )  # fmt: skip
    at_us = begin_us + 200 * SECOND_US
    for number in range(500):
        cart = f"{tag}-{chance.randrange(9)}"
        history.add(cart, f"{tag}-u", at_us, ip=f"{tag[-20:]}.2", quantity=chance.randrange(1, 9))
        if number in (130, 131, 333):
            history.check_out(
                f"{tag}-out-{number}", f"{tag}-u", at_us, [("p1", 100, 1)], ip=f"{tag[-20:]}.2"
            )
        at_us += chance.choice([0, 0, 50, 900])
    for number, ip in ((0, 1), (1, 2), (2, 1)):
        history.check_out(
            f"{tag}-{number}", f"{tag}-u", begin_us + 300 * SECOND_US, [("p1", 100, 1)],
            ip=f"{tag[-20:]}.{ip}",
        )  # fmt: skip
    return history


def test_busy_keys(stack: Stack, fraud: Any, cart: str) -> None:
    fraud.use(RULES)
    history = busy_history(cart)
    history.write(stack, batch=1000)
    checkouts = history.checkouts()
    verdicts = fraud.wait_verdicts([checkout.cart_id for checkout in checkouts])
    rules, block_score = parse_rules(RULES)
    for checkout in checkouts:
        expected = judge(rules, block_score, history.events, checkout)
        hits = {hit.rule: hit for hit in body_of(verdicts[checkout.cart_id])[1].hits}
        said = {name: (hit.value, hit.key) for name, hit in hits.items()}
        assert said == expected.hits, checkout.cart_id
        newest = sorted(
            (event.occurred_at_us, event.event_id)
            for event in history.events
            if body_of(event)[0] == "ItemAdded"
            and event.client_ip == checkout.client_ip
            and event.occurred_at_us <= checkout.occurred_at_us
        )[-70:]
        told = [event_id for _, event_id in reversed(newest)]
        assert list(hits["newest-of-ip"].event_ids) == told, checkout.cart_id
    assert {len(judge(rules, 0, history.events, one).hits) for one in checkouts} == {3, 4}


def test_busy_keys_are_few_rows(stack: Stack, fraud: Any, cart: str) -> None:
    """Many events with one address are few rows; a rule about the cart itself writes none."""
    fraud.use(RULES)
    history, at_us = History(), now_us()
    for number in range(300):
        history.add(f"{cart}-{number % 5}", f"{cart}-u", at_us + number, ip=f"{cart[-20:]}.7")
    history.check_out(cart, f"{cart}-u", at_us + 300, [("p1", 100, 1)], ip=f"{cart[-20:]}.7")
    history.write(stack, batch=1000)
    fraud.wait_verdicts([cart])
    sql = """
        SELECT count(*), sum(count), (SELECT count(*) FROM fraud_observations WHERE key = %(key)s)
          FROM fraud_bundles WHERE key = %(key)s
    """
    with connect(stack) as connection:
        rows, observed, shown = connection.execute(sql, {"key": f"ip:{cart[-20:]}.7"}).fetchone()
        own = "SELECT count(*) FROM fraud_bundles WHERE key LIKE %s"
        assert connection.execute(own, (f"cart:{cart}%",)).fetchone() == (0,)
    assert observed == shown == 901
    assert rows <= 901 / 3


def test_a_rule_about_the_cart_sees_what_was_before_the_rule(
    stack: Stack, fraud: Any, cart: str
) -> None:
    fraud.use(RULES.split("[own-cart]")[0])
    history = History()
    for _ in range(1200):  # more than a page of the stream, more than is kept
        history.add(cart, f"{cart}-u", now_us())
    history.check_out(f"{cart}-2", f"{cart}-u", now_us(), [("p1", 100, 1)])
    history.write(stack, batch=2000)
    fraud.wait_verdicts([f"{cart}-2"])
    fraud.use(RULES)
    history.check_out(cart, f"{cart}-u", now_us(), [("p1", 100, 1)])
    history.write(stack)
    [hit] = body_of(fraud.wait_verdicts([cart])[cart])[1].hits
    assert (hit.rule, hit.value, len(hit.event_ids)) == ("own-cart", 1000, 100)
