"""A whole set-up of its own: infra/local/up and down, its processes and its logs."""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from lib.paths import BUILD, LOCAL
from lib.ports import Reservation, free_offset, services
from lib.wait import wait_until

DAEMONS = services("daemon")
SERVERS = services("server")
HOME_PREFIX = "cartwright-test-"


class Stack:
    def __init__(self, name: str):
        self.name = name
        self.home = Path(tempfile.mkdtemp(prefix=f"{HOME_PREFIX}{os.getpid()}-"))
        self.ports = Reservation()
        self.offset = free_offset(self.ports)
        self.env: dict[str, str] = {}
        self.environments: dict[str, dict[str, str]] = {}  # of daemons, as they were last seen
        # (partition, offset) of records that tests have put into the topic themselves
        self.strangers: set[tuple[int, int]] = set()

    def up(self, timeout_s: float = 300) -> None:
        self._run("up", timeout_s)
        self.env = self._read_environment()

    def configure(self, name: str, text: str) -> None:
        """What the daemon's settings file says when it starts."""
        file = self.home / "etc" / f"{name}.conf"
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.write_text(text)
        file.chmod(0o600)

    def down(self) -> None:
        self._run("down", 120)

    def _run(self, script: str, timeout_s: float) -> None:
        environment = {
            **os.environ,
            "CARTWRIGHT_HOME": str(self.home),
            "CARTWRIGHT_PORT_OFFSET": str(self.offset),
        }
        ended = subprocess.run(
            [LOCAL / script],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if ended.returncode != 0:
            raise RuntimeError(f"infra/local/{script} failed:\n{ended.stdout}")

    def _read_environment(self) -> dict[str, str]:
        lines = (self.home / "env").read_text().splitlines()
        words = [shlex.split(line) for line in lines if line.startswith("export ")]
        return dict(word.split("=", 1) for _, word in words)

    # ---- processes

    def pid(self, name: str) -> int:
        return int((self.home / "run" / f"{name}.pid").read_text())

    def is_alive(self, name: str) -> bool:
        try:
            os.kill(self.pid(name), 0)
        except (OSError, ValueError):
            return False
        return True

    def send(self, name: str, number: signal.Signals) -> int:
        """Signals the process; its pid."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Ends the process; the supervisor starts it again."""
        return self.send(name, number)

    def wait_restarted(self, name: str, old_pid: int, deadline_s: float = 20) -> None:
        wait_until(
            lambda: self.pid(name) != old_pid and self.is_alive(name),
            deadline_s,
            f"{name} is started again after {old_pid}",
        )

    def wait_ready(self, deadline_s: float = 60) -> None:
        for name in DAEMONS:
            wait_until(lambda name=name: self.ready(name), deadline_s, f"{name} is ready", 0.1)

    def ready(self, name: str) -> bool:
        url = self.env[name.upper().replace("-", "_") + "_URL"]
        return (
            httpx.get(f"{url}/readyz", timeout=3, trust_env=False, verify=False).status_code == 200
        )

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """SIGSTOP, then SIGCONT whatever happens."""
        pid = self.send(name, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def environment_of(self, name: str) -> dict[str, str]:
        """What a running daemon was told, for a second one beside it, or in its place."""
        if not self.is_alive(name) and name in self.environments:
            return self.environments[name]
        entries = Path(f"/proc/{self.pid(name)}/environ").read_bytes().split(b"\0")
        pairs = (entry.decode().split("=", 1) for entry in entries if b"=" in entry)
        self.environments[name] = {
            key: value for key, value in pairs if not key.startswith("CARTWRIGHT_") and key != "_"
        }
        return self.environments[name]

    def program(self, name: str) -> Path:
        return self.home / "bin" / name

    # ---- logs

    def log(self, name: str) -> Path:
        return self.home / "log" / f"{name}.log"

    def log_size(self, name: str) -> int:
        return self.log(name).stat().st_size if self.log(name).exists() else 0

    def log_tails(self, names: Iterable[str], lines: int = 15) -> str:
        parts = []
        for name in names:
            file = self.log(name)
            tail = file.read_text(errors="replace").splitlines()[-lines:] if file.is_file() else []
            parts.append(f"---- {name}.log of {self.name}\n" + "\n".join(tail))
        return "\n".join(parts)

    def keep_logs(self) -> Path:
        """Copies the logs to where they outlive the home; each worker has stacks of these names."""
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        kept = BUILD / "integration-logs" / f"{self.name}{worker and '-'}{worker}"
        shutil.rmtree(kept, ignore_errors=True)
        if (self.home / "log").is_dir():
            shutil.copytree(self.home / "log", kept, symlinks=False, ignore=ignore_special)
        return kept

    def dead_processes(self) -> list[str]:
        return [name for name in (*DAEMONS, *SERVERS) if not self.is_alive(name)]

    def remove(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        self.ports.release()


def ignore_special(folder: str, names: list[str]) -> list[str]:
    """Links and files only: svlogd's locks are not worth copying."""
    return [name for name in names if name in ("lock", "config") or name.startswith(".step")]


def remove_leftovers() -> None:
    """Stops and removes set-ups whose test run was killed."""
    for home in Path(tempfile.gettempdir()).glob(f"{HOME_PREFIX}*-*"):
        pid = home.name.removeprefix(HOME_PREFIX).split("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            environment = {**os.environ, "CARTWRIGHT_HOME": str(home)}
            environment.pop("CARTWRIGHT_PORT_OFFSET", None)
            subprocess.run([LOCAL / "down"], env=environment, capture_output=True, check=False)
            shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running_stack(
    name: str, keep: bool = False, settings: dict[str, str] | None = None
) -> Iterator[Stack]:
    """A stack that is up, and always taken down. settings: the text of a daemon's file, by name."""
    stack = Stack(name)
    for daemon, text in (settings or {}).items():
        stack.configure(daemon, text)
    try:
        stack.up()
        yield stack
        if dead := stack.dead_processes():
            print(f"dead at the end: {dead}\n{stack.log_tails(dead)}")
    finally:
        stack.keep_logs()
        if keep:
            print(f"kept running: CARTWRIGHT_HOME={stack.home} infra/local/down")
        else:
            try:
                stack.down()
            finally:
                stack.remove()
