"""Every call of the OpenAPI document, asked by everybody: what is one's own, and what is not there."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from lib.api import item, new_cart
from lib.daemon import Daemon
from lib.identity import Issuer
from lib.problems import assert_problem
from lib.stack import Stack
from lib.store import redis_client
from lib.tokens import bearer
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

# Who asks, for a cart that alice opened, and for one that a guest opened.
CALLERS = ("alice", "bob", "support", "admin", "guest", "other guest", "nobody")


@dataclass(frozen=True)
class Call:
    """How to make a call, and for whom it works: `write` for the owner, `read` for the owner and the
    role support, `socket` as `read` by a WebSocket's messages, `open` for everybody (a bad credential
    is refused), `public` for everybody."""

    kind: str
    good: tuple[int, ...]
    body: Any = None
    params: dict[str, Any] | None = None
    headers: dict[str, str] | None = None


# Stands for a body that names a new guest's cart with its token.
MERGED = "a guest's cart"

# A call that the document has and this table does not fails the test: say here for whom it is.
CALLS: dict[tuple[str, str], Call] = {
    ("post", "/api/cart"): Call("open", (201,), body={}),
    ("post", "/api/cart/{cartId}/items"): Call("write", (200,), body=item("prod-2")),
    ("delete", "/api/cart/{cartId}/items"): Call("write", (200,)),
    ("put", "/api/cart/{cartId}/items/{productId}"): Call("write", (200,), body={"quantity": 3}),
    ("delete", "/api/cart/{cartId}/items/{productId}"): Call("write", (200,)),
    ("post", "/api/cart/{cartId}/checkout"): Call("write", (202,), body={}),
    ("post", "/api/cart/{cartId}/merge"): Call("write", (200,), body=MERGED),
    ("get", "/api/cart/view/{cartId}"): Call("read", (200,)),
    ("get", "/api/cart/{cartId}/events"): Call("read", (200,)),
    ("get", "/api/cart/{cartId}/state"): Call("read", (200,), params={"version": 1}),
    ("get", "/api/cart/{cartId}/stream"): Call("read", (200,)),
    ("get", "/ws"): Call("socket", (101,)),
    ("get", "/openapi.json"): Call("public", (200,)),
    ("get", "/healthz"): Call("public", (200,)),
    ("get", "/readyz"): Call("public", (200,)),
    ("get", "/metrics"): Call("public", (200,)),
    ("get", "/asyncapi.json"): Call("public", (200,)),
}

METHODS = {"get", "put", "post", "delete", "patch"}


@dataclass
class Party:
    """The callers' credentials and the two carts."""

    http: httpx.Client
    credentials: dict[str, dict[str, str]]
    guest_cart: str

    def opened_by_alice(self) -> str:
        cart_id = new_cart()
        answer = self.ask("alice", "post", f"/api/cart/{cart_id}/items", json=item("prod-1"))
        assert answer.status_code == 201, answer.text
        return cart_id

    def guests_cart(self) -> dict[str, str]:
        opened = self.http.post("/api/cart").json()
        return {"from": opened["cartId"], "guestToken": opened["guestToken"]}

    def ask(self, caller: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**self.credentials[caller], **more.pop("headers", {})}
        with self.http.stream(method.upper(), path, headers=headers, **more) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                return answer  # goes on for ever: that it begins is what we ask
            answer.read()
            return answer

    def make(self, caller: str, method: str, path: str, call: Call, cart_id: str) -> httpx.Response:
        headers = {"Idempotency-Key": secrets.token_hex(8)} if "checkout" in path else {}
        where = path.replace("{cartId}", cart_id).replace("{productId}", "prod-1")
        more = {} if call.body is None else {"json": call.body}
        body = self.guests_cart() if call.body == MERGED else call.body
        more = {} if body is None else {"json": body}
        return self.ask(
            caller,
            method,
            where,
            params=call.params,
            headers={**headers, **(call.headers or {})},
            **more,
        )


