"""The served OpenAPI document holds against the running server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from lib.api import Api
from lib.paths import BUILD
from lib.stack import Stack

PATHS = {
    "/api/cart": {"post"},
    "/api/cart/{cartId}/items": {"post", "delete"},
    "/api/cart/{cartId}/items/{productId}": {"put", "delete"},
    "/api/cart/{cartId}/merge": {"post"},
    "/api/cart/{cartId}/checkout": {"post"},
    "/api/cart/view/{cartId}": {"get"},
    "/api/cart/{cartId}/events": {"get"},
    "/api/cart/{cartId}/state": {"get"},
    "/api/cart/{cartId}/stream": {"get"},
    "/ws": {"get"},
}

CONFIG = """\
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "503"]
# A precondition may refuse a request before its body is judged.
negative_data_rejection.expected-statuses = ["4xx", "5xx"]
"""


def test_the_document_lists_the_calls(api: Api) -> None:
    answer = api.http.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] in (
        *("application/json", "application/openapi+json", "application/vnd.oai.openapi+json"),
    )
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    for path, methods in PATHS.items():
        assert methods <= set(document["paths"][path]), path
        for method in methods:
            assert document["paths"][path][method]["responses"], (path, method)


@pytest.mark.slow
def test_schemathesis_finds_nothing(stack: Stack, tmp_path: Path) -> None:
    """Generated requests: no 5xx, no answer that the document does not have.

    503 is an answer that the document has: view_behind to a minVersion that does not exist. One worker:
    with more, Python 3.11's ast module stumbles over its own threads (CPython issue 106905).
    """
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    schema = f"{stack.env['CART_API_URL']}/openapi.json"
    log = BUILD / "test-logs" / "schemathesis.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        ended = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                f"--config-file={config}",
                *("run", schema, "--no-color", "--seed=20261121", "--workers=1"),
                # Its answer has no end, which a client that waits for one takes for a fault.
                "--exclude-path=/api/cart/{cartId}/stream",
                *("--phases=examples,coverage,fuzzing,stateful", "--max-examples=80"),
                *("--checks=all", "--exclude-checks=positive_data_acceptance"),
                *("--request-timeout=10", "--suppress-health-check=all"),
                *("--generation-database=none", "--continue-on-failure"),
            ],
            cwd=tmp_path,
            env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=200,
            check=False,
        )
    assert ended.returncode == 0, log.read_text()[-8000:]
