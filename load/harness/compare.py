"""load/compare starts this: what changed between two results, the largest change first."""

import argparse
import json
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import figures as table
import report

HELP = """
A figure has changed when the ranges of its values in both results do not overlap, its medians are
farther apart than the wider of the ranges is wide, and by 2 % at least. It needs three values on each
side; with five, by --repeat 5, less is left to chance. The largest change comes first, by the quotient
of the medians.

With one file, of a run with --beside, old and new come from it: both were measured on the same machine
at the same time, so new divided by old within each round is judged. It has changed when that quotient
is above 1 in every round, or below 1 in every round, and its median is farther from 1 than its largest
value is from its smallest.

Look at the yardsticks first, which no release changes: where they moved, the machine has changed.
"""
YARDSTICKS = ("static_64_per_s", "redis_64_per_s", "bare_insert_per_s")
# What says more of the machine and the harness than of Cartwright.
NOT_JUDGED = ("_others_cpus", "_idle_cpus", "_generator_us", "_latest_send_ms")
VALUES_LEAST = 3
CHANGE_LEAST = 1.02

Summary = dict[str, object]


class Unreadable(Exception):
    pass


@dataclass(frozen=True)
class Change:
    key: str
    old: Summary
    new: Summary

    @property
    def quotient(self) -> float:
        """Of the medians; infinite for what was 0."""
        old, new = self.old["median"], self.new["median"]
        return new / old if old else float("inf")

    @property
    def size(self) -> float:
        """How far from 1 the quotient is, either way."""
        quotient = self.quotient
        return max(quotient, 1 / quotient) if quotient else float("inf")


def directions() -> dict[str, bool]:
    """Whether more of it is better, by key, of what has a goal or is a rate, a time or a size."""
    known = {ratio.key: ratio.goal.at_least for ratio in table.RATIOS if ratio.goal}
    for row in (row for rows in table.FIGURES.values() for row in rows):
        if row.goal:
            known[row.key] = row.goal.at_least
        elif row.unit in ("acknowledged/s", "answers/s", "events/s"):
            known[row.key] = True
        elif row.unit in ("ms", "us", "s", "MiB"):
            known[row.key] = False
    return known


def verdict(change: Change, known: dict[str, bool]) -> str:
    family = change.key.partition("/")[0] + "/*"
    more_is_better = known.get(change.key, known.get(family))
    if more_is_better is None or change.key in YARDSTICKS:
        return ""
    return "better" if (change.quotient > 1) == more_is_better else "worse"


def is_beyond_noise(old: Summary, new: Summary) -> bool:
    """Between runs: the ranges do not overlap, and the medians are farther apart than they are wide."""
    enough = min(len(old["values"]), len(new["values"])) >= VALUES_LEAST
    apart = new["min"] > old["max"] or new["max"] < old["min"]
    widest = max(old["max"] - old["min"], new["max"] - new["min"])
    return enough and apart and abs(new["median"] - old["median"]) > widest


def is_beyond_noise_beside(old: Summary, new: Summary) -> bool:
    """Within a run: the quotients of the rounds are farther from 1 than from each other."""
    quotients = report.divide(new, old)
    if len(quotients) < VALUES_LEAST or min(quotients) <= 0:
        return False
    spread = max(quotients) / min(quotients)
    median = statistics.median(quotients)
    one_side = min(quotients) > 1 or max(quotients) < 1
    return one_side and max(median, 1 / median) > spread


def find_changes(old: dict, new: dict, changed=is_beyond_noise) -> tuple[list[Change], int]:
    """The largest first; and how many figures could be compared."""
    changes, compared = [], 0
    for kind in ("ratios", "figures"):
        for key, summary in new[kind].items():
            if key not in old[kind] or key.endswith(NOT_JUDGED):
                continue
            compared += 1
            change = Change(key, old[kind][key], summary)
            if changed(change.old, change.new) and change.size >= CHANGE_LEAST:
                changes.append(change)
    changes.sort(key=lambda change: (-change.size, change.key))
    return changes, compared


# ---- words

KEY_WIDTH = 50


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def row(change: Change, word: str) -> str:
    spans = [f"{number(s['min'])} .. {number(s['max'])}" for s in (change.old, change.new)]
    medians = [number(s["median"]) for s in (change.old, change.new)]
    return (
        f"{change.key:<{KEY_WIDTH}}{medians[0]:>11}{medians[1]:>11}{change.quotient:>8.2f}"
        f"  {word:<7} {spans[0]:<21} {spans[1]}"
    ).rstrip()


def format_changes(old: dict, new: dict, changed=is_beyond_noise) -> str:
    changes, compared = find_changes(old, new, changed)
    known = directions()
    head = f"{'':<{KEY_WIDTH}}{'old':>11}{'new':>11}{'new:old':>8}          {'old range':<21} new range"
    lines = ["yardsticks", head]
    for key in YARDSTICKS:
        if key in old["figures"] and key in new["figures"]:
            lines.append(row(Change(key, old["figures"][key], new["figures"][key]), ""))
    lines += ["", f"changed beyond the noise: {len(changes)} of {compared}"]
    lines += [row(change, verdict(change, known)) for change in changes]
    return "\n".join(lines)


def load(path: Path) -> dict:
    try:
        result = json.loads(path.read_text())
        schema = result["schema"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"{path}: not a result of load/bench: {error}") from error
    if schema != report.SCHEMA:
        raise Unreadable(f"{path}: has schema {schema}, this program reads {report.SCHEMA}")
    return result


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="load/compare",
        description="What changed between two results of load/bench, beyond the noise.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("old", type=Path, metavar="OLD.json")
    parser.add_argument("new", type=Path, metavar="NEW.json", nargs="?")
    options = parser.parse_args()
    try:
        old = load(options.old)
        if options.new:
            print(format_changes(old, load(options.new)))
        elif "beside" in old:
            print(format_changes(old["beside"], old, is_beyond_noise_beside))
        else:
            raise Unreadable(f"{options.old}: made without --beside, a second file is needed")
    except Unreadable as error:
        print(f"load/compare: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
