"""The calls of the cart, one by one: what they answer and what they refuse."""

import subprocess
from pathlib import Path

import pytest
from lib.api import Api, item, new_cart
from lib.problems import assert_problem
from lib.stack import Stack
from lib.system import wait_caught_up
from lib.wait import wait_until

VIEW_FIELDS = {
    *("cartId", "userId", "version", "status", "currency", "items", "totalQuantity", "total"),
    "updatedAt",
}


def test_first_add_makes_the_cart(api: Api, cart: str) -> None:
    answer = api.add(cart, "prod-456", 1, 25_000_000, name="Gaming Laptop")
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["cartId"] == cart
    assert body["version"] == 1
    assert body["position"] >= 1
    assert body["items"] == [
        {"productId": "prod-456", "quantity": 1, "price": 25_000_000, "lineTotal": 25_000_000}
    ]
    assert (body["totalQuantity"], body["total"]) == (1, 25_000_000)
    assert body["currency"] == "USD"
    assert body["warnings"] == []
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["content-type"].split(";")[0] == "application/json"


def test_second_add_of_a_product_adds_to_its_line(api: Api, cart: str) -> None:
    api.add(cart, "p", 2, 100, name="Old name")
    answer = api.add(cart, "p", 3, 90, name="New name")
    assert answer.status_code == 200
    assert answer.json()["items"] == [
        {"productId": "p", "quantity": 5, "price": 90, "lineTotal": 450}
    ]
    view = api.view(cart, min_version=2).json()
    assert view["items"][0]["productName"] == "New name"
    assert view["total"] == 450


def test_a_changed_price_is_a_warning(api: Api, cart: str) -> None:
    api.add(cart, "p", 1, 100)
    warnings = api.add(cart, "p", 1, 120).json()["warnings"]
    assert all(set(warning) >= {"code", "message", "target"} for warning in warnings)


def test_many_items_at_once(api: Api, cart: str) -> None:
    answer = api.add_many(cart, [item("a", 1, 10), item("b", 2, 20), item("a", 3, 10)])
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["totalQuantity"], body["total"]) == (6, 80)
    assert {line["productId"]: line["quantity"] for line in body["items"]} == {"a": 4, "b": 2}
    assert answer.headers["etag"] == f'"{body["version"]}"'
    view = api.view(cart, min_version=body["version"]).json()
    assert [line["productId"] for line in view["items"]] == ["a", "b"]


def test_many_items_are_all_or_nothing(api: Api, cart: str) -> None:
    api.add(cart, "a", 1)
    answer = api.add_many(cart, [item("b", 1), item("c", 1000)])
    document = assert_problem(answer, 422, "quantity_limit")
    assert document["errors"][0]["pointer"].startswith("/items/1")
    assert api.view(cart, min_version=1).json()["version"] == 1
    assert len(api.all_events(cart)) == 1


def test_set_quantity(api: Api, cart: str) -> None:
    api.add(cart, "p", 2, 100)
    answer = api.set(cart, "p", 7)
    assert answer.status_code == 200
    assert answer.json()["totalQuantity"] == 7
    assert answer.json()["version"] == 2
    assert answer.headers["etag"] == '"2"'
    assert api.set(cart, "p", 0).json()["totalQuantity"] == 0
    assert_problem(api.set(cart, "p", 1), 404, "item_not_in_cart")
    assert [event["type"] for event in api.all_events(cart)] == [
        *("ItemAdded", "ItemQuantityChanged", "ItemRemoved")
    ]


def test_setting_what_is_set_is_no_event(api: Api, cart: str) -> None:
    api.add(cart, "p", 2)
    answer = api.set(cart, "p", 2)
    assert answer.status_code == 200
    assert len(api.all_events(cart)) == answer.json()["version"]


def test_remove(api: Api, cart: str) -> None:
    api.add_many(cart, [item("a", 5, 10), item("b", 1, 7)])
    answer = api.remove(cart, "a", quantity=2)
    assert (answer.status_code, answer.json()["totalQuantity"]) == (200, 4)
    answer = api.remove(cart, "a")
    assert (answer.status_code, answer.json()["total"]) == (200, 7)
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    before = len(api.all_events(cart))
    assert_problem(api.remove(cart, "a"), 404, "item_not_in_cart")
    assert len(api.all_events(cart)) == before


@pytest.mark.parametrize("quantity", ["0", "-1", "x", "1.5", "", "01", "99999999999999999999"])
def test_remove_refuses_odd_quantities(api: Api, cart: str, quantity: str) -> None:
    api.add(cart, "p", 5)
    answer = api.http.delete(f"/api/cart/{cart}/items/p?quantity={quantity}")
    assert_problem(answer, (400, 422))
    assert api.view(cart, min_version=1).json()["version"] == 1