@pytest.fixture
def party(http: httpx.Client, issuer: Issuer) -> Iterator[Party]:
    credentials = {
        "alice": issuer.headers("alice"),
        "bob": issuer.headers("bob", algorithm="RS256"),
        "support": issuer.headers("sue", roles=["support"]),
        "admin": issuer.headers("adam", roles=["admin"]),
        "nobody": {},
    }
    carts = []
    for name in ("guest", "other guest"):
        opened = http.post("/api/cart").json()
        credentials[name] = bearer(opened["guestToken"])
        carts.append(opened["cartId"])
    found = Party(http, credentials, carts[0])
    added = found.ask("guest", "post", f"/api/cart/{carts[0]}/items", json=item("prod-1"))
    assert added.status_code == 200, added.text
    yield found


def documented(daemon: Daemon) -> set[tuple[str, str]]:
    paths = httpx.get(f"{daemon.url}/openapi.json", trust_env=False).json()["paths"]
    return {
        (method, path) for path, methods in paths.items() for method in methods if method in METHODS
    }


def test_the_table_has_every_documented_call(guarded: Daemon) -> None:
    calls = documented(guarded)
    assert calls - set(CALLS) == set(), "calls without a row: for whom are they?"
    assert set(CALLS) - calls == set(), "rows without a call"


def test_the_document_tells_of_credentials(guarded: Daemon) -> None:
    """Which calls need one, and that it may be refused, and that there are limits."""
    paths = httpx.get(f"{guarded.url}/openapi.json", trust_env=False).json()["paths"]
    for (method, path), call in CALLS.items():
        operation = paths[path][method]
        if call.kind == "public":
            assert operation["security"] == [], path
        else:
            assert "security" not in operation, path
            assert {"401", "429"} <= set(operation["responses"]), (method, path)


def expected(call: Call, caller: str, owner: str) -> str:
    if call.kind in ("public", "open"):
        return "good"
    if caller == "nobody":
        return "401"
    if caller == owner or (call.kind in ("read", "socket") and caller == "support"):
        return "good"
    return "404"


def subscribe(party: Party, caller: str, cart_id: str) -> str:
    """The code of what a WebSocket is answered that wants this cart's views; or the handshake's."""
    url = f"{str(party.http.base_url).rstrip('/')}/ws".replace("http", "ws", 1)
    try:
        with connect(url, additional_headers=party.credentials[caller]) as socket:
            socket.send(json.dumps({"type": "subscribe", "cartId": cart_id}))
            answer = json.loads(socket.recv(timeout=10))
            return answer.get("code", answer["type"])
    except InvalidStatus as refused:
        assert refused.response.headers["WWW-Authenticate"].startswith("Bearer ")
        return json.loads(refused.response.body)["code"]


@pytest.mark.parametrize("owner", ["alice", "guest"])
def test_everybody_subscribes(party: Party, owner: str) -> None:
    wanted = {"good": "subscribed", "401": "unauthenticated", "404": "cart_not_found"}
    for caller in CALLERS:
        cart_id = party.opened_by_alice() if owner == "alice" else party.guest_cart
        code = subscribe(party, caller, cart_id)
        assert code == wanted[expected(CALLS["get", "/ws"], caller, owner)], caller
    party.credentials["expired"] = bearer("a.b.c")
    assert subscribe(party, "expired", party.guest_cart) == "invalid_token"


HTTP_CALLS = {name: call for name, call in CALLS.items() if call.kind != "socket"}


