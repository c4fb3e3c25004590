"""An add is commutative: parallel adds on one cart all succeed, and none is lost."""

from concurrent.futures import ThreadPoolExecutor

from lib.api import Api


def test_twenty_adds_of_one_product(api: Api, cart: str) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: api.add(cart, "p", 1, 100), range(20)))
    assert all(answer.is_success for answer in answers), [a.status_code for a in answers]
    assert sorted(answer.json()["version"] for answer in answers) == list(range(1, 21))
    assert sorted(a.status_code for a in answers) == [200] * 19 + [201]
    view = api.view(cart, min_version=20).json()
    assert [(line["productId"], line["quantity"]) for line in view["items"]] == [("p", 20)]
    assert view["total"] == 2000


def test_twenty_adds_of_different_products(api: Api, cart: str) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda number: api.add(cart, f"p{number}"), range(20)))
    assert all(answer.is_success for answer in answers), [a.status_code for a in answers]
    view = api.view(cart, min_version=20).json()
    assert len(view["items"]) == 20
    in_order = [event["data"]["productId"] for event in api.all_events(cart)]
    assert [line["productId"] for line in view["items"]] == in_order


def test_adds_and_removes_at_once(api: Api, cart: str) -> None:
    """Every answer is 2xx or says that the product was not there; the sums agree."""
    api.add(cart, "keep")

    def change(number: int) -> int:
        answer = api.add(cart, "p") if number % 2 else api.remove(cart, "p", quantity=1)
        assert answer.status_code in (200, 404), answer.text
        return (1 if number % 2 else -1) if answer.is_success else 0

    with ThreadPoolExecutor(16) as pool:
        left = sum(pool.map(change, range(80)))
    version = len(api.all_events(cart))
    view = api.view(cart, min_version=version).json()
    quantities = {line["productId"]: line["quantity"] for line in view["items"]}
    assert quantities.get("p", 0) == left
