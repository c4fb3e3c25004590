"""Waiting for something to become true, with a deadline; tests never just sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(
    predicate: Callable[[], T], deadline_s: float, what: str, pause_s: float = 0.05
) -> T:
    """The predicate's first true value. An exception in it counts as false and is told at the end."""
    end = time.monotonic() + deadline_s
    while True:
        try:
            value, error = predicate(), None
        except Exception as caught:  # servers come and go while tests wait
            value, error = None, caught
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"not within {deadline_s} s: {what}; last: {error or value!r}")
        time.sleep(pause_s)


def stays_true(predicate: Callable[[], bool], duration_s: float, what: str) -> None:
    """Fails as soon as the predicate is false within the time."""
    end = time.monotonic() + duration_s
    while time.monotonic() < end:
        assert predicate(), f"no longer true: {what}"
        time.sleep(0.1)
