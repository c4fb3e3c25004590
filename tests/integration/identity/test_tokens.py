"""Which tokens are believed, and which are not, whoever made them."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lib.api import item, new_cart
from lib.daemon import Daemon
from lib.identity import Issuer, client, running_api
from lib.problems import assert_problem
from lib.stack import Stack
from lib.tokens import AUDIENCE, ISSUER, Key, bearer, claims, encode, token, write_keys
from lib.wait import wait_until

Forge = Callable[[Issuer], str]


def add(http: httpx.Client, headers: dict[str, str], cart_id: str | None = None) -> httpx.Response:
    return http.post(f"/api/cart/{cart_id or new_cart()}/items", json=item(), headers=headers)


# ---- good ones


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA", "HS256"])
def test_each_algorithm(http: httpx.Client, issuer: Issuer, algorithm: str) -> None:
    cart_id = new_cart()
    headers = issuer.headers("alice", algorithm=algorithm)
    assert add(http, headers, cart_id).status_code == 201
    state = http.get(f"/api/cart/{cart_id}/state", params={"version": 1}, headers=headers)
    assert state.json()["userId"] == "alice"


GOOD: dict[str, Forge] = {
    "several audiences": lambda i: i.token("alice", aud=["other", AUDIENCE]),
    "expired within the leeway": lambda i: i.token("alice", exp=int(time.time()) - 15),
    "valid within the leeway": lambda i: i.token("alice", nbf=int(time.time()) + 15),
    "a fraction of a second": lambda i: i.token("alice", exp=time.time() + 10.5),
    "without kid": lambda i: token(i.keys["EdDSA"], claims(), {"kid": None}),
    "without typ": lambda i: token(i.keys["EdDSA"], claims(), {"typ": None}),
    "typ of RFC 9068": lambda i: token(i.keys["EdDSA"], claims(), {"typ": "at+jwt"}),
    "unknown header members": lambda i: token(i.keys["EdDSA"], claims(), {"x5t": "abc"}),
    "unknown claims": lambda i: i.token("alice", azp="app", nested={"a": [1, 2]}),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_tokens(http: httpx.Client, issuer: Issuer, name: str) -> None:
    answer = add(http, bearer(GOOD[name](issuer)))
    assert answer.status_code == 201, answer.text


# ---- forged ones


def stranger(algorithm: str) -> Forge:
    """Another's key under the issuer's key id."""
    return lambda issuer: token(Key(issuer.keys[algorithm].kid, algorithm), claims())


def as_hmac(secret: Callable[[Key], bytes], algorithm: str, header: dict | None = None) -> Forge:
    """HS256 with something public as the secret."""

    def forge(issuer: Issuer) -> str:
        key = issuer.keys[algorithm]

        def sign(message: bytes) -> bytes:
            return hmac.new(secret(key), message, hashlib.sha256).digest()

        return token(key, claims(), {"alg": "HS256", **(header or {})}, sign)

    return forge


def changed(part: int, change: Callable[[str], str]) -> Forge:
    """A good token with one of its three parts changed afterwards."""

    def forge(issuer: Issuer) -> str:
        parts = issuer.token("alice").split(".")
        parts[part] = change(parts[part])
        return ".".join(parts)

    return forge


def header(**members: object) -> Forge:
    return lambda issuer: token(issuer.keys["ES256"], claims(), members)


def body(**changes: object) -> Forge:
    return lambda issuer: issuer.token("alice", **changes)


def raw(text: bytes) -> Forge:
    return lambda issuer: token(issuer.keys["ES256"], text)


def der(key: Key) -> bytes:
    public = key.private.public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def modulus(key: Key) -> bytes:
    return key.private.public_key().public_numbers().n.to_bytes(256, "big")


def self_signed(member: Callable[[Key], dict]) -> Forge:
    """Signed by a key that the token itself brings along."""

    def forge(issuer: Issuer) -> str:
        own = Key("own", "ES256")
        return token(own, claims(), member(own))

    return forge


def zero_signature(_: bytes) -> bytes:
    return bytes(64)


NOW = int(time.time())

FORGED: dict[str, Forge] = {
    # no signature
    "alg none": lambda i: token(i.keys["ES256"], claims(), {"alg": "none"}, lambda m: b""),
    "alg None": lambda i: token(i.keys["ES256"], claims(), {"alg": "None"}, lambda m: b"x"),
    "alg missing": header(alg=None),
    "alg empty": header(alg=""),
    "alg a list": header(alg=["ES256"]),
    "signature missing": changed(2, lambda _: ""),
    "signature of another token": lambda i: (
        i.token("mallory").rsplit(".", 1)[0] + "." + i.token("alice").rsplit(".", 1)[1]
    ),
    "signature zero": lambda i: token(i.keys["ES256"], claims(), None, zero_signature),
    "signature cut": changed(2, lambda s: s[:-4]),
    "signature longer": changed(2, lambda s: s + "AAAA"),
    "signature in DER": lambda i: token(
        i.keys["ES256"], claims(), None, lambda m: b"\x30\x06\x02\x01\x01\x02\x01\x01"
    ),
    "claims changed": changed(1, lambda _: encode(json.dumps(claims("mallory")).encode())),
    "header changed": changed(0, lambda h: h[:-2] + ("AA" if h[-2:] != "AA" else "BB")),
    # another key, another algorithm
    "stranger's RS256": stranger("RS256"),
    "stranger's ES256": stranger("ES256"),
    "stranger's EdDSA": stranger("EdDSA"),
    "stranger's HS256": lambda i: token(
        i.keys["HS256"], claims(), None, lambda m: hmac.digest(b"guess" * 10, m, "sha256")
    ),
    "HS256 by the PEM of an RSA key": as_hmac(Key.pem, "RS256"),
    "HS256 by the DER of an RSA key": as_hmac(der, "RS256"),
    "HS256 by an RSA modulus": as_hmac(modulus, "RS256"),
    "HS256 by the PEM, under the secret's id": as_hmac(Key.pem, "RS256", {"kid": "key-HS256"}),
    "HS256 by the PEM, without an id": as_hmac(Key.pem, "RS256", {"kid": None}),
    "HS256 by an EC key": as_hmac(Key.pem, "ES256"),
    "HS256 by an Ed25519 key": as_hmac(der, "EdDSA"),
    "HS256 by nothing": as_hmac(lambda key: b"", "RS256", {"kid": "key-HS256"}),
    "right key, alg of another": header(alg="RS256"),
    "right key, alg HS256": header(alg="HS256"),
    "RS512 told": header(alg="RS512"),
    "PS256 told": header(alg="PS256"),
    "ES256K told": header(alg="ES256K"),
    "alg in other letters": header(alg="es256"),
    "id of another key": header(kid="key-RS256"),
    # keys that the token names or brings
    "unknown key id": header(kid="nobody's"),
    "key id a path": header(kid="../../../../dev/null"),
    "key id SQL": header(kid="' OR '1'='1"),
    "key id a shell": header(kid="key-ES256; id"),
    "key id too long": header(kid="k" * 200),
    "key id a number": header(kid=7),
    "key id null": lambda i: token(
        i.keys["ES256"], claims(), b'{"alg":"ES256","kid":null,"typ":"JWT"}'
    ),
    "jwk inside": self_signed(lambda key: {"jwk": key.jwk(), "kid": None}),
    "jku elsewhere": self_signed(lambda key: {"jku": "https://evil.example/keys"}),
    "jku with the right key": header(jku="https://issuer.example/keys"),
    "x5u elsewhere": self_signed(lambda key: {"x5u": "https://evil.example/cert"}),
    "x5c inside": self_signed(lambda key: {"x5c": [encode(der(key))]}),
    "crit": header(crit=["exp"]),
    "crit with b64": header(crit=["b64"], b64=False),
    "compressed": header(zip="DEF"),
    # another kind of token
    "typ logout": header(typ="logout+jwt"),
    "typ dpop": header(typ="dpop+jwt"),
    "typ a number": header(typ=1),
    "nested in five parts": lambda i: i.token("alice") + ".AAAA.AAAA",
    # claims that do not hold
    "expired": body(exp=NOW - 100),
    "expired long ago": body(exp=1),
    "exp missing": body(exp=None),
    "exp text": body(exp=str(NOW + 1000)),
    "exp negative": body(exp=-1),
    "exp beyond time": body(exp=1e300),
    "exp beyond 2^53": body(exp=2**63),
    "exp NaN": raw(b'{"iss":"https://issuer.example","aud":"cartwright-test","sub":"a","exp":NaN}'),
    "not yet": body(nbf=NOW + 1000),
    "nbf text": body(nbf="0"),
    "issued in the future": body(iat=NOW + 1000),
    "another issuer": body(iss="https://issuer.example/"),
    "issuer missing": body(iss=None),
    "issuer a list": body(iss=[ISSUER]),
    "another audience": body(aud="other"),
    "audience missing": body(aud=None),
    "audience empty": body(aud=[]),
    "audience a prefix": body(aud=AUDIENCE[:-1]),
    "subject missing": body(sub=None),
    "subject empty": body(sub=""),
    "subject a number": body(sub=7),
    "subject with a line end": body(sub="alice\r\nX-Admin: 1"),
    "subject too long": body(sub="a" * 129),
    "claims a list": raw(b"[]"),
    "claims no JSON": raw(b"sub=alice"),
    "claims twice": raw(b'{"sub":"alice","sub":"admin","exp":4102444800}'),
    "claims too deep": raw(b'{"a":' + b"[" * 100 + b"]" * 100 + b"}"),
    "claims not UTF-8": raw(b'{"sub":"\xff\xfe"}'),
    # not a token at all
    "one word": lambda i: "token",
    "dots": lambda i: "..",
    "two parts": lambda i: i.token("alice").rsplit(".", 1)[0],
    "padded": changed(2, lambda s: s + "="),
    "other alphabet": changed(2, lambda s: "+/" + s[2:]),
    "a blank inside": changed(1, lambda s: s[:5] + " " + s[5:]),
    "bits left over": changed(2, lambda s: s[:-1] + chr(ord(s[-1]) + 1)),
    "too long": body(padding="x" * 9000),
    "a guest's that is too short": lambda i: "guest_" + "A" * 42,
    "a guest's with a stranger's letter": lambda i: "guest_" + "A" * 42 + "!",
}  # fmt: skip


def test_there_are_many_forgeries() -> None:
    assert len(FORGED) >= 40


@pytest.mark.parametrize("name", FORGED)
def test_forged_tokens(http: httpx.Client, issuer: Issuer, name: str) -> None:
    forged = FORGED[name](issuer)
    answer = add(http, bearer(forged))
    assert_problem(answer, 401, "invalid_token")
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith('Bearer realm="cartwright"')
    assert 'error="invalid_token"' in challenge


# ---- the header


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Basic YWxpY2U6c2VjcmV0"},
        {"Authorization": "Digest username=alice"},
        {"X-Access-Token": "TOKEN"},
        {"Cookie": "access_token=TOKEN"},
    ],
    ids=["none", "empty", "basic", "digest", "other header", "cookie"],
)
def test_no_credential(http: httpx.Client, issuer: Issuer, headers: dict[str, str]) -> None:
    sent = {name: value.replace("TOKEN", issuer.token("alice")) for name, value in headers.items()}
    answer = add(http, sent)
    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="cartwright"'


def test_a_bearer_without_a_token(http: httpx.Client) -> None:
    assert_problem(add(http, {"Authorization": "Bearer"}), 401, "invalid_token")


def test_the_scheme_in_any_case(http: httpx.Client, issuer: Issuer) -> None:
    value = issuer.token("alice")
    assert add(http, {"Authorization": f"bearer {value}"}).status_code == 201
    assert add(http, {"Authorization": f"BEARER   {value}"}).status_code == 201


def test_two_credentials(guarded: Daemon, issuer: Issuer) -> None:
    good = issuer.token("alice")
    headers = [("Authorization", f"Bearer {good}"), ("Authorization", f"Bearer {good}")]
    answer = httpx.post(
        f"{guarded.url}/api/cart/{new_cart()}/items", json=item(), headers=headers, trust_env=False
    )
    assert_problem(answer, 401, "invalid_token")


def test_a_token_in_the_query_is_no_credential(http: httpx.Client, issuer: Issuer) -> None:
    answer = http.get(
        f"/api/cart/view/{new_cart()}", params={"access_token": issuer.token("alice")}
    )
    assert_problem(answer, 401, "unauthenticated")


# ---- keys


def test_rotation_of_a_file(stack: Stack, tmp_path: Path) -> None:
    """A new key counts as soon as a token names it, an old one until it is taken out."""
    old, new = Key("old", "ES256"), Key("new", "ES256")
    file = write_keys(tmp_path / "keys.json", [old])
    with running_api(
        stack, tmp_path, AUTH_KEYS_FILE=str(file), CART_API_AUTH_REFRESH_S="1"
    ) as daemon:
        with client(daemon) as http:
            assert add(http, bearer(token(old, claims()))).status_code == 201
            assert add(http, bearer(token(new, claims()))).status_code == 401
            write_keys(file, [old, new])
            good = bearer(token(new, claims()))
            wait_until(lambda: add(http, good).status_code == 201, 10, "the new key counts")
            kept = bearer(token(old, claims()))
            assert add(http, kept).status_code == 201
            write_keys(file, [new])
            wait_until(lambda: add(http, kept).status_code == 401, 10, "the old key is out")
            file.write_text("no keys any more")  # a mistake: the last good ones stay
            wait_until(lambda: "not read" in daemon.log.read_text(), 10, "the mistake is told")
            assert add(http, good).status_code == 201


def test_keys_in_pem(stack: Stack, tmp_path: Path) -> None:
    keys = [Key(None, "RS256"), Key(None, "ES256"), Key(None, "EdDSA")]
    file = tmp_path / "keys.pem"
    file.write_bytes(b"".join(key.pem() for key in keys))
    with running_api(stack, tmp_path, AUTH_KEYS_FILE=str(file)) as daemon, client(daemon) as http:
        for key in keys:
            assert add(http, bearer(token(key, claims()))).status_code == 201, key.algorithm
            named = token(key, claims(), {"kid": "whatever"})
            assert add(http, bearer(named)).status_code == 201
        forged = as_hmac(Key.pem, "RS256")(Issuer({"RS256": keys[0]}, file))
        assert add(http, bearer(forged)).status_code == 401


def test_nothing_secret_is_logged(guarded: Daemon, http: httpx.Client, issuer: Issuer) -> None:
    good = issuer.token("alice")
    assert add(http, bearer(good)).status_code == 201
    assert add(http, bearer(good + "x")).status_code == 401
    log = guarded.log.read_text()
    assert good not in log
    assert good.rsplit(".", 1)[1] not in log
    assert encode(issuer.keys["HS256"].secret) not in log
