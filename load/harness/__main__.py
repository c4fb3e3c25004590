"""load/bench starts this: rounds of measurements against running homes, one table, one JSON file."""

import argparse
import dataclasses
import datetime
import json
import sys
import time
from pathlib import Path

import bench
import machine
import memory
import report
import rounds
import store_size
import warm_up
from bench import Bench
from stack import Stack


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="load/bench")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--beside", type=Path, nargs=2, metavar=("CHECKOUT", "HOME"))
    parser.add_argument("--helpers", type=Path, required=True)
    parser.add_argument("--repeat", type=int, required=True)
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--temporary", action="store_true", help="nobody needs the homes any more")
    parser.add_argument("--soak", type=int, default=0, metavar="MINUTES")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def make_benches(options: argparse.Namespace) -> list[Bench]:
    """The set-up of this checkout, after the one beside it."""
    sizes = bench.QUICK if options.quick else bench.FULL
    if options.seconds:
        sizes = dataclasses.replace(sizes, seconds=options.seconds)
    stacks = {"new": Stack(options.home)}
    if options.beside:
        stacks = {"old": Stack(options.beside[1])} | stacks
    run, errors = f"{int(time.time()):x}", []
    return [
        Bench(
            name,
            stack,
            options.helpers,
            sizes,
            run,
            errors,
            [s for s in stacks.values() if s != stack],
        )
        for name, stack in stacks.items()
    ]


def progress(figures: dict[str, float]) -> str:
    return (
        f"POST {figures['post_64_per_s']:,.0f}/s ({figures['post_256_per_s']:,.0f}/s at 256,"
        f" {figures['post_alone_64_per_s']:,.0f}/s without relay and consumers),"
        f" GET {figures['view_64_per_s']:,.0f}/s,"
        f" visible after {figures['visible_p50_ms']:.1f} ms"
    )


def run_rounds(benches: list[Bench], repeat: int) -> dict[str, report.Rounds]:
    measured: dict[str, report.Rounds] = {one.name: [] for one in benches}
    for number in range(1, repeat + 1):
        for name, figures in rounds.run_round(benches, number).items():
            measured[name].append(figures)
            print(f"round {number} of {repeat}, {name}: {progress(figures)}", flush=True)
    return measured


def extend(measured: dict[str, report.Rounds], name: str, more: report.Rounds) -> None:
    for figures, added in zip(measured[name], more, strict=True):
        figures |= added


def warm_up_all(benches: list[Bench], checkouts: dict[str, Path | None]) -> dict[str, dict]:
    parts: dict[str, dict] = {}
    for one in benches:
        print(f"warm-up of {one.name}", flush=True)
        parts[one.name] = {
            "versions": machine.describe_versions(one.stack.home, checkouts[one.name]),
            "warm_up": warm_up.warm_up(one),
        }
        print(warm_up.describe(parts[one.name]["warm_up"]), flush=True)
    return parts


def measure_all(benches: list[Bench], options: argparse.Namespace) -> dict[str, report.Rounds]:
    """The rounds, and around them what is not measured in rounds."""
    sized = options.temporary and not options.quick
    small = [store_size.measure_small(one, options.repeat) for one in benches if sized]
    measured = run_rounds(benches, options.repeat)
    for one in benches if options.soak else []:
        print(f"soak of {one.name}", flush=True)
        measured[one.name][-1] |= memory.soak(one, options.soak)
    for one, before in zip(benches, small, strict=False):
        print(f"store of {store_size.LARGE:,} events, {one.name}", flush=True)
        extend(measured, one.name, before)
        extend(measured, one.name, store_size.measure_large(one, options.repeat))
    return measured


def run(options: argparse.Namespace) -> dict:
    benches = make_benches(options)
    checkouts = {"new": bench.LOAD.parent, "old": options.beside[0] if options.beside else None}
    result: dict = {
        "schema": report.SCHEMA,
        "started_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "options": {"repeats": options.repeat} | dataclasses.asdict(benches[0].sizes),
        "machine": machine.describe_machine(options.home),
    }
    parts = warm_up_all(benches, checkouts)
    for name, measured in measure_all(benches, options).items():
        parts[name] |= report.summarise_rounds(measured)
    result |= parts["new"]
    if "old" in parts:
        result["beside"] = parts["old"]
        result["new_to_old"] = report.summarise_beside(parts["new"], parts["old"])
    return result | {"errors": benches[0].errors}


def main() -> int:
    options = parse_arguments()
    result = run(options)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\n{report.format_table(result)}\n\nwritten to {options.out}")
    return 1 if result["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
