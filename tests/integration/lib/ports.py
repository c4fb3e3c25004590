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


class Reservation:
    """Ports that are free now, and kept from other test runs although nobody listens there yet: by
    names in the kernel that all test runs look at, and that vanish with this process."""

    def __init__(self) -> None:
        self.names: list[socket.socket] = []

    def take(self, *ports: int) -> bool:
        """All or none of them."""
        names = [socket.socket(socket.AF_UNIX) for _ in ports]
        try:
            for name, port in zip(names, ports, strict=True):
                name.bind(f"\0cartwright-test-port-{port}")
            taken = all(is_free(port) for port in ports)
        except OSError:
            taken = False
        if taken:
            self.names += names
        else:
            close_all(names)
        return taken

    def release(self) -> None:
        close_all(self.names)
        self.names = []


def close_all(sockets: list[socket.socket]) -> None:
    for name in sockets:
        name.close()


# All ports are below those that the kernel gives to outgoing connections: none of them takes a port
# between our choice and its use.
SINGLE_PORTS = range(1100, 5000)
OFFSETS = range(500, 12500)
singles = Reservation()


def free_port() -> int:
    """One port, for the life of this process."""
    for port in random.sample(SINGLE_PORTS, 200):
        if singles.take(port):
            return port
    raise RuntimeError("no free port")


def free_offset(reservation: Reservation) -> int:
    """An offset for which all ports of a stack are free; the reservation holds them."""
    ports = [*service_ports().values(), KAFKA_CONTROLLER_PORT]
    for offset in random.sample(OFFSETS, 200):
        if reservation.take(*(port + offset for port in ports)):
            return offset
    raise RuntimeError("no free port offset")
