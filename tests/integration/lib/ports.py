"""Ports that nobody uses, and that no other test run is about to use."""

import random
import re
import socket

from lib.paths import LOCAL

KAFKA_CONTROLLER_PORT = 19093


def service_ports() -> dict[str, int]:
    """What infra/local/up listens on, before the offset."""
    table = (LOCAL / "lib" / "services.sh").read_text()
    rows = re.findall(r"^(\S+) +(?:server|daemon) +(\d+) ", table, re.MULTILINE)
    return {name: int(port) for name, port in rows}


def services(kind: str) -> tuple[str, ...]:
    table = (LOCAL / "lib" / "services.sh").read_text()
    return tuple(re.findall(rf"^(\S+) +{kind} +\d+ ", table, re.MULTILINE))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Offset:
    """An offset for which all ports of a stack are free, below the ephemeral ports.

    They stay reserved as long as this lives, although nobody listens there yet: by names in the kernel
    that other test runs look at, and that vanish with this process.
    """

    def __init__(self) -> None:
        ports = [*service_ports().values(), KAFKA_CONTROLLER_PORT]
        for _ in range(200):
            self.value = random.randrange(500, 12500)
            self.names: list[socket.socket] = []
            if all(self._reserve(port + self.value) for port in ports):
                return
            self.release()
        raise RuntimeError("no free port offset")

    def _reserve(self, port: int) -> bool:
        name = socket.socket(socket.AF_UNIX)
        self.names.append(name)
        try:
            name.bind(f"\0cartwright-test-port-{port}")
        except OSError:
            return False
        return is_free(port)

    def release(self) -> None:
        for name in self.names:
            name.close()
        self.names = []
