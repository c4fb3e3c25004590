"""The curl of the README as pasted, and the four calls that existing clients make."""

import json
import re
import subprocess

import pytest
from lib.api import Api, item
from lib.paths import REPOSITORY
from lib.stack import Stack
from lib.wait import wait_until

DEFAULT_PORT = ":5105/"
TIMED_OUT = 28  # curl's exit code
CURL_OF_THE_CONTRACT = (
    "curl -X POST http://localhost:5105/api/cart/123e4567-e89b-12d3-a456-426614174000/items "
    "-H 'Content-Type: application/json' "
    """-d '{"userId":"user-123","productId":"prod-456","productName":"Gaming Laptop","""
    """"price":25000000,"quantity":1}'"""
)


def curls_in(text: str) -> list[str]:
    """Commands in fenced blocks, with their continuation lines."""
    blocks = re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)
    commands = re.sub(r"\\\n\s*", " ", "\n".join(blocks)).splitlines()
    return [command.strip().removeprefix("$ ") for command in commands if "curl " in command]


def run_as_pasted(stack: Stack, command: str) -> subprocess.CompletedProcess:
    """Through a shell, as a person would; only the port is this stack's."""
    port = stack.env["CART_API_URL"].rsplit(":", 1)[1]
    command = command.replace(DEFAULT_PORT, f":{port}/").replace("curl ", "curl --noproxy '*' ", 1)
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=20, check=False
    )


def test_curl_of_the_contract(stack: Stack) -> None:
    shown = run_as_pasted(stack, CURL_OF_THE_CONTRACT)
    assert shown.returncode == 0, shown.stderr
    body = json.loads(shown.stdout)
    assert body["cartId"] == "123e4567-e89b-12d3-a456-426614174000"
    assert body["items"][0]["productId"] == "prod-456"


def test_curls_of_the_readme(stack: Stack) -> None:
    readme = REPOSITORY / "README.md"
    if not readme.exists():
        pytest.fail("there is no README.md")
    commands = [curl for curl in curls_in(readme.read_text()) if DEFAULT_PORT in curl]
    assert commands, "no curl in the README"
    for command in commands:
        if " -N " in command:  # a stream has no end: what comes in a second
            shown = run_as_pasted(stack, command.replace(" -N ", " -N --max-time 1 "))
            assert shown.returncode == TIMED_OUT, f"{command}: {shown.stderr}"
            assert "data:" in shown.stdout, f"{command}: {shown.stdout}"
            continue
        shown = run_as_pasted(stack, command)
        assert shown.returncode == 0, f"{command}: {shown.stderr}"
        assert '"code"' not in shown.stdout, f"{command}: {shown.stdout}"


def test_the_journey_of_the_readme(stack: Stack) -> None:
    text = (REPOSITORY / "README.md").read_text()
    block = re.search(r"```\n(\. \.local/env\n.*?)```", text, re.DOTALL)
    assert block, "no journey in the README"
    script = block[1].replace(". .local/env", f". {stack.home}/env", 1)
    script = script.replace("sleep 1\n", "sleep 5\n")  # the machine may be busy
    shown = subprocess.run(
        ["bash", "-euc", script.replace("curl ", "curl --noproxy '*' --silent ")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert '"code"' not in shown.stdout, shown.stdout
    for words in ('"status":"cleared"', '"status":"captured"', '"total":2580', "Payment received"):
        assert words in shown.stdout, f"{words} is not in {shown.stdout}"


def test_the_four_calls(api: Api, cart: str) -> None:
    added = api.http.post(
        f"/api/cart/{cart}/items",
        json={"userId": "user-123", **item("prod-456", 1, 25_000_000, "Gaming Laptop")},
    )
    assert added.status_code == 201
    view = wait_until(lambda: api.http.get(f"/api/cart/view/{cart}"), 5, "a view").json()
    assert (view["cartId"], view["total"]) == (cart, 25_000_000)
    events = api.http.get(f"/api/cart/{cart}/events").json()
    assert [event["type"] for event in events["items"]] == ["ItemAdded"]
    removed = api.http.delete(f"/api/cart/{cart}/items/prod-456")
    assert (removed.status_code, removed.json()["version"]) == (200, 2)
