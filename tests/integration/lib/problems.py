"""What a refusal looks like: RFC 9457 with this API's own members."""

import re

import httpx

CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")


def assert_problem(
    answer: httpx.Response, status: int | tuple[int, ...], code: str | None = None
) -> dict:
    """The answer is a problem with this status (and code), complete and consistent; its document."""
    statuses = (status,) if isinstance(status, int) else status
    assert answer.status_code in statuses, f"{answer.status_code} {answer.text[:500]}"
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert CODE.fullmatch(document["code"]), document
    assert document["type"] == "/problems/" + document["code"].replace("_", "-")
    assert isinstance(document["title"], str)
    assert document["title"]
    assert isinstance(document.get("detail", ""), str)
    assert TRACE_ID.fullmatch(document["traceId"]), document
    for error in document.get("errors", []):
        assert set(error) >= {"pointer", "code", "message"}, document
    if code is not None:
        assert document["code"] == code, document
    if answer.status_code in (429, 503):
        assert int(answer.headers["retry-after"]) >= 0
    if answer.status_code == 405:
        assert answer.headers["allow"]
    assert not leaks_internals(answer.text), answer.text
    return document


def leaks_internals(text: str) -> bool:
    """No database message, file or line ever leaves the server."""
    words = ("cart_events", "cart_append", "SQLSTATE", "relation", "PQ", "libpq", ".c:", "psql")
    return any(word in text for word in words)
