"""Each mode of a rule, from the cart's calls to the verdict, and what a person decides then."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from lib.api import Api, new_cart
from lib.events import decode
from lib.history import CURRENCY
from lib.problems import assert_problem
from lib.stack import Stack
from lib.store import read_topic
from lib.wait import wait_until

MODES = """
[a-little]
event = CartCheckedOut
where = currency is ISK
key = cart
aggregate = max
value = amount
window = 1m
threshold = 100
score = 5
mode = shadow
[much]
event = SoldLine
where = currency is ISK
key = cart product
aggregate = max
value = quantity
window = 1m
threshold = 10
score = 40
mode = review
[other-cards]
event = CartCheckedOut
where = currency is ISK and card_token is tok_bad
key = cart
aggregate = count
window = 1m
threshold = 0
score = 60
mode = block
"""


def check_out(api: Api, price: int, quantity: int, token: str = "tok_success") -> str:
    cart = new_cart()
    api.add(cart, "p1", quantity, price, user_id=f"u-{cart}", currency=CURRENCY)
    answer = api.check_out(cart, {"paymentToken": token})
    assert answer.status_code == 202, answer.text
    return cart


def settled(fraud: Any, cart: str) -> dict[str, Any]:
    answer = wait_until(
        lambda: (found := fraud.verdict(cart)).status_code == 200 and found, 10, "a verdict"
    )
    return answer.json()


def test_each_mode_has_its_verdict(stack: Stack, api: Api, fraud: Any) -> None:
    fraud.use(MODES)
    cheap, shadow = check_out(api, 10, 1), check_out(api, 101, 1)
    held, blocked = check_out(api, 1, 11), check_out(api, 200, 20, "tok_bad")
    said = {cart: settled(fraud, cart) for cart in (cheap, shadow, held, blocked)}
    assert [said[cart]["verdict"] for cart in said] == ["cleared", "cleared", "held", "blocked"]
    assert [said[cart]["score"] for cart in said] == [0, 0, 40, 100]
    hits = [[hit["rule"] for hit in said[cart]["hits"]] for cart in said]
    assert hits == [[], ["a-little"], ["much"], ["a-little", "much", "other-cards"]]
    assert said[held]["status"] == "held" and said[held]["review"] is None
    [hit] = said[held]["hits"]
    assert hit["key"] == f"cart:{held} product:p1"
    assert (hit["value"], hit["threshold"], hit["windowSeconds"]) == (11, 10, 60)
    checkout = api.all_events(held)[-1]
    assert hit["eventIds"] == [checkout["eventId"]]
    # The queue has what is held, and the same facts are on the topic with their cause.
    [waiting] = [one for one in fraud.queue() if one["cartId"] in said]
    assert (waiting["cartId"], waiting["amount"], waiting["currency"]) == (held, 11, CURRENCY)
    assert waiting["orderId"] == said[held]["orderId"] == checkout["data"]["orderId"]

    def on_topic() -> bool:
        found = [r for r in read_topic(stack, "fraud.events") if r.key == held.encode()]
        return bool(found) and found[0]

    record = wait_until(on_topic, 10, "the verdict is on the topic", 0.2)
    event = decode(record.value, "fraud")
    assert record.headers["ce_type"] == b"cartwright.fraud.v1.FraudHeld"
    assert event.causation_id.hex() == checkout["eventId"].replace("-", "")
    assert event.user_id == f"u-{held}" and event.actor == "fraud"


@pytest.fixture
def held(api: Api, fraud: Any) -> str:
    fraud.use(MODES)
    cart = check_out(api, 1, 11)
    assert settled(fraud, cart)["status"] == "held"
    return cart


def test_a_review_is_a_fact_and_the_first_one_stands(fraud: Any, held: str) -> None:
    answer = fraud.review(held, decision="release", note="ein guter Kunde ✓")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["cartId"], body["decision"]) == (held, "release")
    assert body["note"] == "ein guter Kunde ✓" and body["reviewer"]
    again = fraud.review(held, decision="release", note="something else")
    assert (again.status_code, again.json()) == (200, body)
    assert again.headers["idempotent-replayed"] == "true"
    assert_problem(fraud.review(held, decision="block"), 409, "already_reviewed")
    assert [kind for kind, _ in fraud.facts([held])[held]] == ["FraudHeld", "FraudReviewed"]
    shown = fraud.verdict(held).json()
    assert (shown["status"], shown["verdict"]) == ("released", "held")
    assert shown["review"] == {name: body[name] for name in body if name != "cartId"}
    assert held not in [one["cartId"] for one in fraud.queue()]


def test_one_of_many_reviews_wins(fraud: Any, held: str) -> None:
    decisions = ["release", "block"] * 8
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: fraud.review(held, decision=one), decisions))
    won = {a.json()["decision"] for a in answers if a.status_code == 200}
    assert len(won) == 1
    for decision, answer in zip(decisions, answers, strict=True):
        assert answer.status_code == (200 if decision in won else 409), answer.text
    assert len(fraud.facts([held])[held]) == 2


def test_what_cannot_be_reviewed(api: Api, fraud: Any) -> None:
    fraud.use(MODES)
    cleared = check_out(api, 10, 1)
    assert settled(fraud, cleared)["status"] == "cleared"
    assert_problem(fraud.review(cleared, decision="release"), 409, "not_held")
    assert_problem(fraud.review("no-such-cart", decision="release"), 404, "verdict_not_found")
    assert_problem(fraud.verdict("no-such-cart"), 404, "verdict_not_found")
    for body in ({}, {"decision": "maybe"}, {"decision": 1}, {"decision": "block", "why": "x"}):
        assert_problem(fraud.review(cleared, **body), 400, "invalid_field")
    assert_problem(fraud.review(cleared, decision="block", note="\x07"), 400, "invalid_field")
    assert_problem(fraud.review(cleared, decision="block", note="n" * 2001), 400, "invalid_field")
    bad = fraud.http.post(f"/api/fraud/reviews/{cleared}", content=b"{", headers=JSON)
    assert_problem(bad, 400, "invalid_json")
    text = fraud.http.post(f"/api/fraud/reviews/{cleared}", content=b"{}")
    assert_problem(text, 415, "unsupported_media_type")
    wrong = fraud.http.get("/api/fraud/reviews", params={"after": "yesterday"})
    assert_problem(wrong, 400, "invalid_parameter")
    assert_problem(fraud.http.delete("/api/fraud/reviews"), 405, "method_not_allowed")


JSON = {"content-type": "application/json"}


def test_the_document_names_every_call(fraud: Any) -> None:
    document = fraud.http.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method in methods:
            url = path.replace("{cartId}", "no-such-cart")
            answer: httpx.Response = fraud.http.request(method, url, json={"decision": "block"})
            assert str(answer.status_code) in methods[method]["responses"], (method, path)
