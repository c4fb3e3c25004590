"""Verdicts against an independent evaluation of the same events."""

import random
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lib.daemon import running_daemon
from lib.events import body_of
from lib.fraud_rules import Verdict, judge, parse_rules
from lib.history import History, now_us
from lib.stack import Stack
from lib.store import connect, read_topic
from lib.wait import wait_until

MINUTE_US = 60_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MANY_RULES = """
[verdict]
block_score = 60
[adds]
event = ItemAdded
where = currency is XPF
key = cart
aggregate = count
window = 1m
within = 20m
threshold = 4
score = 10
mode = review
[spend]
event = CartCheckedOut
where = currency is XPF and amount > 100
key = user
aggregate = sum
value = amount
window = 10m
within = 1h
threshold = 4000
score = 20
mode = review
[carts-of-ip]
event = ItemAdded CartCheckedOut
where = currency is XPF
key = ip
aggregate = distinct
value = cart
window = 5m
within = 30m
threshold = 5
score = 20
mode = shadow
[price]
event = SoldLine
where = currency is XPF
key = product currency
aggregate = deviation_from_median
value = price
window = 1h
keep = 20
threshold = 2.5
score = 15
mode = review
[own-median]
event = CartCheckedOut
where = currency is XPF
key = user currency
aggregate = ratio_to_median
value = amount
window = 1h
at_least = 2
threshold = 4
score = 25
mode = review
[declined]
event = PaymentFailed
where = code is test_declined
key = user
aggregate = count
window = 10m
within = 1h
threshold = 2
score = 30
mode = block
[cards]
event = CartCheckedOut
where = currency is XPF
key = user
aggregate = distinct
value = card_token
window = 1h
threshold = 2
score = 20
mode = review
[fast]
event = CartCheckedOut
where = currency is XPF
key = cart
aggregate = min
value = elapsed_ms
window = 1m
fires = below
threshold = 2000
score = 10
mode = shadow
[hoard]
event = SoldLine
where = currency is XPF
key = user product
aggregate = sum
value = quantity
window = 30m
threshold = 12
score = 10
mode = review
"""


def random_history(seed: int, carts: int, tag: str) -> History:
    """An hour of shoppers; events in the order of their times."""
    chance, history = random.Random(seed), History("XPF")
    begin_us = now_us() - 60 * MINUTE_US
    users = [f"{tag}-u{i}" for i in range(8)]
    todo: list[tuple[int, Callable[[], Any]]] = []
    for number in range(carts):
        cart, user = f"{tag}-{number}", chance.choice(users)
        at_us = begin_us + chance.randrange(45 * MINUTE_US)
        ip = f"{tag[-20:]}.{chance.randrange(4)}"
        opened_us = at_us
        for _ in range(chance.randrange(7)):
            todo.append((at_us, lambda c=cart, u=user, t=at_us, i=ip: history.add(c, u, t, ip=i)))
            at_us += chance.randrange(1, 40_000_000)
        if chance.random() < 0.25:
            code = chance.choice(["test_declined", "test_declined", "deadline_exceeded"])
            todo.append(
                (at_us, lambda c=cart, u=user, t=at_us, k=code: history.decline(c, u, t, k))
            )
            at_us += 1000
        lines = [
            (f"{tag}-p{p}", chance.choice([100, 110, 120, 500]), chance.randrange(1, 6))
            for p in chance.sample(range(5), chance.randrange(1, 4))
        ]
        token = f"tok_{chance.randrange(3)}"
        at_us += chance.choice([500_000, 90_000_000])
        todo.append(
            (
                at_us,
                lambda c=cart, u=user, t=at_us, ls=lines, k=token, i=ip, o=opened_us: (
                    history.check_out(c, u, t, ls, token=k, ip=i, opened_at_us=o)
                ),
            )
        )
    for _, make in sorted(todo, key=lambda one: one[0]):
        make()
    return history


def compare(expected: Verdict, actual: Any) -> None:
    field = actual.WhichOneof("body")
    body = getattr(actual, field)
    assert body.DESCRIPTOR.name == expected.type, (actual, expected)
    assert body.score == expected.score, (actual, expected)
    hits = {hit.rule: (hit.value, hit.key) for hit in body.hits}
    assert hits.keys() == expected.hits.keys(), (actual, expected)
    for name, (value, key) in hits.items():
        assert abs(value - expected.hits[name][0]) < 1e-9, (name, actual, expected)
        # Of several products with the same value any may be told.
        assert key == expected.hits[name][1] or "product" in key
    for hit in body.hits:
        assert 1 <= len(hit.event_ids) <= 100
        assert len(set(hit.event_ids)) == len(hit.event_ids)


def check_all(history: History, verdicts: dict[str, Any]) -> dict[str, int]:
    rules, block_score = parse_rules(MANY_RULES)
    kinds: dict[str, int] = {}
    for checkout in history.checkouts():
        expected = judge(rules, block_score, history.events, checkout)
        compare(expected, verdicts[checkout.cart_id])
        kinds[expected.type] = kinds.get(expected.type, 0) + 1
    return kinds


