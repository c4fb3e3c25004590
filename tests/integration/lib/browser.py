"""Headless Chromium by its DevTools protocol: a page is opened, asked and clicked."""

import itertools
import json
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lib.wait import wait_until
from websockets.sync.client import ClientConnection, connect

CHROMIUM = "/usr/bin/chromium"
# Tests run as root in a container, where the sandbox cannot be made; the pages are our own.
OPTIONS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-background-networking", "--disable-extensions"),
    *("--no-proxy-server", "--window-size=1150,800", "--remote-debugging-port=0"),
]


class Page:
    """A window; what it complains about is kept in complaints."""

    def __init__(self, browser: "Browser", session: str):
        self.browser, self.session = browser, session
        self.complaints: list[str] = []
        browser.pages[session] = self
        for domain in ("Runtime", "Log", "Page"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.call(method, self.session, **parameters)

    def evaluate(self, expression: str) -> Any:
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def text(self, selector: str) -> str:
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''")

    def click(self, selector: str) -> None:
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def wait_text(self, selector: str, expected: str, deadline_s: float = 10) -> None:
        wait_until(
            lambda: expected in self.text(selector), deadline_s, f"{selector} says {expected}"
        )

    def screenshot(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b64decode(self.call("Page.captureScreenshot")["data"]))


class Browser:
    def __init__(self, connection: ClientConnection):
        self.connection = connection
        self.numbers = itertools.count(1)
        self.pages: dict[str, Page] = {}

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        number = next(self.numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self.connection.send(json.dumps(message))
        while True:
            answer = json.loads(self.connection.recv(20))
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        page = self.pages.get(event.get("sessionId", ""))
        if page is None:
            return
        if event["method"] == "Runtime.exceptionThrown":
            page.complaints.append(json.dumps(event["params"]["exceptionDetails"]))
        entry = event["params"].get("entry", {}) if event["method"] == "Log.entryAdded" else {}
        if entry.get("level") == "error":
            page.complaints.append(f"{entry.get('text')} {entry.get('url', '')}")

    def open(self, url: str) -> Page:
        target = self.call("Target.createTarget", url=url, newWindow=True)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Page(self, session)


@contextmanager
def running_browser(profile: Path) -> Iterator[Browser]:
    log = profile.with_suffix(".log")
    with log.open("w") as output:
        process = subprocess.Popen(
            [CHROMIUM, *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        port_file = profile / "DevToolsActivePort"

        def address() -> str | None:
            assert process.poll() is None, log.read_text()[-2000:]
            lines = port_file.read_text().split() if port_file.exists() else []
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}" if len(lines) == 2 else None

        place = wait_until(address, 30, "Chromium listens")
        with connect(place, max_size=None, proxy=None, open_timeout=20) as connection:
            yield Browser(connection)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
