"""The demo page in a real browser: a person changes a cart in one window and sees it in the other."""

from pathlib import Path

import pytest
from lib.api import Api
from lib.browser import Page, running_browser
from lib.paths import BUILD
from lib.wait import wait_until

SCREENSHOTS = BUILD / "test-logs" / "demo"
QUANTITY = "tr[data-product=laptop] .count"


def cart_of(page: Page) -> str:
    return wait_until(lambda: page.text("#cart-id"), 10, "the page has a cart")


def test_the_page_and_its_policy(api: Api) -> None:
    answer = api.http.get("/demo")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for name in ("demo.js", "demo.css"):
        assert f"/demo/{name}" in answer.text
        assert api.http.get(f"/demo/{name}").headers["content-security-policy"] == policy
    assert api.http.get("/demo/other.js").status_code == 404


@pytest.mark.slow
def test_a_cart_changes_live_in_two_windows(api: Api, tmp_path: Path) -> None:
    with running_browser(tmp_path / "profile") as browser:
        first = browser.open(f"{api.url}/demo")
        cart_id = cart_of(first)
        # The second window has the same address, and looks before there is anything in the cart.
        second = browser.open(first.evaluate("location.href"))
        assert cart_of(second) == cart_id
        first.click("#add-laptop")
        for page in (first, second):
            page.wait_text(QUANTITY, "1")
        first.click("#add-laptop")
        second.wait_text(QUANTITY, "2")
        assert second.text("#version") == first.text("#version")

        # Back, over the other transport.
        second.click("input[value=events]")
        second.wait_text("#connection", "live")
        second.click("#add-mug")
        first.wait_text("tr[data-product=mug] .count", "1")
        second.wait_text("#log", "server-sent event")
        second.click("tr[data-product=laptop] .step[title='one less']")
        first.wait_text(QUANTITY, "1")
        first.wait_text("#total", "$1,311.90")
        second.wait_text("#total", "$1,311.90")
        view = api.view(cart_id).json()
        assert {line["productId"]: line["quantity"] for line in view["items"]} == {
            "laptop": 1,
            "mug": 1,
        }
        for number, page in enumerate((first, second), 1):
            page.screenshot(SCREENSHOTS / f"window-{number}.png")
            unexpected = [text for text in page.complaints if "404" not in text]
            assert not unexpected, unexpected
