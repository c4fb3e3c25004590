"""Rounds of figures as a table and as JSON: ratios first, then figures, as median and range."""

import statistics

import figures as table
import warm_up
from figures import Goal

SCHEMA = 1  # of the JSON; a change that old readers would misread gets the next number

Summary = dict[str, object]
Rounds = list[dict[str, float]]


def summarise(values: list[float]) -> Summary:
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "values": values,
    }


def summarise_figures(rounds: Rounds) -> dict[str, Summary]:
    """Figures of all rounds; one that is not in every round is summarised over those that have it."""
    keys = dict.fromkeys(key for figures in rounds for key in figures)
    return {key: summarise([figures[key] for figures in rounds if key in figures]) for key in keys}


def summarise_ratios(rounds: Rounds) -> dict[str, Summary]:
    """Taken within each round, so that a machine that slows down does not bend them."""
    ratios = {}
    for ratio in table.RATIOS:
        values = [
            figures[ratio.numerator] / figures[ratio.denominator]
            for figures in rounds
            if ratio.numerator in figures and figures.get(ratio.denominator)
        ]
        if values:
            ratios[ratio.key] = summarise(values)
    return ratios


def divide(new: Summary, old: Summary) -> list[float]:
    """Value by value; nothing where they do not pair or where old is 0."""
    pairs = list(zip(new["values"], old["values"], strict=False))
    paired = len(new["values"]) == len(old["values"])
    return [a / b for a, b in pairs] if paired and all(b for _, b in pairs) else []


def summarise_beside(new: dict, old: dict) -> dict[str, Summary]:
    """New divided by old within each round, of what both have."""
    quotients = {}
    for kind in ("ratios", "figures"):
        for key, summary in new[kind].items():
            values = divide(summary, old[kind][key]) if key in old[kind] else []
            if values:
                quotients[key] = summarise(values)
    return quotients


def summarise_rounds(rounds: Rounds) -> dict[str, object]:
    return {
        "ratios": summarise_ratios(rounds),
        "figures": summarise_figures(rounds),
        "rounds": rounds,
    }


# ---- the table


def words_of(summary: Summary, digits: int) -> list[str]:
    median, low, high = (f"{summary[name]:,.{digits}f}" for name in ("median", "min", "max"))
    return [median, f"{low} .. {high}"]


def goal_words(goal: Goal | None, summary: Summary, digits: int) -> str:
    if goal is None:
        return ""
    return f"{goal.words(digits)} {'met' if goal.met(summary['median']) else 'MISSED'}"


class Table:
    """One column of figures, or with a release beside it three: old, new, new:old."""

    def __init__(self, result: dict) -> None:
        self.result = result
        self.beside = result.get("beside")

    def head(self, title: str) -> str:
        if self.beside is None:
            return f"{title:<50}{'median':>10}   {'range':<23} {'unit':<15} goal".rstrip()
        columns = f"{'old':>10}{'new':>10}   {'range of new':<23} {'new:old':>7}   {'range':<13}"
        return f"{title:<50}{columns} {'unit':<15} goal".rstrip()

    def row(
        self, label: str, kind: str, key: str, unit: str, digits: int, goal: Goal | None
    ) -> str:
        summary = self.result[kind][key]
        median, span = words_of(summary, digits)
        end = f" {unit:<15} {goal_words(goal, summary, digits)}"
        if self.beside is None:
            return f"  {label:<48}{median:>10}   {span:<23}{end}".rstrip()
        old = self.beside[kind].get(key)
        old_median = words_of(old, digits)[0] if old else "-"
        quotient = self.result["new_to_old"].get(key)
        columns = words_of(quotient, 2) if quotient else ["", ""]
        return (
            f"  {label:<48}{old_median:>10}{median:>10}   {span:<23}"
            f" {columns[0]:>7}   {columns[1]:<13}{end}"
        ).rstrip()

    def lines(self) -> list[str]:
        lines = [self.head("ratios")]
        lines += [
            self.row(ratio.label, "ratios", ratio.key, "", 3, ratio.goal)
            for ratio in table.RATIOS
            if ratio.key in self.result["ratios"]
        ]
        for title, rows in table.FIGURES.items():
            found = [row for wanted in rows for row in table.expand(wanted, self.result["figures"])]
            if found:
                lines += ["", self.head(title)]
            lines += [
                self.row(row.label, "figures", row.key, row.unit, row.digits, row.goal)
                for row in found
            ]
        return lines


def format_description(words: dict[str, object]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in words.items())


def format_table(result: dict) -> str:
    lines = [
        f"machine   {format_description(result['machine'])}",
        f"versions  {format_description(result['versions'])}",
        f"run       {format_description(result['options'])}, started {result['started_at']}",
        f"warm-up   {warm_up.describe(result['warm_up'])}",
    ]
    if "beside" in result:
        beside = result["beside"]
        lines += [
            f"old       {format_description(beside['versions'])}",
            f"          {warm_up.describe(beside['warm_up'])}",
        ]
    if result["options"]["quick"]:
        lines.append(
            "quick     start, coming back: once, smaller; no growth, no 100,000 carts, no large store"
        )
    lines += ["", *Table(result).lines()]
    lines += ["", f"errors: {len(result['errors'])}", *(f"  {text}" for text in result["errors"])]
    return "\n".join(lines)
