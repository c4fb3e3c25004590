"""Least privilege: the daemons' roles can add facts, and cannot change or remove them."""

import psycopg
import pytest
from lib.stack import Stack
from psycopg import errors


def as_api(stack: Stack) -> psycopg.Connection:
    return psycopg.connect(stack.env["POSTGRES_CONNECTION_STRING"], autocommit=True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cart_events SET actor = 'x' WHERE false",
        "DELETE FROM cart_events WHERE false",
        "TRUNCATE cart_events",
        "DROP TABLE cart_events",
        "ALTER TABLE cart_events DISABLE TRIGGER ALL",
        "CREATE TABLE mine (x integer)",
        "UPDATE cart_answers SET status = 200 WHERE false",
        "TRUNCATE cart_answers",
        "UPDATE schema_migrations SET number = 99 WHERE false",
        "DELETE FROM cart_relay_leases",
        "INSERT INTO cart_relay_leases (partition) VALUES (99)",
        "SET ROLE cartwright_owner",
        "ALTER ROLE cartwright_api SUPERUSER",
    ],
)
def test_the_apis_role_cannot(stack: Stack, statement: str) -> None:
    with as_api(stack) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement)


def test_the_apis_role_can_read_and_is_nothing_special(stack: Stack) -> None:
    with as_api(stack) as connection:
        connection.execute("SELECT count(*) FROM cart_events").fetchone()
        row = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls "
            "FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == (False,) * 5


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO cart_events DEFAULT VALUES",
        "UPDATE cart_events SET actor = 'x' WHERE false",
        "DELETE FROM cart_events WHERE false",
        "TRUNCATE cart_events",
        "SELECT * FROM cart_answers",
        "UPDATE cart_relay_leases SET position = 0",
    ],
)
def test_the_denormalizers_role_only_reads(stack: Stack, statement: str) -> None:
    connection_string = stack.environment_of("denormalizer")["POSTGRES_CONNECTION_STRING"]
    with psycopg.connect(connection_string, autocommit=True) as connection:
        connection.execute("SELECT count(*) FROM cart_events")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement)


def test_nobody_comes_without_a_password(stack: Stack) -> None:
    uri = stack.env["POSTGRES_CONNECTION_STRING"]
    scheme, rest = uri.split("://")
    credentials, place = rest.split("@")
    user = credentials.split(":")[0]
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"{scheme}://{user}@{place}", connect_timeout=5)
