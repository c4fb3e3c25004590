"""A cart-api that asks who you are, beside the supervised one, on the same servers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from lib.daemon import Daemon, running_daemon
from lib.stack import Stack
from lib.tokens import AUDIENCE, ISSUER, Key, bearer, claims, token, write_keys


@dataclass
class Issuer:
    """One key of each algorithm, in a file."""

    keys: dict[str, Key]
    file: Path

    def token(self, subject: str, algorithm: str = "ES256", **more: object) -> str:
        return token(self.keys[algorithm], claims(subject, **more))

    def headers(self, subject: str, **more: object) -> dict[str, str]:
        return bearer(self.token(subject, **more))


def make_issuer(folder: Path) -> Issuer:
    keys = {name: Key(f"key-{name}", name) for name in ("RS256", "ES256", "EdDSA", "HS256")}
    return Issuer(keys, write_keys(folder / "keys.json", list(keys.values())))


@contextmanager
def running_api(stack: Stack, folder: Path, **settings: str) -> Iterator[Daemon]:
    """cart-api with these settings of tokens."""
    given = {"AUTH_ISSUER": ISSUER, "AUTH_AUDIENCE": AUDIENCE, **settings}
    with running_daemon(stack, "cart-api", folder / "cart-api.log", **given) as daemon:
        yield daemon


def client(daemon: Daemon) -> httpx.Client:
    return httpx.Client(base_url=daemon.url, timeout=15, trust_env=False, verify=False)
