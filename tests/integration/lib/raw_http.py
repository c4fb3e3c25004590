"""Bytes to a server and back, without a client library that would repair them."""

import re
import socket
from urllib.parse import urlsplit


def exchange(url: str, request: bytes, timeout_s: float = 5) -> bytes:
    """Sends the bytes and reads until the server closes or is silent for a moment."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout_s) as connection:
        connection.sendall(request)
        return receive_all(connection, timeout_s)


def receive_all(connection: socket.socket, timeout_s: float) -> bytes:
    received = b""
    connection.settimeout(timeout_s)
    try:
        while piece := connection.recv(65536):
            received += piece
            # An answer is there: what follows it follows at once.
            connection.settimeout(0.4)
    except (TimeoutError, ConnectionResetError):
        pass
    return received


def statuses(received: bytes) -> list[int]:
    """The status codes of all answers in what was received."""
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]
