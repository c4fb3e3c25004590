"""How much one caller may ask for, and where a daemon with keys may listen."""

from pathlib import Path

import httpx
from lib.api import item, new_cart
from lib.identity import Issuer, client, running_api
from lib.problems import assert_problem
from lib.stack import Stack

BURST = 4


def ask(http: httpx.Client, headers: dict[str, str]) -> httpx.Response:
    return http.get(f"/api/cart/view/{new_cart()}", headers=headers)


def test_each_principal_has_its_own_limit(stack: Stack, issuer: Issuer, tmp_path: Path) -> None:
    settings = {
        "AUTH_KEYS_FILE": str(issuer.file),
        "RATE_PRINCIPAL_PER_MINUTE": "6",
        "RATE_PRINCIPAL_BURST": str(BURST),
        "CART_API_HTTP_ADDRESS": "0.0.0.0",  # with keys it may listen beyond loopback
    }
    with running_api(stack, tmp_path, **settings) as daemon, client(daemon) as http:
        alice, bob = issuer.headers("alice"), issuer.headers("bob")
        for left in reversed(range(BURST)):
            answer = ask(http, alice)
            assert answer.status_code == 404
            assert answer.headers["ratelimit-policy"] == f'"principal";q={BURST};w=40'
            assert answer.headers["ratelimit"].startswith(f'"principal";r={left};t=')
        answer = ask(http, alice)
        assert_problem(answer, 429, "too_many_requests")
        assert 1 <= int(answer.headers["retry-after"]) <= 10
        # Another token of the same user is the same principal; another user is not.
        assert ask(http, issuer.headers("alice", algorithm="RS256")).status_code == 429
        assert ask(http, bob).status_code == 404
        refused = http.post(f"/api/cart/{new_cart()}/items", json=item(), headers=alice)
        assert_problem(refused, 429, "too_many_requests")
        assert http.get("/healthz").status_code == 200
        lines = http.get("/metrics").text.splitlines()
        assert 'cartwright_http_limited_total{limit="principal"} 3' in lines


def test_each_address_has_its_own_limit(stack: Stack, issuer: Issuer, tmp_path: Path) -> None:
    """Also of those whose credential is bad: guessing is not free."""
    settings = {
        "AUTH_KEYS_FILE": str(issuer.file),
        "RATE_ADDRESS_PER_MINUTE": "6",
        "RATE_ADDRESS_BURST": str(BURST),
        "CART_API_TRUSTED_PROXIES": "127.0.0.1",
    }
    with running_api(stack, tmp_path, **settings) as daemon, client(daemon) as http:
        for _ in range(BURST):
            assert ask(http, {"Authorization": "Bearer guess"}).status_code == 401
        assert ask(http, {"Authorization": "Bearer guess"}).status_code == 429
        assert ask(http, issuer.headers("alice")).status_code == 429
        elsewhere = {"X-Forwarded-For": "192.0.2.7", **issuer.headers("alice")}
        assert ask(http, elsewhere).status_code == 404
