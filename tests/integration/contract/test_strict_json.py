"""JSON is strict: what cannot be parsed, or is of a wrong type, is a 400 that points at its place."""

import json

import pytest
from lib.api import Api, item
from lib.problems import assert_problem

GOOD = {"userId": "user-1", **item("p", 1, 100, "Name")}


def with_text(field: str, text: str) -> bytes:
    """The good body with this text for a field's value, as it stands."""
    members = [
        f"{json.dumps(key)}:{text if key == field else json.dumps(value)}"
        for key, value in GOOD.items()
    ]
    return ("{" + ",".join(members) + "}").encode()


GOOD_TEXT = json.dumps(GOOD).encode()

# name, body, what the pointer names (None: any)
REFUSED = [
    ("empty", b"", ""),
    ("blanks", b"  \n", ""),
    ("null", b"null", ""),
    ("array", b"[]", ""),
    ("text", b'"x"', ""),
    ("number", b"1", ""),
    ("truncated", GOOD_TEXT[:-1], ""),
    ("trailing-bytes", GOOD_TEXT + b"x", ""),
    ("two-texts", GOOD_TEXT + GOOD_TEXT, ""),
    ("trailing-comma", GOOD_TEXT[:-1] + b",}", ""),
    ("single-quotes", GOOD_TEXT.replace(b'"', b"'"), ""),
    ("comment", b"/* x */" + GOOD_TEXT, ""),
    ("byte-order-mark", b"\xef\xbb\xbf" + GOOD_TEXT, ""),
    ("utf-16", GOOD_TEXT.decode().encode("utf-16"), ""),
    ("trailing-nul", GOOD_TEXT + b"\0", ""),
    ("duplicate-key", GOOD_TEXT[:-1] + b',"quantity":2}', None),
    ("duplicate-escaped-key", GOOD_TEXT[:-1] + b',"quantit\\u0079":2}', None),
    ("unknown-field", GOOD_TEXT[:-1] + b',"extra":1}', "/extra"),
    ("fraction", with_text("quantity", "1.5"), "/quantity"),
    ("whole-fraction", with_text("quantity", "1.0"), "/quantity"),
    ("exponent", with_text("quantity", "1e3"), "/quantity"),
    ("text-number", with_text("quantity", '"2"'), "/quantity"),
    ("boolean", with_text("quantity", "true"), "/quantity"),
    ("null-number", with_text("quantity", "null"), "/quantity"),
    ("array-number", with_text("quantity", "[1]"), "/quantity"),
    ("nan", with_text("quantity", "NaN"), None),
    ("infinity", with_text("quantity", "Infinity"), None),
    ("plus", with_text("quantity", "+1"), None),
    ("leading-zero", with_text("quantity", "01"), None),
    ("hexadecimal", with_text("quantity", "0x1"), None),
    ("2^53", with_text("price", "9007199254740992"), None),
    ("-2^53", with_text("price", "-9007199254740992"), None),
    ("2^63", with_text("price", "9223372036854775808"), None),
    ("1e309", with_text("price", "1e309"), None),
    ("400-digits", with_text("price", "9" * 400), None),
    ("number-as-text", with_text("userId", "7"), "/userId"),
    ("object-as-text", with_text("productId", "{}"), "/productId"),
    ("nul-in-text", with_text("productName", '"a\\u0000b"'), None),
    ("raw-nul-in-text", with_text("productName", '"a\0b"'), None),
    ("raw-control-in-text", with_text("productName", '"a\tb"'), None),
    ("lone-high-surrogate", with_text("productName", '"\\ud800"'), None),
    ("lone-low-surrogate", with_text("productName", '"\\udc00x"'), None),
    ("swapped-surrogates", with_text("productName", '"\\udc00\\ud800"'), None),
    ("bad-escape", with_text("productName", '"\\x41"'), None),
    ("bad-utf-8", with_text("productName", '"@"').replace(b"@", b"\xff"), None),
    ("overlong-utf-8", with_text("productName", '"@"').replace(b"@", b"\xc0\xaf"), None),
    ("utf-8-surrogate", with_text("productName", '"@"').replace(b"@", b"\xed\xa0\x80"), None),
    ("depth-33", b'{"userId":' + b"[" * 33 + b"]" * 33 + b"}", None),
    ("depth-30000", b"[" * 30_000 + b"]" * 30_000, None),
    ("unclosed-depth", b"[" * 60_000, None),
    ("many-keys", b"{" + b",".join(b'"k%d":1' % n for n in range(5000)) + b"}", None),
    ("missing-quantity", json.dumps({**GOOD, "quantity": None}).encode(), "/quantity"),
    ("items-no-array", b'{"userId":"u","items":{}}', "/items"),
    ("items-empty", b'{"userId":"u","items":[]}', "/items"),
    ("items-and-item", GOOD_TEXT[:-1] + b',"items":[]}', None),
    ("item-no-object", b'{"userId":"u","items":[1]}', "/items/0"),
]
ALSO_422 = {"items-empty"}


@pytest.mark.parametrize(
    ("body", "pointer", "also"),
    [pytest.param(body, where, name in ALSO_422, id=name) for name, body, where in REFUSED],
)
def test_refused(api: Api, cart: str, body: bytes, pointer: str | None, also: bool) -> None:
    document = assert_problem(api.post_raw(cart, body), (400, 422) if also else 400)
    assert document["errors"], "no pointer"
    if pointer is not None:
        assert document["errors"][0]["pointer"] == pointer
    assert api.view(cart).status_code == 404


@pytest.mark.parametrize("field", sorted(GOOD))
def test_missing_fields_are_named(api: Api, cart: str, field: str) -> None:
    body = {key: value for key, value in GOOD.items() if key != field}
    document = assert_problem(api.post_raw(cart, json.dumps(body).encode()), 400)
    assert document["errors"][0]["pointer"] in ("", f"/{field}")
    assert field in document["errors"][0]["pointer"] + document["errors"][0]["message"]


def test_blanks_and_escapes_are_fine(api: Api, cart: str) -> None:
    body = b' \r\n\t{ "user\\u0049d" : "user-1",' + GOOD_TEXT.split(b",", 1)[1] + b"\n "
    assert api.post_raw(cart, body).status_code == 201


def test_a_surrogate_pair_is_fine(api: Api, cart: str) -> None:
    assert api.post_raw(cart, with_text("productName", '"\\ud83d\\uded2"')).status_code == 201
    assert api.view(cart, min_version=1).json()["items"][0]["productName"] == "🛒"


def test_quantity_bodies_are_as_strict(api: Api, cart: str) -> None:
    api.add(cart, "p", 3)
    for body in (
        b"",
        b"{}",
        b"[]",
        b'{"quantity":"2"}',
        b'{"quantity":2.0}',
        b'{"quantity":2,"x":1}',
    ):
        answer = api.http.put(
            f"/api/cart/{cart}/items/p", content=body, headers={"content-type": "application/json"}
        )
        assert_problem(answer, 400)
    assert api.view(cart, min_version=1).json()["version"] == 1


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application/xml"],
)
def test_other_media_types_are_415(api: Api, cart: str, content_type: str) -> None:
    answer = api.post_raw(cart, GOOD_TEXT, **{"content-type": content_type})
    assert_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
)
def test_spellings_of_json(api: Api, cart: str, content_type: str) -> None:
    answer = api.post_raw(cart, GOOD_TEXT, **{"content-type": content_type})
    assert answer.status_code == 201, answer.text
