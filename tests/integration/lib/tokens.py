"""Keys and tokens made by hand, right ones and forged ones: no library that would refuse to."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER = "https://issuer.example"
AUDIENCE = "cartwright-test"
YEAR_S = 365 * 24 * 3600


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode_json(value: Any) -> str:
    return encode(value if isinstance(value, bytes) else json.dumps(value).encode())


def number(value: int, length: int | None = None) -> str:
    return encode(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


class Key:
    """A private key or a secret, and what an issuer publishes of it."""

    def __init__(self, kid: str | None, algorithm: str):
        self.kid, self.algorithm = kid, algorithm
        self.secret = hashlib.sha512(f"secret of {kid}".encode()).digest()
        self.private: Any = None
        if algorithm == "RS256":
            self.private = rsa.generate_private_key(65537, 2048)
        elif algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
        elif algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()

    def sign(self, message: bytes) -> bytes:
        if self.algorithm == "RS256":
            return self.private.sign(message, padding.PKCS1v15(), SHA256())
        if self.algorithm == "ES256":
            r, s = utils.decode_dss_signature(self.private.sign(message, ec.ECDSA(SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        if self.algorithm == "EdDSA":
            return self.private.sign(message)
        return hmac.new(self.secret, message, hashlib.sha256).digest()

    def jwk(self) -> dict[str, str]:
        jwk = {"alg": self.algorithm, "use": "sig", **({"kid": self.kid} if self.kid else {})}
        if self.algorithm == "RS256":
            numbers = self.private.public_key().public_numbers()
            return {**jwk, "kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        if self.algorithm == "ES256":
            point = self.private.public_key().public_numbers()
            xy = {"x": number(point.x, 32), "y": number(point.y, 32)}
            return {**jwk, "kty": "EC", "crv": "P-256", **xy}
        if self.algorithm == "EdDSA":
            raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            return {**jwk, "kty": "OKP", "crv": "Ed25519", "x": encode(raw)}
        return {**jwk, "kty": "oct", "k": encode(self.secret)}

    def pem(self) -> bytes:
        public = self.private.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def claims(subject: str = "alice", **changes: Any) -> dict[str, Any]:
    """Good claims with changes; a change to None leaves the claim out."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 3600}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def token(
    key: Key,
    body: Any,
    header: dict[str, Any] | bytes | None = None,
    sign: Callable[[bytes], bytes] | None = None,
) -> str:
    """A signed token; header changes the good one, bytes stand as they are."""
    good = {"alg": key.algorithm, "typ": "JWT", **({"kid": key.kid} if key.kid else {})}
    if not isinstance(header, bytes):
        merged = {**good, **(header or {})}
        header = {name: value for name, value in merged.items() if value is not None}
    signed = f"{encode_json(header)}.{encode_json(body)}"
    return f"{signed}.{encode((sign or key.sign)(signed.encode()))}"


def write_keys(file: Path, keys: list[Key]) -> Path:
    file.touch(0o600)
    file.write_text(json.dumps({"keys": [key.jwk() for key in keys]}))
    return file


def bearer(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}
