"""load/bench starts this: rounds of measurements against a running home, one table, one JSON file."""

import argparse
import datetime
import json
import sys
import time
from pathlib import Path

import machine
import measure
import report
import warm_up
from stack import Stack


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="load/bench")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--helpers", type=Path, required=True)
    parser.add_argument("--repeat", type=int, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--warm-up", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def progress(figures: dict[str, float]) -> str:
    return (
        f"POST {figures['post_64_per_s']:,.0f}/s ({figures['post_256_per_s']:,.0f}/s at 256),"
        f" GET {figures['view_64_per_s']:,.0f}/s,"
        f" visible after {figures['visible_p50_ms']:.1f} ms"
    )


def main() -> int:
    options = parse_arguments()
    started_at = datetime.datetime.now(datetime.UTC)
    result = {
        "schema": report.SCHEMA,
        "started_at": started_at.isoformat(timespec="seconds"),
        "options": {"repeats": options.repeat, "seconds": options.seconds},
        "machine": machine.describe_machine(options.home),
        "versions": machine.describe_versions(options.home, measure.LOAD.parent),
    }
    bench = measure.Bench(
        Stack(options.home), options.helpers, options.seconds, f"{int(time.time()):x}"
    )
    print("warm-up", flush=True)
    result["warm_up"] = warm_up.warm_up(bench, options.warm_up)
    print(warm_up.describe(result["warm_up"]), flush=True)
    rounds = []
    for number in range(1, options.repeat + 1):
        rounds.append(measure.measure_round(bench, number))
        print(f"round {number} of {options.repeat}: {progress(rounds[-1])}", flush=True)
    result |= {
        "ratios": report.summarise_ratios(rounds),
        "figures": report.summarise_figures(rounds),
        "rounds": rounds,
        "errors": bench.errors,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\n{report.format_table(result)}\n\nwritten to {options.out}")
    return 1 if bench.errors else 0


if __name__ == "__main__":
    sys.exit(main())
