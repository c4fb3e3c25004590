"""load/bench ends its warm-up when the broker's JVM has little left to compile, not before."""

import importlib
import sys

import pytest
from lib.paths import REPOSITORY


@pytest.mark.parametrize(
    ("windows", "steady"),
    [
        ([], False),
        ([(10, 200)], False),
        ([(450, 700), (400, 700)], False),
        ([(450, 700), (20, 240)], False),
        ([(450, 700), (20, 240), (25, 230)], True),
        ([(20, 240), (25, 230), (300, 500)], False),
        ([(0, 240), (0, 0.5)], True),
    ],
)
def test_when_it_is_steady(
    windows: list[tuple[float, float]], steady: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(REPOSITORY / "load" / "harness"), *sys.path])
    figures = [{"compiler_us": compiler, "kafka_us": kafka} for compiler, kafka in windows]
    assert importlib.import_module("warm_up").is_steady(figures) is steady
