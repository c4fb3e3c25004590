"""A daemon that the test itself starts, beside the supervised ones: its child, its exit code."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from lib.ports import free_port
from lib.stack import Stack
from lib.wait import wait_until

# A test run that is killed leaves no daemon behind. The program keeps the process that setpriv had.
DIES_WITH_US = ("/usr/bin/setpriv", "--pdeathsig=KILL")


def port_variable(name: str) -> str:
    return name.upper().replace("-", "_") + "_HTTP_PORT"


def instance_variable(name: str) -> str:
    return name.upper().replace("-", "_") + "_KAFKA_INSTANCE_ID"


class Daemon:
    def __init__(
        self,
        stack: Stack,
        name: str,
        log: Path,
        told: dict[str, str] | None = None,  # what the supervised one was told; None: it runs
        **settings: str,
    ):
        self.stack, self.name, self.log = stack, name, log
        self.port = int(settings.get(port_variable(name), free_port()))
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {
            **(stack.environment_of(name) if told is None else told),
            port_variable(name): str(self.port),
            instance_variable(
                name
            ): "",  # a member without a name: gone from the group when it ends
            **settings,
        }
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*DIES_WITH_US, "--", stack.program(name)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_ready(self, deadline_s: float = 30) -> "Daemon":
        def ready() -> bool:
            assert self.process.poll() is None, f"ended: {self.log.read_text()[-2000:]}"
            return (
                httpx.get(
                    f"{self.url}/readyz", timeout=3, trust_env=False, verify=False
                ).status_code
                == 200
            )

        wait_until(ready, deadline_s, f"{self.name} on port {self.port} is ready")
        return self

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self, deadline_s: float = 30) -> int:
        """SIGTERM; the exit code."""
        self.send(signal.SIGTERM)
        return self.process.wait(timeout=deadline_s)


@contextmanager
def running_daemon(stack: Stack, name: str, log: Path, **settings: str) -> Iterator[Daemon]:
    daemon = Daemon(stack, name, log, **settings)
    try:
        yield daemon.wait_ready()
    finally:
        if daemon.process.poll() is None:
            os.kill(daemon.process.pid, signal.SIGCONT)
            daemon.process.kill()
        daemon.process.wait()