def counts(stack: Stack, tag: str) -> tuple[int, int, int]:
    sql = """
        SELECT (SELECT count(*) FROM fraud_events WHERE stream_id LIKE %(tag)s),
               (SELECT count(*) FROM fraud_observations WHERE cart_id LIKE %(tag)s),
               (SELECT count(*) FROM fraud_checkouts
                 WHERE cart_id LIKE %(tag)s AND state = 'waiting')
    """
    with connect(stack) as connection:
        return connection.execute(sql, {"tag": f"{tag}-%"}).fetchone()


def test_same_verdicts_as_an_independent_evaluation(
    stack: Stack, fraud: Any, cart: str, tmp_path: Path
) -> None:
    """Two processes share the partitions, one of them is killed in the middle; then all is replayed."""
    fraud.use(MANY_RULES)
    history = random_history(7, 150, cart)
    carts = [checkout.cart_id for checkout in history.checkouts()]
    whole, history.events = history.events, history.events[: len(history.events) // 3]
    history.write(stack)
    with running_daemon(
        stack,
        "fraud",
        tmp_path / "second.log",
        FRAUD_RULES_FILE=str(fraud.rules_file),
        KAFKA_INSTANCE_ID="fraud-second",
    ):
        history.events = whole[: 2 * len(whole) // 3]
        history.write(stack)
        killed = stack.kill("fraud", signal.SIGKILL)
        history.events = whole
        history.write(stack)
        stack.wait_restarted("fraud", killed)
        verdicts = fraud.wait_verdicts(carts, 60)
    kinds = check_all(history, verdicts)
    assert set(kinds) == {"FraudCleared", "FraudHeld", "FraudBlocked"}, kinds
    compare_backtest(stack, fraud, history, verdicts)
    replay_everything(stack, cart, len(carts))
    topic = [record for record in read_topic(stack, "fraud.events") if record.key]
    told = {record.key.decode(): record.headers["ce_type"].decode() for record in topic}
    for name, event in verdicts.items():
        kind = getattr(event, event.WhichOneof("body")).DESCRIPTOR.full_name
        assert told[name] == kind


def run_backtest(stack: Stack, *arguments: Any) -> str:
    ended = subprocess.run(
        [stack.program("fraud"), "--backtest", *(str(argument) for argument in arguments)],
        env=stack.environment_of("fraud"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def timestamp(at_us: int) -> str:
    return (EPOCH + timedelta(microseconds=at_us)).isoformat().replace("+00:00", "Z")


def compare_backtest(stack: Stack, fraud: Any, history: History, verdicts: dict[str, Any]) -> None:
    """A backtest over the same time says what was said live, and writes nothing."""
    live = Counter(hit.rule for event in verdicts.values() for hit in body_of(event)[1].hits)
    before = fraud_rows(stack)
    checkouts = history.checkouts()
    since = ("--since", timestamp(checkouts[0].occurred_at_us))
    until = ("--until", timestamp(checkouts[-1].occurred_at_us))
    output = run_backtest(stack, fraud.rules_file, *since, *until)
    hits = dict(re.findall(r"^([a-z-]+) +(?:shadow|review|block) +(\d+)$", output, re.MULTILINE))
    assert {name: int(count) for name, count in hits.items() if count != "0"} == dict(live)
    assert len(hits) == len(parse_rules(MANY_RULES)[0])
    kinds = Counter(body_of(event)[0] for event in verdicts.values())
    said = re.search(r"(\d+) held, (\d+) blocked", output)
    assert (int(said[1]), int(said[2])) == (kinds["FraudHeld"], kinds["FraudBlocked"])
    # The first half only: fewer checkouts are judged, by the same observations.
    middle = ("--until", timestamp(checkouts[len(checkouts) // 2].occurred_at_us))
    half = run_backtest(stack, fraud.rules_file, *since, *middle)
    assert judged(half) < judged(output)
    assert fraud_rows(stack) == before


def judged(output: str) -> int:
    return int(re.search(r"(\d+) checkouts", output)[1])


def fraud_rows(stack: Stack) -> tuple[int, int]:
    with connect(stack) as connection:
        return connection.execute(
            "SELECT (SELECT count(*) FROM fraud_events), (SELECT count(*) FROM fraud_observations)"
        ).fetchone()


def replay_everything(stack: Stack, tag: str, verdicts: int) -> None:
    """fraud forgets how far it was: what it observes again does not count again."""
    before = counts(stack, tag)
    assert before[0] == verdicts
    with connect(stack) as connection:
        killed = stack.kill("fraud", signal.SIGKILL)
        connection.execute("UPDATE consumer_positions SET position = 0 WHERE consumer = 'fraud'")
        stack.wait_restarted("fraud", killed)

        def at_heads() -> bool:
            sql = """
                SELECT count(*) = 0 FROM consumer_positions c
                 WHERE consumer = 'fraud' AND category = 'cart' AND position <
                       (SELECT coalesce(max(position), 0) FROM cart_events e
                         WHERE e.partition = c.partition)
            """
            return connection.execute(sql).fetchone()[0] and counts(stack, tag)[2] == 0

        wait_until(at_heads, 60, "everything is handled again")
    assert counts(stack, tag) == before
