"""Requests whose frame is ambiguous or malformed (RFC 9112): refused, and the connection closed.

Each is followed by a second request on the connection; a server that answers it has taken a different
end of the first one than a proxy in front of it may have taken.
"""

import json

import pytest
from lib.api import Api, item
from lib.raw_http import exchange, statuses

BODY = json.dumps({"userId": "user-1", **item("p")}).encode()
SECOND = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
BIG = b"y" * 17_000


def post(cart: str, headers: bytes, body: bytes = BODY, version: bytes = b"HTTP/1.1") -> bytes:
    path = f"/api/cart/{cart}/items".encode()
    head = b"POST %s %s\r\n%s" % (path, version, headers)
    return head + b"Content-Type: application/json\r\n\r\n" + body


HOST = b"Host: x\r\n"
REFUSED = {
    "two-lengths": HOST + LENGTH + b"Content-Length: 3\r\n",
    "same-length-twice": HOST + LENGTH + LENGTH,
    "list-of-lengths": HOST + b"Content-Length: 3, 4\r\n",
    "length-plus": HOST + b"Content-Length: +%d\r\n" % len(BODY),
    "length-minus": HOST + b"Content-Length: -1\r\n",
    "length-hex": HOST + b"Content-Length: 0x10\r\n",
    "length-blank-inside": HOST + b"Content-Length: 1 2\r\n",
    "length-huge": HOST + b"Content-Length: 99999999999999999999999\r\n",
    "length-empty": HOST + b"Content-Length:\r\n",
    "no-host": LENGTH,
    "two-hosts": HOST + b"Host: y\r\n" + LENGTH,
    "bad-host": b"Host: a b\r\n" + LENGTH,
    "obs-fold": HOST + LENGTH + b"X-A: 1\r\n 2\r\n",
    "blank-before-colon": HOST + b"Content-Length : %d\r\n" % len(BODY),
    "empty-name": HOST + LENGTH + b": x\r\n",
    "name-with-blank": HOST + LENGTH + b"X A: 1\r\n",
    "no-colon": HOST + LENGTH + b"XA\r\n",
    "nul-in-value": HOST + LENGTH + b"X-A: a\0b\r\n",
    "bare-cr-in-value": HOST + LENGTH + b"X-A: a\rb\r\n",
    "bare-lf-line": HOST + LENGTH + b"X-A: 1\nX-B: 2\r\n",
    "control-in-value": HOST + LENGTH + b"X-A: a\x01b\r\n",
    "huge-header": HOST + LENGTH + b"X-A: " + BIG + b"\r\n",
}
REFUSED_CHUNKED = {
    "length-and-chunked": HOST + LENGTH + b"Transfer-Encoding: chunked\r\n",
    "chunked-twice": HOST + b"Transfer-Encoding: chunked, chunked\r\n",
    "two-encodings": HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "gzip-chunked": HOST + b"Transfer-Encoding: gzip, chunked\r\n",
    "chunked-gzip": HOST + b"Transfer-Encoding: chunked, gzip\r\n",
    "identity": HOST + b"Transfer-Encoding: identity\r\n",
    "xchunked": HOST + b"Transfer-Encoding: xchunked\r\n",
    "blank-chunked": HOST + b"Transfer-Encoding: \x0bchunked\r\n",
    "quoted-chunked": HOST + b'Transfer-Encoding: "chunked"\r\n',
}
REFUSED_CHUNKS = {
    "size-negative": b"-1\r\n",
    "size-prefixed": b"0x5\r\nhello\r\n0\r\n\r\n",
    "size-huge": b"FFFFFFFFFFFFFFFFF\r\nx",
    "size-empty": b"\r\nhello\r\n0\r\n\r\n",
    "no-crlf-after-data": b"5\r\nhelloXX0\r\n\r\n",
    "extension-huge": b"5;" + b"e" * 200_000 + b"\r\nhello\r\n0\r\n\r\n",
}


def assert_refused(api: Api, cart: str, request: bytes) -> None:
    codes = statuses(exchange(api.url, request + SECOND, 3))
    assert len(codes) <= 1, f"the second request was answered: {codes}"
    assert all(400 <= code < 500 or code == 501 for code in codes), codes
    assert api.view(cart).status_code == 404, "the command was executed"
    assert api.http.get("/healthz").status_code == 200


@pytest.mark.parametrize("headers", [pytest.param(v, id=k) for k, v in REFUSED.items()])
def test_heads(api: Api, cart: str, headers: bytes) -> None:
    assert_refused(api, cart, post(cart, headers))


@pytest.mark.parametrize("headers", [pytest.param(v, id=k) for k, v in REFUSED_CHUNKED.items()])
def test_encodings(api: Api, cart: str, headers: bytes) -> None:
    assert_refused(api, cart, post(cart, headers, CHUNKED))


@pytest.mark.parametrize("chunks", [pytest.param(v, id=k) for k, v in REFUSED_CHUNKS.items()])
def test_chunks(api: Api, cart: str, chunks: bytes) -> None:
    request = post(cart, HOST + b"Transfer-Encoding: chunked\r\n", chunks)
    assert_refused(api, cart, request)


def test_chunked_in_http_1_0(api: Api, cart: str) -> None:
    headers = HOST + b"Transfer-Encoding: chunked\r\n"
    assert_refused(api, cart, post(cart, headers, CHUNKED, b"HTTP/1.0"))


@pytest.mark.parametrize(
    "line",
    [
        *(b"GET  /healthz HTTP/1.1", b"GET /healthz", b"GET /healthz HTTP/1.1 x", b"/healthz"),
        *(b"GET /healthz HTTP/2.0", b"GET /healthz http/1.1", b"G(T /healthz HTTP/1.1"),
        *(b"GET /hea\x00lthz HTTP/1.1", b"GET /hea\xc3\xbclthz HTTP/1.1", b"GET healthz HTTP/1.1"),
        *(
            b"GET /healthz#x HTTP/1.1",
            b"PRI * HTTP/2.0",
            b"CONNECT x:1 HTTP/1.1",
            b" GET / HTTP/1.1",
        ),
    ],
)
def test_request_lines(api: Api, line: bytes) -> None:
    codes = statuses(exchange(api.url, line + b"\r\nHost: x\r\n\r\n" + SECOND, 3))
    assert codes[:1] != [200], codes
    assert len(codes) <= 1 or codes[0] in (404, 405), codes


def test_good_requests_on_one_connection(api: Api, cart: str) -> None:
    """What is right is served, also pipelined and chunked, in order."""
    chunked = post(cart, HOST + b"Transfer-Encoding: chunked\r\n", CHUNKED)
    codes = statuses(exchange(api.url, SECOND + post(cart, HOST + LENGTH) + chunked + SECOND))
    assert codes[:2] == [200, 201]
    # The server may close after a request with a body; what it did answer was right.
    assert codes[2:] in ([], [200], [200, 200])


def test_absolute_form_is_not_a_way_around(api: Api, cart: str) -> None:
    received = exchange(api.url, b"GET http://elsewhere/healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert statuses(received) in ([200], [400], [404])
