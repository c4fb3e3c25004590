"""With keys configured: preferences are their user's and support's, operators' calls are admins'."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lib.world import World

SECRET = b"thirty-two bytes of a test's key"
ISSUER, AUDIENCE = "https://issuer.example", "cartwright"


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def token(subject: str, *roles: str) -> str:
    claims = {"sub": subject, "iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 600}
    header = {"alg": "HS256", "typ": "JWT", "kid": "k1"}
    parts = [header, {**claims, "roles": list(roles)}]
    text = ".".join(base64url(json.dumps(part).encode()) for part in parts)
    mac = hmac.new(SECRET, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64url(mac)}"


CALLERS: dict[str, Callable[[str], dict[str, str]]] = {
    "nobody": lambda _: {},
    "forger": lambda user: {"authorization": f"Bearer {token(user)[:-4]}AAAA"},
    "user": lambda user: {"authorization": f"Bearer {token(user)}"},
    "other": lambda user: {"authorization": f"Bearer {token(user + 'x')}"},
    "support": lambda _: {"authorization": f"Bearer {token('s', 'support')}"},
    "admin": lambda _: {"authorization": f"Bearer {token('a', 'admin')}"},
}

# Per route: what each caller of the order above gets.
ROUTES = [
    ("GET", "/api/notifications/preferences/{user}", (401, 401, 200, 404, 200, 404)),
    ("PUT", "/api/notifications/preferences/{user}", (401, 401, 200, 404, 200, 404)),
    ("GET", "/api/notifications/orders/ord_1", (401, 401, 404, 404, 200, 404)),
    ("GET", "/api/notifications/dead", (401, 401, 404, 404, 404, 200)),
    ("POST", "/api/notifications/dead/999999999/replay", (401, 401, 404, 404, 404, 404)),
    ("GET", f"/api/notifications/unsubscribe/{'0' * 64}/email", (200,) * 6),
    ("POST", f"/api/notifications/unsubscribe/{'0' * 64}/email", (404,) * 6),
    ("GET", "/openapi.json", (200,) * 6),
]


@pytest.fixture(scope="module")
def guarded(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    keys: Path = tmp_path_factory.mktemp("keys") / "keys.json"
    key = {"kty": "oct", "alg": "HS256", "use": "sig", "kid": "k1", "k": base64url(SECRET)}
    keys.write_text(json.dumps({"keys": [key]}))
    keys.chmod(0o600)
    settings = {
        "NOTIFIER_AUTH_KEYS_FILE": str(keys),
        "NOTIFIER_AUTH_ISSUER": ISSUER,
        "NOTIFIER_AUTH_AUDIENCE": AUDIENCE,
    }
    with world.restarted(**settings):
        yield world


@pytest.mark.parametrize(("method", "path", "statuses"), ROUTES)
def test_who_may_what(
    guarded: World, name: str, method: str, path: str, statuses: tuple[int, ...]
) -> None:
    wishes = {"marketingEmail": False, "marketingSms": False} if method == "PUT" else None
    for (caller, headers), expected in zip(CALLERS.items(), statuses, strict=True):
        answer = guarded.call(method, path.format(user=name), headers=headers(name), json=wishes)
        assert answer.status_code == expected, f"{caller}: {answer.text}"
        if expected == 401:
            assert "bearer" in answer.headers["www-authenticate"].lower()
