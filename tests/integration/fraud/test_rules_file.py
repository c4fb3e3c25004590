"""The rules' file in a running fraud: good ones are taken, bad ones are refused and change nothing."""

import subprocess
from typing import Any

from lib.history import History, now_us
from lib.stack import Stack
from lib.store import connect
from lib.wait import wait_until

RULE = """
[adds]
event = ItemAdded
where = currency is ISK
key = user
aggregate = count
window = 1h
threshold = {threshold}
score = 10
mode = review
"""


def verdict_after(stack: Stack, fraud: Any, user: str, cart: str, adds: int) -> Any:
    history = History()
    for _ in range(adds):
        history.add(cart, user, now_us())
    history.check_out(cart, user, now_us(), [("p1", 100, adds)])
    history.write(stack)
    return fraud.wait_verdicts([cart])[cart]


def test_a_bad_file_keeps_the_old_rules(stack: Stack, fraud: Any, cart: str) -> None:
    fraud.use(RULE.format(threshold=3))
    user = f"u-{cart}"
    assert verdict_after(stack, fraud, user, cart, 2).HasField("fraud_cleared")
    fraud.rules_file.write_text(RULE.format(threshold="many"))
    log = fraud.reload('"settings not reloaded, the old ones stay"')
    assert f"{fraud.rules_file}:8: threshold must be a number" in log
    # The old rule and what it has seen are still there: 2 and 2 are more than 3.
    held = verdict_after(stack, fraud, user, f"{cart}-2", 2)
    [hit] = held.fraud_held.hits
    assert (hit.rule, hit.value, hit.threshold) == ("adds", 4, 3)
    # Another threshold takes effect and counts on.
    fraud.use(RULE.format(threshold=100))
    assert verdict_after(stack, fraud, user, f"{cart}-3", 1).HasField("fraud_cleared")
    fraud.use(RULE.format(threshold=5))
    held = verdict_after(stack, fraud, user, f"{cart}-4", 1)
    assert held.fraud_held.hits[0].value == 6


def run(stack: Stack, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [stack.program("fraud"), *arguments],
        env={**stack.environment_of("fraud"), **environment},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_mistakes_are_told_before_the_start(stack: Stack, fraud: Any) -> None:
    fraud.rules_file.write_text("[a]\nevent = Nothing\n")
    for verb in ((), ("--check-config",)):
        ended = run(stack, *verb, FRAUD_RULES_FILE=str(fraud.rules_file))
        assert ended.returncode == 1
        assert f"{fraud.rules_file}:2: `Nothing` is no event" in ended.stderr
    ended = run(stack, "--check-config", FRAUD_RULES_FILE=str(fraud.rules_file.parent))
    assert ended.returncode == 1 and "not a regular file" in ended.stderr
    assert run(stack, "--check-config", FRAUD_RULES_FILE="").returncode == 0
    for arguments in ((), ("none.ini",), (str(fraud.rules_file),), ("x", "y"), ("x", "--since")):
        ended = run(stack, "--backtest", *arguments)
        assert ended.returncode == 1 and '"level":"error"' in ended.stderr, arguments
        assert not ended.stdout


def test_what_comes_late_within_the_bound_counts(stack: Stack, fraud: Any, cart: str) -> None:
    """An event of an earlier time that is stored after the checkout, as another host's may be."""
    fraud.use(RULE.format(threshold=1), lateness_ms=1500)
    history = History()
    before_us = now_us()
    history.add(cart, f"u-{cart}", before_us)
    checkout = history.check_out(cart, f"u-{cart}", now_us(), [("p1", 100, 1)])
    history.write(stack)
    late = history.add(f"{cart}-2", f"u-{cart}", before_us)
    after = history.add(f"{cart}-2", f"u-{cart}", checkout.occurred_at_us + 1)
    history.write(stack)
    [hit] = fraud.wait_verdicts([cart])[cart].fraud_held.hits
    assert hit.value == 2
    assert late.event_id in hit.event_ids and after.event_id not in hit.event_ids


def test_expired_observations_are_removed(stack: Stack, fraud: Any, cart: str) -> None:
    """fraud is started anew, which sweeps: what no rule can look at goes, the rest stays."""
    fraud.use(RULE.format(threshold=1))
    history = History()
    hour_us = 3_600_000_000
    old = history.add(cart, f"u-{cart}", now_us() - 30 * hour_us)
    fresh = history.add(cart, f"u-{cart}", now_us())
    history.check_out(cart, f"u-{cart}", now_us(), [("p1", 100, 1)])
    history.write(stack)
    assert fraud.wait_verdicts([cart])[cart].HasField("fraud_cleared")
    sql = "SELECT event_id FROM fraud_observations WHERE cart_id = %s"
    with connect(stack) as connection:

        def left() -> set[bytes]:
            return {row[0].bytes for row in connection.execute(sql, (cart,))}

        assert {old.event_id, fresh.event_id} <= left()
        pid = stack.kill("fraud")
        stack.wait_restarted("fraud", pid)
        wait_until(lambda: old.event_id not in left(), 20, "the old observation is removed")
        assert fresh.event_id in left()
