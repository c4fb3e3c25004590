"""A line chart as SVG: axes with units, a band from lowest to highest, a legend. No library."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 880, 460
LEFT, RIGHT, TOP, BOTTOM = 76, 24, 58, 60
COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#7a4fa3", "#b8860b")
INK, FAINT = "#222", "#d9d9d9"
FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"
TICKS = 6
DOT = 3.2


@dataclass(frozen=True)
class Axis:
    label: str  # with the unit
    logarithmic: bool = False
    zero: bool = True  # a linear axis begins at 0


@dataclass(frozen=True)
class Line:
    label: str
    points: list[tuple[float, float]]
    band: list[tuple[float, float]] = field(
        default_factory=list
    )  # lowest and highest at each point
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    name: str  # of its file
    title: str
    subtitle: str
    x: Axis
    y: Axis
    lines: list[Line]


Scale = Callable[[float], float]


def short(value: float) -> str:
    for limit, suffix in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:g}{suffix}"
    return f"{value:g}"


def nice_step(span: float) -> float:
    """1, 2 or 5 times a power of ten, for about TICKS of them."""
    raw = span / TICKS
    power = 10 ** math.floor(math.log10(raw))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)


def linear_ticks(low: float, high: float) -> list[float]:
    step = nice_step(high - low or 1)
    first = math.floor(low / step)
    return [(first + n) * step for n in range(math.ceil(high / step) - first + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5 per decade; powers of ten alone over more than three of them."""
    factors = (1,) if high / low > 1000 else (1, 2, 5)
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [factor * 10.0**exponent for exponent in exponents for factor in factors]
    first = max((tick for tick in ticks if tick <= low), default=ticks[0])
    last = min((tick for tick in ticks if tick >= high), default=ticks[-1])
    return [tick for tick in ticks if first <= tick <= last]


def ticks_of(axis: Axis, values: list[float]) -> list[float]:
    low, high = min(values), max(values)
    if axis.logarithmic:
        return log_ticks(low, high)
    return linear_ticks(0 if axis.zero else low, high)


def scale_of(axis: Axis, ticks: list[float], begin: float, end: float) -> Scale:
    low, high = ticks[0], ticks[-1]
    if axis.logarithmic:
        low, high = math.log(low), math.log(high)
    span = high - low or 1

    def place(value: float) -> float:
        at = math.log(value) if axis.logarithmic else value
        return begin + (at - low) / span * (end - begin)

    return place


def text(x: float, y: float, words: str, anchor: str = "middle", extra: str = "") -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{INK}' {extra}>"
        f"{escape(words)}</text>"
    )


def grid(chart: Chart, ticks: tuple[list[float], list[float]], x: Scale, y: Scale) -> list[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for tick in ticks[0]:
        parts.append(
            f"<line x1='{x(tick):.1f}' y1='{TOP}' x2='{x(tick):.1f}' y2='{bottom}' stroke='{FAINT}'/>"
        )
        parts.append(text(x(tick), bottom + 18, short(tick)))
    for tick in ticks[1]:
        parts.append(
            f"<line x1='{LEFT}' y1='{y(tick):.1f}' x2='{right}' y2='{y(tick):.1f}' stroke='{FAINT}'/>"
        )
        parts.append(text(LEFT - 8, y(tick) + 4, short(tick), "end"))
    parts.append(text((LEFT + right) / 2, HEIGHT - 20, chart.x.label))
    middle = (TOP + bottom) / 2
    return [*parts, text(18, middle, chart.y.label, extra=f"transform='rotate(-90 18 {middle})'")]


def draw_line(line: Line, colour: str, x: Scale, y: Scale) -> list[str]:
    places = [(x(a), y(b)) for a, b in line.points]
    parts = []
    if line.band:
        edge = [(x(a), y(low)) for (a, _), (low, _) in zip(line.points, line.band, strict=True)]
        edge += [
            (x(a), y(high))
            for (a, _), (_, high) in reversed(list(zip(line.points, line.band, strict=True)))
        ]
        words = " ".join(f"{a:.1f},{b:.1f}" for a, b in edge)
        parts.append(f"<polygon points='{words}' fill='{colour}' fill-opacity='0.15'/>")
    words = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    dash = " stroke-dasharray='6 5'" if line.dashed else ""
    parts.append(
        f"<polyline points='{words}' fill='none' stroke='{colour}' stroke-width='2'{dash}/>"
    )
    if not line.dashed:
        parts += [
            f"<circle cx='{a:.1f}' cy='{b:.1f}' r='{DOT}' fill='{colour}'/>" for a, b in places
        ]
    return parts


def legend(lines: list[Line]) -> list[str]:
    parts, at = [], LEFT
    for line, colour in zip(lines, COLOURS, strict=False):
        dash = " stroke-dasharray='6 5'" if line.dashed else ""
        parts.append(
            f"<line x1='{at}' y1='{TOP - 12}' x2='{at + 24}' y2='{TOP - 12}' stroke='{colour}'"
            f" stroke-width='3'{dash}/>"
        )
        parts.append(text(at + 30, TOP - 8, line.label, "start"))
        at += 52 + 8 * len(line.label)
    return parts


def draw(chart: Chart) -> str:
    """The svg element."""
    points = [point for line in chart.lines for point in line.points]
    heights = [b for _, b in points] + [
        b for line in chart.lines for span in line.band for b in span
    ]
    ticks = ticks_of(chart.x, [a for a, _ in points]), ticks_of(chart.y, heights)
    x = scale_of(chart.x, ticks[0], LEFT, WIDTH - RIGHT)
    y = scale_of(chart.y, ticks[1], HEIGHT - BOTTOM, TOP)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}'"
        f" height='{HEIGHT}' {FONT} font-size='12.5'>",
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='white'/>",
        text(LEFT, 20, chart.title, "start", "font-size='16' font-weight='bold'"),
        text(WIDTH - RIGHT, TOP - 8, chart.subtitle, "end", "fill-opacity='0.75'"),
        *grid(chart, ticks, x, y),
        *legend(chart.lines),
    ]
    for line, colour in zip(chart.lines, COLOURS, strict=False):
        parts += draw_line(line, colour, x, y)
    return "\n".join([*parts, "</svg>"])
