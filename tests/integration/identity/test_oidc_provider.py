"""Tokens and keys of a real OpenID Connect provider, fetched and believed as in production."""

from pathlib import Path

import httpx
import pytest
from lib.api import item, new_cart
from lib.daemon import Daemon
from lib.identity import client
from lib.oidc import AUDIENCE, Provider, running_provider
from lib.ports import free_port
from lib.problems import assert_problem
from lib.stack import Stack
from lib.tokens import bearer
from lib.wait import wait_until

ALGORITHMS = ("RS256", "ES256", "EdDSA")


def add(http: httpx.Client, cart_id: str, token: str) -> httpx.Response:
    return http.post(f"/api/cart/{cart_id}/items", json=item(), headers=bearer(token))


def view(http: httpx.Client, cart_id: str, token: str) -> httpx.Response:
    return http.get(f"/api/cart/view/{cart_id}?minVersion=1", headers=bearer(token))


def check_tokens(http: httpx.Client, provider: Provider) -> None:
    """Each algorithm's token opens its user's cart, which others do not see and support does."""
    for algorithm in ALGORITHMS:
        cart_id = new_cart()
        alice = provider.log_in("alice", algorithm)["access_token"]
        bob = provider.log_in("bob", algorithm)["access_token"]
        assert add(http, cart_id, alice).status_code == 201, algorithm
        assert view(http, cart_id, alice).json()["userId"] == "alice"
        assert_problem(view(http, cart_id, bob), 404, "cart_not_found")
        support = provider.log_in("sue", algorithm)["access_token"]
        assert view(http, cart_id, support).status_code == 200
        assert_problem(add(http, cart_id, support), 404, "cart_not_found")


@pytest.mark.slow
def test_a_provider_comes_goes_and_changes_its_keys(stack: Stack, tmp_path: Path) -> None:
    port = free_port()
    settings = {
        "AUTH_JWKS_URL": f"http://127.0.0.1:{port}/jwks",
        "AUTH_ISSUER": f"http://127.0.0.1:{port}",
        "AUTH_AUDIENCE": AUDIENCE,
        "AUTH_ROLES_CLAIM": "realm_access.roles",
        "CART_API_AUTH_REFRESH_S": "1",
    }
    # The provider is away when cart-api starts: no token can be judged, guests are not concerned.
    daemon = Daemon(stack, "cart-api", tmp_path / "cart-api.log", **settings)
    try:
        wait_until(lambda: reachable(daemon), 30, "cart-api listens")
        with client(daemon) as http:
            answer = add(http, new_cart(), "e30.e30.AAAA")
            assert answer.status_code == 401  # no token at all
            with running_provider(tmp_path / "first.log", port) as provider:
                assert provider.configuration["jwks_uri"] == settings["AUTH_JWKS_URL"]
                daemon.wait_ready()
                check_tokens(http, provider)
                tokens = provider.log_in("alice", "RS256")
                # An ID token is for the shop, not for us.
                assert add(http, new_cart(), tokens["id_token"]).status_code == 401
                kept = tokens["access_token"]
            # Gone: what is known stays good.
            assert add(http, new_cart(), kept).status_code == 201
            # Back with other keys under the same names: theirs count, the old ones do not.
            with running_provider(tmp_path / "second.log", port) as provider:
                fresh = provider.log_in("alice", "ES256")["access_token"]
                wait_until(lambda: add(http, new_cart(), fresh).status_code == 201, 20, "new keys")
                assert add(http, new_cart(), kept).status_code == 401
    finally:
        daemon.process.kill()
        daemon.process.wait()


def reachable(daemon: Daemon) -> bool:
    try:
        return httpx.get(f"{daemon.url}/healthz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_no_keys_yet(stack: Stack, tmp_path: Path) -> None:
    """A well-formed token while no keys were fetched: not refused, not believed, try again."""
    settings = {
        "AUTH_JWKS_URL": f"http://127.0.0.1:{free_port()}/jwks",
        "AUTH_ISSUER": "https://issuer.example",
        "AUTH_AUDIENCE": AUDIENCE,
    }
    daemon = Daemon(stack, "cart-api", tmp_path / "cart-api.log", **settings)
    try:
        wait_until(lambda: reachable(daemon), 30, "cart-api listens")
        with client(daemon) as http:
            header, body = "eyJhbGciOiJFUzI1NiJ9", "e30"
            answer = add(http, new_cart(), f"{header}.{body}.AAAA")
            assert_problem(answer, 503, "keys_unavailable")
            ready = http.get("/readyz")
            assert ready.status_code == 503
            assert "auth_keys" in [error["code"] for error in ready.json()["errors"]]
            # Guests are not concerned, once the store is reached.
            wait_until(lambda: http.post("/api/cart").status_code == 201, 20, "a cart is opened")
            opened = http.post("/api/cart").json()
            path = f"/api/cart/{opened['cartId']}/items"
            guests = http.post(path, json=item(), headers=bearer(opened["guestToken"]))
            assert guests.status_code == 200
    finally:
        daemon.process.kill()
        daemon.process.wait()
