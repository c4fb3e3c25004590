"""Ports that nobody uses."""

import random
import socket

# What infra/local/up listens on, before the offset.
STACK_PORTS = (5105, 5204, 15432, 16379, 19092, 19093)


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


def free_offset() -> int:
    """An offset for which all of the stack's ports are free, below the ephemeral ports."""
    for _ in range(200):
        offset = random.randrange(500, 12500)
        if all(is_free(port + offset) for port in STACK_PORTS):
            return offset
    raise RuntimeError("no free port offset")
