"""load/capacity starts this."""

import argparse
import json
import sys
from pathlib import Path

import inputs
import simulations
import tables
from model import Machine

DOCS = Path(__file__).resolve().parents[2] / "docs"
DOCUMENT, INPUTS = DOCS / "capacity.md", DOCS / "capacity.json"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="load/capacity",
        description="Prints what 10^5 POST/s, 10^6 GET/s, 10^9 events and 10^8 carts need, from what"
        " docs/capacity.json says was measured. With new measurements it writes that file and"
        " docs/capacity.md anew.",
    )
    parser.add_argument("--bench", type=Path, metavar="FILE", help="the JSON of a load/bench run")
    parser.add_argument(
        "--measure-home",
        type=Path,
        metavar="DIR",
        help="measure bytes, commits and GETs on the set-up that runs in this home (half a minute)",
    )
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement, default 5")
    parser.add_argument("--helpers", type=Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def update(document: dict, options: argparse.Namespace) -> None:
    if options.bench:
        document["bench"] = inputs.from_bench(json.loads(options.bench.read_text()))
    if options.measure_home:
        import measuring  # needs the harness; nothing else here does

        document["measured"] = measuring.measure(
            options.measure_home, options.helpers, options.seconds
        )
    missing = [name for name in ("bench", "measured") if name not in document]
    if missing:
        raise SystemExit(f"load/capacity: {INPUTS} has no {missing[0]} yet: see --help")
    if options.measure_home or "simulated" not in document:  # they start from what was measured
        document["simulated"] = simulations.simulate(
            document["measured"], options.helpers / "partition_skew", Machine()
        )
    inputs.save(INPUTS, document)
    DOCUMENT.write_text(tables.fill(DOCUMENT.read_text(), inputs.load(INPUTS)))


def main() -> int:
    options = parse_arguments()
    document = inputs.load(INPUTS)
    if options.bench or options.measure_home:
        update(document, options)
        document = inputs.load(INPUTS)
    for make in tables.TABLES.values():
        print(make(document), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
