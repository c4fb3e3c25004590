"""GET of views that are in Redis."""

import concurrent.futures
import http.client
import json

from bench import CARTS, CONNECTIONS, PRODUCTS, WRK_THREADS, Bench, Round, run_wrk, wrk_figures

SEED_THREADS = 8
SEEDED = "views"  # the carts that GET reads


def item(product: int) -> dict[str, object]:
    return {
        "userId": "bench",
        "productId": f"product-{product}",
        "productName": f"Product {product}",
        "price": 1999,
        "quantity": 1,
    }


def seed_carts(bench: Bench) -> None:
    """CARTS carts of PRODUCTS lines, one command each."""
    body = json.dumps({"items": [item(product) for product in range(PRODUCTS)]})
    prefix = bench.prefix(SEEDED)

    def post(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", bench.stack.api_port, timeout=30)
        for cart in range(first, CARTS, SEED_THREADS):
            path = f"/api/cart/{prefix}0-{cart}/items"
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 201:
                raise RuntimeError(f"a cart cannot be made: {answer.status} {text.decode()}")
        connection.close()

    with concurrent.futures.ThreadPoolExecutor(SEED_THREADS) as pool:
        list(pool.map(post, range(SEED_THREADS)))
    versions = bench.stack.stored_versions(prefix)
    if len(versions) != CARTS or not bench.stack.wait_for_views(versions):
        raise RuntimeError("the carts for GET have no views")


def read_views(bench: Bench, seconds: int = 0) -> dict[str, float]:
    arguments = [bench.prefix(SEEDED), str(CARTS), str(WRK_THREADS)]
    return run_wrk(bench, bench.stack.api_url, "get_view.lua", CONNECTIONS, arguments, seconds)


def measure_view(bench: Bench) -> Round:
    return wrk_figures("view_64", read_views(bench))
