"""A cart-api with keys, shared by the tests of who may do what."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from lib.daemon import Daemon
from lib.identity import Issuer, client, make_issuer, running_api
from lib.stack import Stack


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("identity")


@pytest.fixture(scope="package")
def issuer(folder: Path) -> Issuer:
    return make_issuer(folder)


@pytest.fixture(scope="package")
def guarded(stack: Stack, issuer: Issuer, folder: Path) -> Iterator[Daemon]:
    with running_api(stack, folder, AUTH_KEYS_FILE=str(issuer.file)) as daemon:
        yield daemon


@pytest.fixture
def http(guarded: Daemon) -> Iterator[httpx.Client]:
    with client(guarded) as connection:
        yield connection
