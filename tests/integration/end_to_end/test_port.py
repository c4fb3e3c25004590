"""One process per port, unless the port is to be shared; a successor of a killed one need not wait."""

import json
from pathlib import Path

import pytest
from lib.api import Api, new_cart
from lib.daemon import Daemon, port_variable, running_daemon
from lib.stack import DAEMONS, Stack
from lib.wait import wait_until


def share_variable(name: str) -> str:
    return name.upper().replace("-", "_") + "_HTTP_SHARE_PORT"


def messages(daemon: Daemon) -> list[str]:
    return [json.loads(line)["message"] for line in daemon.log.open()]


@pytest.mark.parametrize("name", DAEMONS)
def test_a_second_process_on_one_port_is_refused(stack: Stack, tmp_path: Path, name: str) -> None:
    port = stack.env[name.upper().replace("-", "_") + "_URL"].rsplit(":", 1)[1]
    log = tmp_path / f"{name}.log"
    second = Daemon(stack, name, log, **{port_variable(name): port})
    try:
        assert second.process.wait(20) not in (0, -9), "a refusal has an exit code of its own"
    finally:
        second.process.kill()
    complaints = [line for line in log.read_text().splitlines() if f"port {port}" in line]
    assert len(complaints) == 1, log.read_text()
    assert "http_share_port" in complaints[0]
    assert stack.ready(name), "the first one serves on"


def test_a_port_may_be_shared(stack: Stack, tmp_path: Path) -> None:
    """The old and the new process of a rolling restart: at no time nobody answers."""
    share = {share_variable("cart-api"): "true"}
    with running_daemon(stack, "cart-api", tmp_path / "old.log", **share) as old:
        share[port_variable("cart-api")] = str(old.port)
        with running_daemon(stack, "cart-api", tmp_path / "new.log", **share) as new:
            # /readyz of the shared port may be the old one's word.
            wait_until(lambda: "event store reached" in messages(new), 20, "the new one is ready")
            assert old.stop() == 0
            assert Api(old.url).add(new_cart()).status_code == 201
            assert new.stop() == 0


def test_a_killed_process_leaves_its_port_free(stack: Stack, tmp_path: Path) -> None:
    """With connections that were open when it was killed: the successor starts at once."""
    with running_daemon(stack, "cart-api", tmp_path / "first.log") as first:
        clients = [Api(first.url) for _ in range(5)]
        for client in clients:
            assert client.add(new_cart()).status_code == 201
        first.process.kill()
        first.process.wait()
        port = {port_variable("cart-api"): str(first.port)}
        with running_daemon(stack, "cart-api", tmp_path / "second.log", **port):
            assert Api(first.url).add(new_cart()).status_code == 201
        for client in clients:
            client.close()
