"""One stack for the whole run (for each of its parallel workers), and what each test gets from it."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from lib.api import Api, new_cart
from lib.journal import Journal
from lib.stack import Stack, remove_leftovers, running_stack


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keep", action="store_true", help="leave the stack running at the end")


def pytest_configure(config: pytest.Config) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    # Killed politely, the run still takes its stack down.
    signal.signal(signal.SIGTERM, interrupt)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Parallel workers take file by file: those with most slow tests first, so that none is left to one
    worker at the end."""
    if not hasattr(config, "workerinput"):
        return
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        remove_leftovers()
    with ExitStack() as cleanup:
        try:
            keep = request.config.getoption("--keep")
            running = cleanup.enter_context(running_stack("main", keep))
        except RuntimeError as error:
            # Without a stack every test would fail with the same words.
            request.session.shouldfail = "there is no stack"
            pytest.fail(str(error), pytrace=False)
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed test tells which processes are dead, and shows the ends of their logs."""
    report = yield
    running = getattr(item, "funcargs", {}).get("stack")
    if report.when == "call" and report.failed and isinstance(running, Stack):
        dead = running.dead_processes()
        if dead:
            report.sections.append(("dead processes", running.log_tails(dead)))
    return report


@pytest.fixture
def api(stack: Stack) -> Iterator[Api]:
    client = Api(stack.env["CART_API_URL"])
    yield client
    client.close()


@pytest.fixture
def cart() -> str:
    """A cart id that nobody has used."""
    return new_cart()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    log = Journal(tmp_path / "journal.jsonl")
    yield log
    log.close()
