"""One shopper's way through the whole shop: guest, log-in, merge, checkout, verdict, charge, mail, and
every change pushed into a browser."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from lib.api import item, new_key
from lib.browser import Page, running_browser
from lib.daemon import Daemon
from lib.identity import Issuer, client, make_issuer, running_api
from lib.mailbox import Mailbox
from lib.stack import Stack
from lib.tokens import bearer
from lib.wait import stays_true, wait_until


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journey")


@pytest.fixture(scope="module")
def issuer(folder: Path) -> Issuer:
    return make_issuer(folder)


@pytest.fixture(scope="module")
def guarded(stack: Stack, issuer: Issuer, folder: Path) -> Iterator[Daemon]:
    with running_api(stack, folder, AUTH_KEYS_FILE=str(issuer.file)) as daemon:
        yield daemon


@pytest.fixture
def http(guarded: Daemon) -> Iterator[httpx.Client]:
    with client(guarded) as connection:
        yield connection


def payment_of(stack: Stack, cart: str) -> dict:
    url = f"{stack.env['BILLING_URL']}/api/payments/{cart}"
    answer = httpx.get(url, timeout=5, trust_env=False)
    return answer.json() if answer.status_code == 200 else {}


def verdict_of(stack: Stack, cart: str) -> str:
    url = f"{stack.env['FRAUD_URL']}/api/fraud/verdicts/{cart}"
    return httpx.get(url, timeout=5, trust_env=False).json().get("status", "")


def check_out(http: httpx.Client, cart: str, user: dict[str, str], email: str = "") -> dict:
    """Without an address the token's claims tell it."""
    contact = {"contact": {"email": email, "locale": "en-US"}} if email else {}
    answer = http.post(
        f"/api/cart/{cart}/checkout",
        json={"paymentToken": "tok_success", **contact},
        headers={**user, "Idempotency-Key": new_key()},
    )
    assert answer.status_code == 202, answer.text
    return answer.json()


def shown(page: Page, product: str, quantity: int) -> None:
    page.wait_text(f"tr[data-product={product}] .count", str(quantity))


@pytest.mark.slow
def test_from_guest_to_paid_order(
    stack: Stack, http: httpx.Client, guarded: Daemon, issuer: Issuer, tmp_path: Path
) -> None:
    mailbox, email = Mailbox(stack), "ann@journey.example"
    guest = http.post("/api/cart", json={"currency": "USD"}).json()
    guest_cart, credential = guest["cartId"], bearer(guest["guestToken"])
    laptop = item("laptop", 1, 129900, "Gaming laptop")
    assert http.post(f"/api/cart/{guest_cart}/items", json=laptop, headers=credential).is_success

    ann = issuer.headers("ann")
    cart = http.post("/api/cart", headers=ann).json()["cartId"]
    token = issuer.token("ann")
    with running_browser(tmp_path / "profile") as browser:
        page = browser.open(f"{guarded.url}/demo#cart={cart}&token={token}")
        mug = item("mug", 2, 1290, "Coffee mug")
        assert http.post(f"/api/cart/{cart}/items", json=mug, headers=ann).is_success
        shown(page, "mug", 2)
        merged = http.post(
            f"/api/cart/{cart}/merge",
            json={"from": guest_cart, "guestToken": guest["guestToken"]},
            headers=ann,
        )
        assert merged.status_code == 200, merged.text
        shown(page, "laptop", 1)
        ended = f"/api/cart/view/{guest_cart}?minVersion=3"
        assert http.get(ended, headers=credential).status_code == 404, "the token has ended"
        assert http.get(ended, headers=ann).json()["mergedInto"] == cart
        order = check_out(http, cart, ann, email)
        page.wait_text("#version", str(order["version"]))
    assert order["total"] == 129900 + 2 * 1290
    again = http.post(f"/api/cart/{cart}/checkout", headers={**ann, "Idempotency-Key": new_key()})
    assert (again.status_code, again.json()["orderId"]) == (409, order["orderId"])

    paid = wait_until(
        lambda: (found := payment_of(stack, cart)).get("status") == "captured" and found,
        30,
        "the order is paid",
    )
    assert (paid["orderId"], paid["amount"], paid["currency"]) == (
        order["orderId"],
        order["total"],
        "USD",
    )
    assert verdict_of(stack, cart) == "cleared"
    wait_until(lambda: len(mailbox.to(email)) >= 2, 20, "the order and the payment are told")
    assert len({mail["Message-ID"] for mail in mailbox.to(email)}) == 2


def test_a_held_cart_is_charged_when_a_person_lets_it_go(
    stack: Stack, http: httpx.Client, issuer: Issuer
) -> None:
    mailbox, email = Mailbox(stack), "bulk@journey.example"
    ann = issuer.headers("ann-in-bulk", email=email, locale="de-DE")
    cart = http.post("/api/cart", headers=ann).json()["cartId"]
    many = item("mug", 600, 1290, "Coffee mug")  # the rule bulk-order wants a person to look
    assert http.post(f"/api/cart/{cart}/items", json=many, headers=ann).is_success
    check_out(http, cart, ann)
    wait_until(lambda: verdict_of(stack, cart) == "held", 20, "the checkout is held")
    stays_true(
        lambda: payment_of(stack, cart).get("status", "requested") == "requested", 1, "no charge"
    )
    review = f"{stack.env['FRAUD_URL']}/api/fraud/reviews/{cart}"
    decided = httpx.post(
        review, json={"decision": "release", "note": "a school"}, timeout=5, trust_env=False
    )
    assert decided.is_success, decided.text
    wait_until(lambda: payment_of(stack, cart).get("status") == "captured", 20, "it is charged")
    wait_until(lambda: len(mailbox.to(email)) >= 3, 20, "order, hold and payment are told")
    assert any("Zahlung" in subject for subject in mailbox.subjects(email))
