"""The checkers of money find what they are for: ledgers doctored as the bugs would leave them."""

from lib.ledger import Movement, Sale, check_balance, check_ledger

SALES = [Sale("ord_1", 500, "EUR"), Sale("ord_2", 700, "EUR")]
GOOD = [
    Movement("charge", "pay_ord_1", "ord_1", 500, "EUR"),
    Movement("charge", "pay_ord_2", "ord_2", 700, "EUR"),
]


def test_a_good_ledger_has_no_violation() -> None:
    assert check_ledger(GOOD, SALES, frozenset({"ord_9"})) == []


def test_a_double_charge_on_retry_is_found() -> None:
    """What a key that differs by the attempt does."""
    doctored = [*GOOD, Movement("charge", "pay_ord_1-attempt-2", "ord_1", 500, "EUR")]
    assert check_ledger(doctored, SALES) == [
        "ord_1: 2 charges, under ['pay_ord_1', 'pay_ord_1-attempt-2']"
    ]


def test_a_charge_on_replay_is_found() -> None:
    """What a consumer that forgets its replay mark does to an order of long ago."""
    doctored = [*GOOD, Movement("charge", "pay_ord_0", "ord_0", 100, "EUR")]
    assert check_ledger(doctored, SALES) == ["ord_0: charged, but not checked out"]
    assert check_ledger(doctored, SALES, frozenset({"ord_0"})) == [
        "ord_0: charged, and must not be"
    ]


def test_a_missing_charge_is_found() -> None:
    assert check_ledger(GOOD[:1], SALES) == ["ord_2: 0 charges, under []"]


def test_a_wrong_amount_or_currency_is_found() -> None:
    wrong = Movement("charge", "pay_ord_1", "ord_1", 501, "EUR")
    assert check_ledger([wrong, GOOD[1]], SALES) == ["ord_1: charged 501 EUR, sold for 500 EUR"]
    wrong = Movement("charge", "pay_ord_1", "ord_1", 500, "USD")
    assert check_ledger([wrong, GOOD[1]], SALES) == ["ord_1: charged 500 USD, sold for 500 EUR"]


def test_a_balance_that_does_not_add_up_is_found() -> None:
    refund = Movement("refund", "pay_ord_2-refund", "ord_2", 700, "EUR")
    assert check_balance([*GOOD, refund], 500) == []
    assert check_balance(GOOD, 500) == ["charged 1200 - refunded 0 = 1200, paid orders 500"]