def test_clear(api: Api, cart: str) -> None:
    api.add_many(cart, [item("a"), item("b")])
    answer = api.clear(cart)
    assert (answer.status_code, answer.json()["totalQuantity"]) == (200, 0)
    version = answer.json()["version"]
    view = api.view(cart, min_version=version).json()
    assert (view["items"], view["total"], view["version"]) == ([], 0, version)
    again = api.clear(cart)
    assert again.status_code == 200
    assert len(api.all_events(cart)) == again.json()["version"] == version


def test_view(api: Api, cart: str) -> None:
    api.add(cart, "p", 2, 150, user_id="user-9", name="Pen", currency="EUR")
    answer = api.view(cart, min_version=1)
    assert answer.status_code == 200
    view = answer.json()
    assert set(view) >= VIEW_FIELDS
    assert view["userId"] == "user-9"
    assert (view["status"], view["currency"], view["version"]) == ("open", "EUR", 1)
    assert view["items"] == [
        {"productId": "p", "productName": "Pen", "price": 150, "quantity": 2, "lineTotal": 300}
    ]
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["cache-control"] == "private, no-store"


def test_other_currency_is_refused(api: Api, cart: str) -> None:
    api.add(cart, "p", currency="EUR")
    assert_problem(api.add(cart, "q", currency="USD"), 422, "currency_mismatch")
    assert api.add(cart, "q").json()["currency"] == "EUR"


def test_unknown_currency_is_refused(api: Api, cart: str) -> None:
    for currency in ("usd", "US", "XXXX", ""):
        assert_problem(api.add(cart, "p", currency=currency), (400, 422))


def test_limits_of_quantity(api: Api, cart: str) -> None:
    assert api.add(cart, "p", 999).status_code == 201
    for quantity in (0, -1, 1000):
        assert_problem(api.add(cart, "q", quantity), (400, 422), "quantity_limit")
    assert_problem(api.add(cart, "p", 1), 422, "quantity_limit")
    assert_problem(api.set(cart, "p", 1000), 422, "quantity_limit")
    assert_problem(api.set(cart, "p", -1), (400, 422))


def test_limit_of_lines(api: Api, cart: str) -> None:
    for hundred in range(2):
        items = [item(f"p{hundred}-{number}") for number in range(100)]
        assert api.add_many(cart, items).is_success
    assert_problem(api.add(cart, "one-more"), 422, "line_limit")
    assert api.add(cart, "p0-0").status_code == 200
    assert len(api.view(cart, min_version=201).json()["items"]) == 200


def test_amounts_never_overflow(api: Api, cart: str) -> None:
    largest = 2**53 - 1
    assert api.add(cart, "a", 1, largest).status_code == 201
    assert_problem(api.add(cart, "b", 1, 1), 422)
    assert_problem(api.set(cart, "a", 2), 422)
    assert_problem(api.add(new_cart(), "a", 999, largest), 422)
    assert_problem(api.add(new_cart(), "a", 1, -1), (400, 422))
    assert api.view(cart, min_version=1).json()["total"] == largest


def test_a_free_product(api: Api, cart: str) -> None:
    assert api.add(cart, "gift", 1, 0).json()["total"] == 0


def test_unknown_carts_are_404(api: Api, cart: str) -> None:
    for answer in (
        api.view(cart), api.events(cart), api.state(cart, version=1), api.remove(cart, "p"),
        api.clear(cart), api.set(cart, "p", 1),
    ):  # fmt: skip
        document = assert_problem(answer, 404)
        assert document["instance"].startswith("/api/cart/")


def test_someone_elses_cart_is_404(api: Api, cart: str) -> None:
    api.add(cart, user_id="user-1")
    assert_problem(api.add(cart, user_id="user-2"), 404)
    assert len(api.all_events(cart)) == 1


@pytest.mark.parametrize(
    "cart_id", ["a" * 64, "A-z_0", "00000000-0000-4000-8000-000000000000", "0", "-", "_"]
)
def test_cart_ids_that_are_fine(api: Api, cart_id: str) -> None:
    """Schemathesis, on the same servers, may have had such a short one before, for another user."""
    answer = api.add(cart_id)
    assert answer.status_code in (200, 201) or api.view(cart_id).json()["cartId"] == cart_id


@pytest.mark.parametrize(
    "path", ["a" * 65, "a.b", "a%20b", "%C3%BC", "a:b", "a+b", "%00", "a%2Fb", "*", "%61%2e"]
)
def test_cart_ids_that_are_not(api: Api, path: str) -> None:
    answer = api.http.post(f"/api/cart/{path}/items", json={"userId": "user-1", **item()})
    assert_problem(answer, (400, 404, 422))
    assert_problem(api.http.get(f"/api/cart/view/{path}"), (400, 404, 422))


