"""A real OpenID Connect provider: npm's oidc-provider, a process of the test's."""

import base64
import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
from lib.daemon import DIES_WITH_US
from lib.paths import REPOSITORY
from lib.ports import free_port
from lib.wait import wait_until

SOURCE = REPOSITORY / "tests" / "integration" / "identity" / "oidc"
REDIRECT = "http://127.0.0.1:1/callback"
AUDIENCE = "https://shop.example/cart"


def cache_folder() -> Path:
    """Where infra/local keeps what was downloaded."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("CARTWRIGHT_CACHE") or f"{base}/cartwright")


def node_modules() -> Path:
    """The provider's modules, installed once for each lock file."""
    lock_file = (SOURCE / "package-lock.json").read_bytes()
    folder = cache_folder() / f"oidc-provider-{hashlib.sha256(lock_file).hexdigest()[:16]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "oidc-provider.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            install(folder)
    return folder


def install(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCE / name, work)
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=work,
            check=True,
            timeout=180,
            stdin=subprocess.DEVNULL,
        )
        done = Path(work) / "done"
        done.mkdir()
        for name in ("package.json", "package-lock.json", "node_modules"):
            os.rename(Path(work) / name, done / name)
        os.rename(done, folder)


class Provider:
    def __init__(self, port: int):
        self.issuer = f"http://127.0.0.1:{port}"

    @property
    def configuration(self) -> dict:
        path = f"{self.issuer}/.well-known/openid-configuration"
        return httpx.get(path, trust_env=False).json()

    def log_in(self, user: str, algorithm: str) -> dict[str, str]:
        """The authorization code flow with PKCE, as a browser and a shop go through it."""
        verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(verifier.encode()).digest()
        resource = f"https://shop.example/cart/{algorithm}"
        asked = {
            "client_id": "shop",
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": "openid cart",
            "resource": resource,
            "login_hint": user,
            "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }
        with httpx.Client(trust_env=False, timeout=15) as browser:
            answer = browser.get(self.configuration["authorization_endpoint"], params=asked)
            while not answer.headers["location"].startswith(REDIRECT):
                answer = browser.get(httpx.URL(self.issuer).join(answer.headers["location"]))
            code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
            form = {
                "grant_type": "authorization_code",
                "client_id": "shop",
                "code": code,
                "redirect_uri": REDIRECT,
                "code_verifier": verifier,
                "resource": resource,
            }
            tokens = browser.post(self.configuration["token_endpoint"], data=form)
        assert tokens.status_code == 200, tokens.text
        return tokens.json()


@contextmanager
def running_provider(log: Path, port: int | None = None) -> Iterator[Provider]:
    port = port or free_port()
    command = ["node", str(SOURCE / "provider.mjs"), str(node_modules()), str(port), REDIRECT]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*DIES_WITH_US, "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:

        def ready() -> bool:
            assert process.poll() is None, f"the provider ended: {log.read_text()[-2000:]}"
            return "ready\n" in log.read_text()

        wait_until(ready, 30, "the provider listens")
        yield Provider(port)
    finally:
        process.kill()
        process.wait()
