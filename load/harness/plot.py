"""load/plot starts this: measures the curves, or takes measured ones, and draws them."""

import argparse
import datetime
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bench
import chart
import curves
import machine
import report
import warm_up
from chart import Axis, Chart, Line
from stack import Stack

SCHEMA = 1
CHROMIUM = [
    *("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-background-networking", "--disable-extensions"),
    *("--hide-scrollbars", "--force-device-scale-factor=2"),
]
PNG_TIMEOUT_S = 60
LATENCY_GOALS = "goal at 1,000/s: p50 3 ms, p99 15 ms"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="load/plot")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--home", type=Path)
    source.add_argument("--from", type=Path, dest="measured")
    parser.add_argument("--helpers", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


# ---- the curves


def measure(options: argparse.Namespace) -> dict:
    extent = curves.QUICK if options.quick else curves.FULL
    sizes = bench.QUICK if options.quick else bench.FULL
    run = f"{int(time.time()):x}"
    one = bench.Bench("new", Stack(options.home), options.helpers, sizes, run, [])
    result: dict = {
        "schema": SCHEMA,
        "started_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine.describe_machine(options.home),
        "versions": machine.describe_versions(options.home, bench.LOAD.parent),
    }
    print("warm-up", flush=True)
    result["warm_up"] = warm_up.warm_up(one)
    result |= curves.measure_all(one, extent)
    return result | {"errors": one.errors}


def read(path: Path) -> dict:
    result = json.loads(path.read_text())
    if result.get("schema") != SCHEMA or "offered_load" not in result:
        raise SystemExit(f"load/plot: {path} is not a curves.json of this version")
    return result


# ---- the charts


def latency_chart(result: dict) -> Chart:
    steps = result["offered_load"]
    names = {"p50": "p50", "p90": "p90", "p99": "p99", "p999": "p99.9"}
    lines = [
        Line(label, [(step["rate"], step[key]) for step in steps]) for key, label in names.items()
    ]
    return Chart(
        "latency",
        "POST add-item: latency against offered load",
        LATENCY_GOALS,
        Axis("offered, posts/s, at a constant rate (open loop)", logarithmic=True),
        Axis("due → acknowledged, ms", logarithmic=True),
        lines,
    )


def answered_chart(result: dict) -> Chart:
    steps = result["offered_load"]
    return Chart(
        "saturation",
        "POST add-item: answered against offered load",
        "64 connections, everything at work",
        Axis("offered, posts/s, at a constant rate (open loop)"),
        Axis("acknowledged, posts/s"),
        [
            Line("acknowledged", [(step["rate"], step["answered_per_s"]) for step in steps]),
            Line(
                "offered", [(0, 0), *((step["rate"], step["rate"]) for step in steps)], dashed=True
            ),
        ],
    )


def banded(label: str, points: list[dict], kind: str) -> Line:
    return Line(
        label,
        [(point["events"], point[f"{kind}_median"]) for point in points],
        [(point[f"{kind}_min"], point[f"{kind}_max"]) for point in points],
    )


def length_chart(result: dict) -> Chart:
    return Chart(
        "cart-length",
        "POST add-item: throughput against cart length",
        f"{curves.LENGTH_CARTS} carts, 64 connections, everything at work; median and range",
        Axis("events in each cart", logarithmic=True),
        Axis("acknowledged, posts/s"),
        [banded("POST", result["cart_length"], "post")],
    )


def size_chart(result: dict) -> Chart:
    return Chart(
        "store-size",
        "Throughput against store size",
        "64 connections, relay and projection at work; median and range",
        Axis("events in the store", logarithmic=True),
        Axis("answers/s"),
        [
            banded("GET view", result["store_size"], "view"),
            banded("POST add-item", result["store_size"], "post"),
        ],
    )


# ---- files


def page(result: dict, drawn: dict[str, str]) -> str:
    words = [
        f"machine: {report.format_description(result['machine'])}",
        f"versions: {report.format_description(result['versions'])}",
        f"started {result['started_at']}; errors: {len(result['errors'])}",
    ]
    paragraphs = "\n".join(f"<p>{chart.escape(word)}</p>" for word in words)
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>Cartwright: load</title>"
        "<style>body{margin:24px;font:14px/1.4 'DejaVu Sans',Verdana,sans-serif;color:#222;"
        f"max-width:{chart.WIDTH}px}}svg{{display:block;margin:24px 0;max-width:100%;height:auto}}"
        "p{color:#555;font-size:12px;margin:4px 0}</style></head>"
        f"<body><h1>Cartwright: load</h1>\n{paragraphs}\n"
        + "\n".join(drawn.values())
        + "</body></html>\n"
    )


def write_png(svg: str, path: Path) -> None:
    """Chromium paints it; its profile goes with it."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "chart.html")
        source.write_text(f"<!doctype html><body style='margin:0'>{svg}</body>")
        subprocess.run(
            [
                *CHROMIUM,
                f"--user-data-dir={folder}/profile",
                f"--window-size={chart.WIDTH},{chart.HEIGHT}",
                f"--screenshot={path.resolve()}",
                source.as_uri(),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PNG_TIMEOUT_S,
            check=True,
        )


def write_all(result: dict, folder: Path) -> None:
    charts = [
        chart_of(result) for chart_of in (latency_chart, answered_chart, length_chart, size_chart)
    ]
    drawn = {one.name: chart.draw(one) for one in charts}
    (folder / "load.html").write_text(page(result, drawn))
    print(f"written to {folder / 'load.html'}")
    for name, svg in drawn.items():
        write_png(svg, folder / f"{name}.png")
        print(f"written to {folder / name}.png")


def main() -> int:
    options = parse_arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.measured:
        result = read(options.measured)
    else:
        result = measure(options)
        (options.out / "curves.json").write_text(json.dumps(result, indent=1) + "\n")
    write_all(result, options.out)
    for error in result["errors"]:
        print(f"ERROR {error}")
    return 1 if result["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
