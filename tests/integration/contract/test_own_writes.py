"""minVersion: a reader who knows a version sees it or a later one, also under load."""

import threading

from lib.api import Api, new_cart
from lib.problems import assert_problem
from lib.stack import Stack


def test_a_writer_sees_its_own_write_at_once(api: Api, cart: str) -> None:
    for number in range(1, 101):
        version = api.add(cart, f"p{number % 5}").json()["version"]
        answer = api.view(cart, min_version=version)
        assert (answer.status_code, answer.json()["totalQuantity"]) == (200, number)


def test_a_version_that_does_not_exist_is_503(api: Api, cart: str) -> None:
    api.add(cart)
    assert_problem(api.view(cart, min_version=2), 503, "view_behind")
    assert_problem(api.view(new_cart(), min_version=1), (404, 503))
    assert api.view(cart, min_version=1).status_code == 200
    assert api.view(cart, min_version=0).status_code == 200


def test_own_writes_under_load(stack: Stack) -> None:
    """Eight writers, each on carts of its own, each reading back what it has just written."""
    wrong: list[str] = []

    def write_and_read(writer: int) -> None:
        client = Api(stack.env["CART_API_URL"])
        carts = [new_cart() for _ in range(3)]
        for number in range(60):
            cart_id = carts[number % 3]
            version = client.add(cart_id, f"p{number % 4}").json()["version"]
            answer = client.view(cart_id, min_version=version)
            if answer.status_code != 200 or answer.json()["version"] != version:
                wrong.append(f"{writer}: {version}: {answer.status_code} {answer.text[:200]}")
        client.close()

    threads = [threading.Thread(target=write_and_read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, f"{len(wrong)} times, first: {wrong[:3]}"
