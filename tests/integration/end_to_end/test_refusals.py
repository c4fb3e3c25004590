"""Start-up refusals: each a one-line error that says what to do."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lib.ports import free_port
from lib.postgres import Postgres, throw_away_postgres
from lib.stack import DAEMONS, Stack

NOWHERE = "127.0.0.1:1"


def start(stack: Stack, name: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess:
    """Runs a daemon that must end by itself; it is told of no Kafka and no Redis that it could harm."""
    environment = {
        **stack.environment_of(name),
        "KAFKA_BOOTSTRAP_SERVERS": NOWHERE,
        "REDIS_CONNECTION_STRING": NOWHERE,
        name.upper().replace("-", "_") + "_HTTP_PORT": str(free_port()),
        **settings,
    }
    return subprocess.run(
        [stack.program(name), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def assert_refused(ended: subprocess.CompletedProcess, *words: str) -> None:
    """One line that names what is wrong, on standard error, and an exit code that is no crash.

    A daemon that first had to ask a server may have logged that it has started, or that servers which
    the test has taken from it are away.
    """
    assert ended.returncode > 0, f"ended with {ended.returncode}: {ended.stderr}"
    lines = [
        line
        for line in ended.stderr.splitlines()
        if '"level":"info"' not in line and NOWHERE not in line
    ]
    assert len(lines) == 1, ended.stderr
    assert ended.stdout == ""
    for word in words:
        assert word.lower() in lines[0].lower(), lines[0]


@pytest.mark.parametrize("name", DAEMONS)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("http_prot = 5105\n", ["http_prot", "--help"], id="unknown-key"),
        pytest.param("http_port = many\n", ["http_port", "whole number"], id="no-number"),
        pytest.param("http_port = 0\n", ["http_port", "1"], id="too-small"),
        pytest.param("http_port = -5\n", ["http_port"], id="negative"),
        pytest.param("http_port = 70000\n", ["http_port", "65535"], id="too-large"),
        pytest.param("http_port = 5999\nhttp_port = 5998\n", ["http_port", "twice"], id="twice"),
        pytest.param("http_port\n", ["name = value"], id="no-value"),
        pytest.param("\0\1\2\n", [".conf:1"], id="binary"),
        pytest.param("log_level = loud\n", ["log_level", "info"], id="log-level"),
    ],
)
def test_wrong_configuration(
    stack: Stack, tmp_path: Path, name: str, text: str, words: list[str]
) -> None:
    file = tmp_path / f"{name}.conf"
    file.write_text(text)
    file.chmod(0o600)
    port = {name.upper().replace("-", "_") + "_HTTP_PORT": "5999"}
    if "http_port" in text and "twice" not in words:
        port = {}
    assert_refused(start_without_port(stack, name, file, **port), *words)
    assert_refused(start_without_port(stack, name, file, check=True, **port), *words)


def start_without_port(
    stack: Stack, name: str, file: Path, check: bool = False, **settings: str
) -> subprocess.CompletedProcess:
    """As start(), but the file's own port counts."""
    environment = {**stack.environment_of(name), "KAFKA_BOOTSTRAP_SERVERS": NOWHERE, **settings}
    if not settings:
        environment.pop(name.upper().replace("-", "_") + "_HTTP_PORT", None)
    return subprocess.run(
        [stack.program(name), *(["--check-config"] if check else []), "--config", str(file)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize("name", DAEMONS)
def test_files_that_are_none(stack: Stack, tmp_path: Path, name: str) -> None:
    missing = tmp_path / "missing.conf"
    assert_refused(start(stack, name, "--config", str(missing)), "missing.conf")
    assert_refused(start(stack, name, "--config", str(tmp_path)), str(tmp_path))


@pytest.mark.parametrize("name", DAEMONS)
def test_a_secret_that_others_can_read(stack: Stack, tmp_path: Path, name: str) -> None:
    file = tmp_path / "open.conf"
    file.write_text("postgres_connection_string = postgresql://someone:secret@127.0.0.1/x\n")
    file.chmod(0o644)
    ended = start(stack, name, "--config", str(file))
    assert_refused(ended, "postgres_connection_string", "chmod 600")
    assert "someone:secret" not in ended.stderr


@pytest.mark.parametrize("name", DAEMONS)
@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1"])
def test_listening_beyond_loopback(stack: Stack, name: str, address: str) -> None:
    setting = name.upper().replace("-", "_") + "_HTTP_ADDRESS"
    ended = start(stack, name, **{setting: address})
    assert_refused(ended, address, "loopback", "127.0.0.1")


@pytest.mark.parametrize("name", DAEMONS)
def test_a_port_that_is_taken(stack: Stack, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        setting = name.upper().replace("-", "_") + "_HTTP_PORT"
        assert_refused(start(stack, name, **{setting: port}), port)


def test_no_connection_string(stack: Stack) -> None:
    ended = start(stack, "cart-api", POSTGRES_CONNECTION_STRING="")
    assert_refused(ended, "postgres_connection_string")


# ---- the store's own state, in a PostgreSQL that may be spoilt


@pytest.fixture(scope="module")
def postgres(stack: Stack) -> Iterator[Postgres]:
    with throw_away_postgres() as server:
        server.start()
        server.apply_roles()
        yield server


def migrate(stack: Stack, server: Postgres) -> subprocess.CompletedProcess:
    uri = server.uri("cartwright_owner")
    return start(stack, "cart-api", "--migrate", POSTGRES_ADMIN_CONNECTION_STRING=uri)


def connection(server: Postgres, name: str) -> dict[str, str]:
    role = {"cart-api": "cartwright_api", "denormalizer": "cartwright_denormalizer"}[name]
    return {"POSTGRES_CONNECTION_STRING": server.uri(role)}


def test_no_schema_is_refused(stack: Stack, postgres: Postgres) -> None:
    ended = start(stack, "cart-api", **connection(postgres, "cart-api"))
    assert_refused(ended, "--migrate")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off")],
)
def test_a_server_that_forgets_is_refused(
    stack: Stack, postgres: Postgres, setting: str, value: str
) -> None:
    assert migrate(stack, postgres).returncode == 0
    postgres.stop()
    postgres.start(**{setting: value})
    try:
        ended = start(stack, "cart-api", **connection(postgres, "cart-api"))
        assert_refused(ended, setting, "on")
    finally:
        postgres.stop()
        postgres.start()


@pytest.mark.parametrize("value", ["off"])
def test_a_role_that_does_not_wait_is_refused(stack: Stack, postgres: Postgres, value: str) -> None:
    """synchronous_commit can be lowered for one role, behind the server's back."""
    assert migrate(stack, postgres).returncode == 0
    with postgres.connect() as admin:
        admin.execute(f"ALTER ROLE cartwright_api SET synchronous_commit = {value}")
        try:
            ended = start(stack, "cart-api", **connection(postgres, "cart-api"))
            assert_refused(ended, "synchronous_commit")
        finally:
            admin.execute("ALTER ROLE cartwright_api RESET synchronous_commit")


@pytest.mark.parametrize("name", ["cart-api", "denormalizer"])
def test_a_newer_schema_is_refused(stack: Stack, postgres: Postgres, name: str) -> None:
    assert migrate(stack, postgres).returncode == 0
    with postgres.connect() as admin:
        admin.execute("INSERT INTO schema_migrations (number, name) VALUES (999, 'later')")
        try:
            ended = start(stack, name, **connection(postgres, name))
            assert_refused(ended, "schema", "999")
            ended = migrate(stack, postgres)
            assert_refused(ended, "999")
        finally:
            admin.execute("DELETE FROM schema_migrations WHERE number = 999")


def test_migrating_twice_is_harmless(stack: Stack, postgres: Postgres) -> None:
    for _ in range(2):
        assert migrate(stack, postgres).returncode == 0


def test_migrating_from_two_processes_at_once(stack: Stack) -> None:
    with throw_away_postgres() as server:
        server.start()
        server.apply_roles()
        environment = {
            **stack.environment_of("cart-api"),
            "POSTGRES_ADMIN_CONNECTION_STRING": server.uri("cartwright_owner"),
        }
        processes = [
            subprocess.Popen(
                [stack.program("cart-api"), "--migrate"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for _ in range(4)
        ]
        outputs = [process.communicate(timeout=30)[0] for process in processes]
        assert [process.returncode for process in processes] == [0] * 4, outputs
        with server.connect() as admin:
            admin.execute("SELECT count(*) FROM cart_events")
