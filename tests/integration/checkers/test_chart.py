"""load/plot's charts: whole and self-contained, with every point where the axes say it is."""

import importlib
import re
import sys
from xml.etree import ElementTree

import pytest
from lib.paths import REPOSITORY

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def chart(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", [str(REPOSITORY / "load" / "harness"), *sys.path])
    return importlib.import_module("chart")


def points_of(svg: str) -> list[tuple[float, float]]:
    circles = ElementTree.fromstring(svg).iter(f"{SVG}circle")
    return [(float(circle.get("cx")), float(circle.get("cy"))) for circle in circles]


def test_points_lie_between_their_ticks(chart) -> None:
    line = chart.Line(
        "p50 <ms> & more", [(10, 1), (100, 50), (1000, 100)], [(1, 2), (40, 60), (90, 110)]
    )
    axes = chart.Axis("events", logarithmic=True), chart.Axis("posts/s")
    svg = chart.draw(chart.Chart("name", "Title", "sub", *axes, [line]))
    (left, low), (middle, half), (right, high) = points_of(svg)
    assert middle - left == pytest.approx(right - middle, abs=0.2)  # a decade each
    assert (low - half) / (half - high) == pytest.approx(49 / 50, abs=0.02)
    assert left >= chart.LEFT
    assert right <= chart.WIDTH - chart.RIGHT
    assert chart.TOP <= high < low <= chart.HEIGHT - chart.BOTTOM
    assert "http" not in svg.replace(SVG.strip("{}"), "")


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 9_300, [0, 2000, 4000, 6000, 8000, 10_000]),
        (0, 0.9, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0, 0, [0]),
    ],
)
def test_linear_ticks(chart, low: float, high: float, ticks: list[float]) -> None:
    assert chart.linear_ticks(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (24, 110, [20, 50, 100, 200]),
        (0.3, 0.9, [0.2, 0.5, 1]),
        (24, 10_100, [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000]),
        (24, 5e6, [10, 100, 1000, 10_000, 1e5, 1e6, 1e7]),
    ],
)
def test_log_ticks(chart, low: float, high: float, ticks: list[float]) -> None:
    assert chart.log_ticks(low, high) == pytest.approx(ticks)


def test_numbers_are_short(chart) -> None:
    assert [chart.short(n) for n in (0, 0.5, 999, 1000, 12_500, 2e6)] == [
        "0",
        "0.5",
        "999",
        "1k",
        "12.5k",
        "2M",
    ]


def test_a_legend_names_every_line_as_text(chart) -> None:
    lines = [chart.Line(f"line {n} <&>", [(1, n), (2, n)]) for n in range(1, 4)]
    svg = chart.draw(chart.Chart("n", "T", "s", chart.Axis("x"), chart.Axis("y"), lines))
    texts = [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert [text for text in texts if re.match("line ", text)] == [line.label for line in lines]
