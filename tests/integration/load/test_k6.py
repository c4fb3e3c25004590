"""load/k6: ten seconds of each scenario find every answer right, and a wrong answer is found."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from lib.identity import make_issuer, running_api
from lib.k6 import THRESHOLD_FAILED, Run, require_k6
from lib.liar import running_liar
from lib.stack import Stack

# Together: at rates that leave the machine something for the tests beside them.
SCENARIOS = {
    "cart-load-test": ["--rate", "15", "--ramp", "2s", "--duration", "8s"],
    "spike": ["--rate", "5", "--peak", "6", "--duration", "4s"],
    "soak": ["--rate", "10", "--duration", "10s"],
    "journey": ["--rate", "2", "--duration", "8s"],
}
END_S = 120  # much more than it takes, of a machine that has other things to do


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    require_k6()
    with ExitStack() as stack:
        yield stack


def home_with(stack: Stack, folder: Path, api_url: str) -> Path:
    """A home in which cart-api is another one."""
    folder.mkdir()
    text = (stack.home / "env").read_text() + f"\nexport CART_API_URL='{api_url}'\n"
    (folder / "env").write_text(text)
    return folder


@pytest.mark.slow
def test_ten_seconds_of_each(stack: Stack, cleanup: ExitStack, tmp_path: Path) -> None:
    runs = {}
    for name, options in SCENARIOS.items():
        runs[name] = Run(stack.home, tmp_path, name, *options)
        cleanup.callback(runs[name].stop)
    for name, run in runs.items():
        assert run.end(END_S) == 0, f"{name}:\n{run.tail()}"
        checks = run.metric("checks")
        assert checks["fails"] == 0
        assert checks["passes"] > 50, name
        assert run.metric("wrong_answers")["count"] == 0
        assert "k6" in run.report.read_text()
        assert f"report {run.report}" in run.log.read_text()
    assert runs["cart-load-test"].metric("view_visible")["max"] > 0
    assert runs["journey"].metric("checkout_to_paid")["max"] > 0


def test_a_wrong_total_is_found(stack: Stack, cleanup: ExitStack, tmp_path: Path) -> None:
    """One answer in which only the total is wrong makes the run fail."""
    told = []

    def lie_once(method: str, path: str, body: bytes) -> bytes:
        if method == "POST" and "-w-" in path and not told:
            told.append(path)
            return body.replace(b'"total":', b'"total":9')
        return body

    url = cleanup.enter_context(running_liar(stack.env["CART_API_URL"], lie_once))
    options = ["--rate", "5", "--reads", "5", "--ramp", "1s", "--duration", "1s"]
    run = Run(home_with(stack, tmp_path / "home", url), tmp_path, "cart-load-test", *options)
    cleanup.callback(run.stop)
    assert run.end(END_S) == THRESHOLD_FAILED, run.tail()
    assert told
    assert run.metric("wrong_answers")["count"] == 1
    assert "answer.total is 9" in run.log.read_text()


def test_a_journey_with_a_users_token(stack: Stack, cleanup: ExitStack, tmp_path: Path) -> None:
    """Where carts have owners: the guest has the token that the shop gave, the shopper the issuer's."""
    issuer = make_issuer(tmp_path)
    api = cleanup.enter_context(running_api(stack, tmp_path, AUTH_KEYS_FILE=str(issuer.file)))
    token = tmp_path / "token"
    token.write_text(issuer.token("k6-shopper"))
    home = home_with(stack, tmp_path / "home", api.url)
    options = ["--rate", "1", "--duration", "2s", "--token-file", str(token)]
    run = Run(home, tmp_path, "journey", *options)
    cleanup.callback(run.stop)
    assert run.end(END_S) == 0, run.tail()
    assert run.metric("checkout_to_paid")["max"] > 0
    assert issuer.token("k6-shopper")[:20] not in run.log.read_text()
