"""k6 scenarios of load/, run as a user would."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from lib.paths import REPOSITORY

LOAD = REPOSITORY / "load"
ABSENT = 3  # exit status of load/install-k6 --look
THRESHOLD_FAILED = 99  # k6's exit status


def require_k6() -> None:
    """Building it takes minutes: a run of the tests does so only when it is told to."""
    build = os.environ.get("CARTWRIGHT_TEST_K6") == "1"
    program = [LOAD / "install-k6"] if build else [LOAD / "install-k6", "--look"]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=1800, check=False)
    if ended.returncode == ABSENT:
        pytest.skip(f"{ended.stderr.strip()}, or CARTWRIGHT_TEST_K6=1")
    assert ended.returncode == 0, ended.stderr


class Run:
    """A scenario that is under way."""

    def __init__(self, home: Path, folder: Path, name: str, *options: str):
        self.report, self.log = folder / f"{name}.html", folder / f"{name}.log"
        command = [LOAD / "k6", name, "--no-time-limits", "--out", self.report, *options]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env={**os.environ, "CARTWRIGHT_HOME": str(home)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that all of it can be ended
            )

    def end(self, timeout_s: float) -> int:
        """Its exit status."""
        try:
            return self.process.wait(timeout_s)
        finally:
            self.stop()

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, 9)
            self.process.wait()

    def metric(self, name: str) -> dict:
        return json.loads(self.report.with_suffix(".json").read_text())["metrics"][name]

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-60:])