def test_text_comes_back_as_it_was(api: Api, cart: str) -> None:
    name = 'Ünïcødé 🛒 "quoted" \\ / <b>&amp; \u2028 \uffff'
    assert api.add(cart, name=name, user_id="Zoë").status_code == 201
    view = api.view(cart, min_version=1).json()
    assert (view["items"][0]["productName"], view["userId"]) == (name, "Zoë")
    assert api.all_events(cart)[0]["data"]["productName"] == name


def test_texts_have_limits(api: Api, cart: str) -> None:
    for change in (
        {"product_id": "p" * 65}, {"product_id": ""}, {"name": "n" * 513}, {"name": ""},
        {"user_id": "u" * 129}, {"user_id": ""}, {"name": "line\nbreak"}, {"product_id": "a b"},
    ):  # fmt: skip
        document = assert_problem(api.add(cart, **change), (400, 422))
        assert document["errors"][0]["pointer"] in ("/productId", "/productName", "/userId")
    assert api.view(cart).status_code == 404
    assert api.add(cart, "p" * 64, name="n" * 512, user_id="u" * 128).status_code == 201


def test_methods_that_a_path_does_not_have(api: Api, cart: str) -> None:
    for method, path, allowed in (
        ("PATCH", f"/api/cart/{cart}/items", {"POST", "DELETE"}),
        ("GET", f"/api/cart/{cart}/items/p", {"PUT", "DELETE"}),
        ("POST", f"/api/cart/view/{cart}", {"GET"}),
        ("DELETE", f"/api/cart/{cart}/events", {"GET"}),
        ("POST", "/openapi.json", {"GET"}),
        ("PUT", "/healthz", {"GET"}),
    ):
        answer = api.http.request(method, path)
        assert_problem(answer, 405, "method_not_allowed")
        listed = {word.strip() for word in answer.headers["allow"].split(",")}
        assert allowed <= listed, (method, path, listed)
        assert method not in listed


def test_unknown_paths(api: Api) -> None:
    for path in (
        *("/", "/api", "/api/cart", "/api/cart/view", "/api/cart/view/", "/api/cart/x", "/nope"),
        *("/api/cart/x/items/y/z", "/api/cart//items", "/api//cart/x/events", "/api/cart/x/items/"),
        *("/api/cart/view/x/", "/API/cart/view/x", "/healthz/", "/api/cart/view/../view/x/y"),
    ):
        assert_problem(api.http.get(path), (400, 404, 405))


def test_head_is_get_without_the_body(api: Api, cart: str) -> None:
    api.add(cart)
    wait_until(lambda: api.view(cart).status_code == 200, 5, "the view")
    answer = api.http.head(f"/api/cart/view/{cart}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == '"1"'


def test_options_tells_the_methods(api: Api, cart: str) -> None:
    answer = api.http.options(f"/api/cart/{cart}/items")
    assert answer.status_code in (200, 204)
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize("daemon", ["CART_API_URL", "DENORMALIZER_URL"])
def test_operators_routes(stack: Stack, daemon: str) -> None:
    client = Api(stack.env[daemon])
    assert client.http.get("/healthz").status_code == 200
    assert client.http.get("/readyz").status_code == 200
    metrics = client.http.get("/metrics")
    assert metrics.status_code == 200
    assert metrics.headers["content-type"].startswith("text/plain")
    samples = [line for line in metrics.text.splitlines() if not line.startswith("#")]
    assert samples
    assert all(len(line.rsplit(" ", 1)) == 2 for line in samples)
    assert "# TYPE cartwright_" in metrics.text
    client.close()


def test_lag_is_a_metric(stack: Stack) -> None:
    wait_caught_up(stack)
    for daemon, name in (
        ("CART_API_URL", "cartwright_relay_lag"),
        ("DENORMALIZER_URL", "cartwright_consumer_lag"),
    ):
        client = Api(stack.env[daemon])

        def lag(client: Api = client, name: str = name) -> list[float]:
            lines = client.http.get("/metrics").text.splitlines()
            return [float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name)]

        assert lag()
        wait_until(lambda lag=lag: sum(lag()) == 0, 10, f"{name} is 0 when all is done")
        client.close()


@pytest.mark.parametrize("name", ["cart-api", "denormalizer"])
def test_programs_explain_themselves(stack: Stack, name: str, tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [stack.program(name), *arguments],
            env=stack.environment_of(name),
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )

    shown = run("--help")
    assert shown.returncode == 0
    assert "http_port" in shown.stdout
    assert run("--version").stdout.split()[-1][0].isdigit()
    good = tmp_path / "good.conf"
    good.write_text("# nothing but a comment\nhttp_port = 5999\n")
    assert run("--check-config", "--config", str(good)).returncode == 0
    assert run("--no-such-option").returncode not in (0, 139)