@pytest.mark.parametrize("owner", ["alice", "guest"])
@pytest.mark.parametrize(("method", "path"), HTTP_CALLS)
def test_everybody_asks(party: Party, method: str, path: str, owner: str) -> None:
    call = CALLS[method, path]
    absent = None
    if "{cartId}" in path and call.kind != "write":
        absent = words(party.make("bob", method, path, call, new_cart()))
    # The owner is the last to ask: some calls end the cart's life.
    for caller in sorted(CALLERS, key=lambda name: name == owner):
        cart_id = party.opened_by_alice() if owner == "alice" else party.guest_cart
        answer = party.make(caller, method, path, call, cart_id)
        wanted = expected(call, caller, owner)
        if wanted == "good":
            assert answer.status_code in call.good, f"{caller}: {answer.status_code}"
        elif wanted == "401":
            assert_problem(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"].startswith("Bearer ")
        else:
            assert_problem(answer, 404, "cart_not_found")
            assert absent is None or words(answer) == absent, caller


def words(answer: httpx.Response) -> dict[str, Any]:
    """What an answer says, but for what names this one request."""
    document = answer.json()
    return {name: document[name] for name in document if name not in ("instance", "traceId")}


@pytest.mark.parametrize(("method", "path"), HTTP_CALLS)
def test_a_bad_credential(party: Party, method: str, path: str) -> None:
    call = CALLS[method, path]
    party.credentials["expired"] = bearer("a.b.c")
    answer = party.make("expired", method, path, call, party.guest_cart)
    if call.kind == "public":
        assert answer.status_code in call.good
    else:
        assert_problem(answer, 401, "invalid_token")


def test_another_learns_nothing_from_a_key(party: Party) -> None:
    """bob with alice's Idempotency-Key, cart and body gets neither her answer nor a hint of it."""
    cart_id, key = new_cart(), {"Idempotency-Key": secrets.token_hex(8)}
    path = f"/api/cart/{cart_id}/items"
    first = party.ask("alice", "post", path, json=item(), headers=key)
    again = party.ask("alice", "post", path, json=item(), headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotent-replayed"] == "true"
    for caller in ("bob", "support", "guest"):
        for body in (item(), item("prod-9")):
            answer = party.ask(caller, "post", path, json=body, headers=key)
            assert_problem(answer, 404, "cart_not_found")
            assert "idempotent-replayed" not in answer.headers
    assert party.ask("alice", "post", path, json=item("prod-9"), headers=key).status_code == 422


def test_view_conditions_tell_nothing(party: Party) -> None:
    cart_id = party.opened_by_alice()
    for more in ({"params": {"minVersion": 99}}, {"headers": {"If-None-Match": '"1"'}}):
        answer = party.ask("bob", "get", f"/api/cart/view/{cart_id}", **more)
        assert_problem(answer, 404, "cart_not_found")
    answer = party.ask(
        "bob", "post", f"/api/cart/{cart_id}/items", json=item(), headers={"If-Match": '"1"'}
    )
    assert_problem(answer, 404, "cart_not_found")


def test_views_from_redis_and_from_the_store_have_one_owner(party: Party, stack: Stack) -> None:
    """Both ways of reading ask whose it is: with a view in Redis, and folded."""
    cart_id = party.opened_by_alice()
    path = f"/api/cart/view/{cart_id}"
    before = reads(party)
    for _ in range(2):
        assert party.ask("alice", "get", path).status_code == 200
        assert_problem(party.ask("bob", "get", path), 404, "cart_not_found")
    redis = redis_client(stack)
    redis.delete(f"cart:{cart_id}")
    assert_problem(party.ask("bob", "get", path), 404, "cart_not_found")
    assert party.ask("alice", "get", path).status_code == 200
    redis.hdel(f"cart:{cart_id}", "owner")  # as an older release would have written it
    assert_problem(party.ask("bob", "get", path), 404, "cart_not_found")
    assert party.ask("alice", "get", path).status_code == 200
    after = reads(party)
    assert after["postgresql"] > before["postgresql"]
    assert after["redis"] > before["redis"]


def reads(party: Party) -> dict[str, int]:
    lines = party.http.get("/metrics").text.splitlines()
    name = "cartwright_cart_view_reads_total"
    return {
        source: sum(
            int(line.split()[-1]) for line in lines if f'{name}{{source="{source}"}}' in line
        )
        for source in ("redis", "postgresql")
    }


@pytest.mark.parametrize("body", [item(), {"items": [item(), item("prod-2")]}])
def test_the_user_in_the_body(party: Party, body: dict[str, Any]) -> None:
    """It is the token's subject or is not told; of a guest it is not looked at."""
    path = f"/api/cart/{new_cart()}/items"
    other = party.ask("alice", "post", path, json={**body, "userId": "bob"})
    problem = assert_problem(other, 422, "user_mismatch")
    assert problem["errors"][0]["pointer"] == "/userId"
    assert party.ask("alice", "post", path, json={**body, "userId": "alice"}).status_code == 201
    assert party.ask("alice", "post", path, json=body).status_code == 200
    guests = f"/api/cart/{party.guest_cart}/items"
    assert party.ask("guest", "post", guests, json={**body, "userId": "bob"}).status_code == 200
    view = party.ask("guest", "get", f"/api/cart/view/{party.guest_cart}?minVersion=3")
    assert view.json()["userId"] == ""
    assert_problem(
        party.ask("bob", "get", f"/api/cart/view/{party.guest_cart}"), 404, "cart_not_found"
    )
