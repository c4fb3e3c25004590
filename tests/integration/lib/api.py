"""The cart's HTTP calls, as thin as they can be: each returns the raw answer."""

import secrets
import uuid
from typing import Any

import httpx

NOTHING_DONE = frozenset({"store_unavailable", "overloaded", "not_ready"})


def new_cart() -> str:
    return f"test-{uuid.uuid4().hex[:20]}"


def new_key() -> str:
    return uuid.uuid4().hex


def traceparent(trace_id: str) -> str:
    return f"00-{trace_id}-{secrets.token_hex(8)}-01"


def item(
    product_id: str = "prod-1", quantity: int = 1, price: int = 100, name: str = "A product"
) -> dict[str, Any]:
    return {"productId": product_id, "productName": name, "price": price, "quantity": quantity}


def code_of(answer: httpx.Response) -> str:
    """The problem's code, empty when the answer is no problem."""
    if answer.headers.get("content-type") != "application/problem+json":
        return ""
    return answer.json().get("code", "")


class Api:
    def __init__(self, url: str, timeout_s: float = 15):
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=timeout_s, trust_env=False, verify=False)

    def close(self) -> None:
        self.http.close()

    def add(
        self,
        cart_id: str,
        product_id: str = "prod-1",
        quantity: int = 1,
        price: int = 100,
        *,
        user_id: str = "user-1",
        name: str = "A product",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        body = {"userId": user_id, **item(product_id, quantity, price, name), **more}
        return self.http.post(f"/api/cart/{cart_id}/items", json=body, headers=headers)

    def add_many(
        self,
        cart_id: str,
        items: list[dict[str, Any]],
        *,
        user_id: str = "user-1",
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        body = {"userId": user_id, "items": items}
        return self.http.post(f"/api/cart/{cart_id}/items", json=body, headers=headers)

    def post_raw(self, cart_id: str, body: bytes, **headers: str) -> httpx.Response:
        names = {"content-type": "application/json", **headers}
        return self.http.post(f"/api/cart/{cart_id}/items", content=body, headers=names)

    def set(
        self, cart_id: str, product_id: str, quantity: Any, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        path = f"/api/cart/{cart_id}/items/{product_id}"
        return self.http.put(path, json={"quantity": quantity}, headers=headers)

    def remove(
        self,
        cart_id: str,
        product_id: str,
        quantity: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        params = {} if quantity is None else {"quantity": quantity}
        path = f"/api/cart/{cart_id}/items/{product_id}"
        return self.http.delete(path, params=params, headers=headers)

    def clear(self, cart_id: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.http.delete(f"/api/cart/{cart_id}/items", headers=headers)

    def merge(
        self,
        cart_id: str,
        source: str,
        strategy: str | None = None,
        *,
        user_id: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        body = {"from": source, "strategy": strategy, "userId": user_id}
        given = {name: value for name, value in body.items() if value is not None}
        return self.http.post(f"/api/cart/{cart_id}/merge", json=given, headers=headers)

    def check_out(
        self,
        cart_id: str,
        body: dict[str, Any] | None = None,
        *,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """With a new Idempotency-Key unless one is given."""
        names = {"Idempotency-Key": key or new_key(), **(headers or {})}
        path = f"/api/cart/{cart_id}/checkout"
        if body is None:
            return self.http.post(path, headers=names)
        return self.http.post(path, json=body, headers=names)

    def view(
        self, cart_id: str, headers: dict[str, str] | None = None, **params: Any
    ) -> httpx.Response:
        names = {"minVersion" if key == "min_version" else key: params[key] for key in params}
        return self.http.get(f"/api/cart/view/{cart_id}", params=names, headers=headers)

    def events(self, cart_id: str, **params: Any) -> httpx.Response:
        return self.http.get(f"/api/cart/{cart_id}/events", params=params)

    def state(self, cart_id: str, **params: Any) -> httpx.Response:
        return self.http.get(f"/api/cart/{cart_id}/state", params=params)

    def all_events(self, cart_id: str, limit: int = 1000) -> list[dict[str, Any]]:
        """Every page, by following next."""
        items: list[dict[str, Any]] = []
        path: str | None = f"/api/cart/{cart_id}/events?limit={limit}"
        while path:
            answer = self.http.get(path)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            items += page["items"]
            path = page["next"]
        return items
