"""A notifier of the tests' own in place of the supervised one."""

import subprocess
import uuid
from collections.abc import Iterator

import pytest
from lib.outside import running_outside
from lib.stack import Stack
from lib.world import World


def control(stack: Stack, word: str) -> None:
    subprocess.run(
        ["sv", "-w", "30", word, str(stack.home / "sv" / "notifier")],
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="package")
def world(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("outside")
    with running_outside(folder) as outside:
        world = World(stack, outside, folder, stack.environment_of("notifier"))
        control(stack, "down")
        try:
            world.start()
            yield world
            world.stop()
        finally:
            if world.daemon is not None:
                world.kill()
            control(stack, "up")
            stack.wait_ready()


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name for addresses and users that nobody else has."""
    return f"t{uuid.uuid4().hex[:12]}"
