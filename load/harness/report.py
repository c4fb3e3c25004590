"""Rounds of figures as a table and as JSON: ratios first, then figures, as median and range."""

import statistics
from dataclasses import dataclass

import warm_up

SCHEMA = 1  # of the JSON; a change that old readers would misread gets the next number


@dataclass(frozen=True)
class Row:
    key: str
    label: str
    unit: str = ""
    digits: int = 0


@dataclass(frozen=True)
class Ratio:
    key: str
    label: str
    numerator: str
    denominator: str


RATIOS = [
    Ratio(
        "post_to_bare_insert",
        "POST, 64 connections : bare inserts",
        *("post_64_per_s", "bare_insert_per_s"),
    ),
    Ratio(
        "post_to_static",
        "POST, 64 connections : h2o's static reply",
        *("post_64_per_s", "static_64_per_s"),
    ),
    Ratio(
        "post_256_to_64",
        "POST, 256 connections : 64 connections",
        *("post_256_per_s", "post_64_per_s"),
    ),
    Ratio("view_to_static", "GET view : h2o's static reply", *("view_64_per_s", "static_64_per_s")),
    Ratio("view_to_redis", "GET view : Redis GET", *("view_64_per_s", "redis_64_per_s")),
]

FIGURES = {
    "throughput": [
        Row("post_64_per_s", "POST add-item, 64 connections", "acknowledged/s"),
        Row("post_256_per_s", "POST add-item, 256 connections", "acknowledged/s"),
        Row("view_64_per_s", "GET view, 64 connections", "answers/s"),
        Row("bare_insert_per_s", "bare inserts, batches of 200, one connection", "events/s"),
        Row("static_64_per_s", "h2o's static reply, 64 connections", "answers/s"),
        Row("redis_64_per_s", "Redis GET without pipelining, 64 connections", "answers/s"),
    ],
    "latency": [
        Row("post_64_p50_ms", "POST, 64 connections, p50", "ms", 2),
        Row("post_64_p99_ms", "                      p99", "ms", 2),
        Row("post_256_p50_ms", "POST, 256 connections, p50", "ms", 2),
        Row("post_256_p99_ms", "                       p99", "ms", 2),
        Row("view_64_p50_ms", "GET view, 64 connections, p50", "ms", 2),
        Row("view_64_p99_ms", "                          p99", "ms", 2),
        Row("static_64_p50_ms", "h2o's static reply, p50", "ms", 2),
        Row("static_64_p99_ms", "                    p99", "ms", 2),
        Row("redis_64_p50_ms", "Redis GET, p50", "ms", 2),
        Row("redis_64_p99_ms", "           p99", "ms", 2),
    ],
    "acknowledged to visible": [
        Row("visible_rate", "posts at a constant rate", "per s"),
        Row("visible_p50_ms", "acknowledged -> visible in Redis, p50", "ms", 2),
        Row("visible_p99_ms", "                                  p99", "ms", 2),
        Row("visible_answer_p50_ms", "due -> acknowledged at that rate, p50", "ms", 2),
        Row("visible_answer_p99_ms", "                                  p99", "ms", 2),
        Row("visible_latest_send_ms", "a post was sent late by at most", "ms", 2),
    ],
    "acknowledged to pushed": [
        Row("push_sockets", "WebSockets on one process", ""),
        Row("push_rate", "posts at a constant rate", "per s"),
        Row("push_p50_ms", "acknowledged -> pushed to the listener, p50", "ms", 2),
        Row("push_p99_ms", "                                        p99", "ms", 2),
    ],
    "consumers at the end of the POST runs": [
        Row("post_64_relay_lag", "64 connections: events not in Kafka yet", "events"),
        Row("post_64_consumer_lag", "                events not in views yet", "events"),
        Row("post_64_catch_up_s", "                every view is current after", "s", 2),
        Row("post_256_relay_lag", "256 connections: events not in Kafka yet", "events"),
        Row("post_256_consumer_lag", "                 events not in views yet", "events"),
        Row("post_256_catch_up_s", "                 every view is current after", "s", 2),
    ],
    "CPU of an acknowledged POST, 64 connections": [
        Row("post_64_cpu_us/*", "", "us", 1),
        Row("post_64_generator_us", "(load generator)", "us", 1),
        Row("post_64_others_cpus", "(others on this machine, in CPUs)", "", 2),
    ],
    "the same by thread": [Row("post_64_thread_cpu_us/*", "", "us", 1)],
    "resident memory after a round": [Row("resident_mib/*", "", "MiB")],
}


def summarise(values: list[float]) -> dict[str, object]:
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "values": values,
    }


def summarise_figures(rounds: list[dict[str, float]]) -> dict[str, dict]:
    """Figures of all rounds; one that is not in every round is summarised over those that have it."""
    keys = dict.fromkeys(key for figures in rounds for key in figures)
    return {key: summarise([figures[key] for figures in rounds if key in figures]) for key in keys}


def summarise_ratios(rounds: list[dict[str, float]]) -> dict[str, dict]:
    """Taken within each round, so that a machine that slows down does not bend them."""
    return {
        ratio.key: summarise(
            [figures[ratio.numerator] / figures[ratio.denominator] for figures in rounds]
        )
        for ratio in RATIOS
    }


def format_row(label: str, summary: dict, unit: str, digits: int) -> str:
    median, low, high = (f"{summary[name]:,.{digits}f}" for name in ("median", "min", "max"))
    return f"  {label:<46}{median:>10}   {low + ' .. ' + high:<23} {unit}".rstrip()


def expand(row: Row, figures: dict[str, dict]) -> list[Row]:
    """A row whose key ends with * stands for every figure of that family, the largest first."""
    if not row.key.endswith("*"):
        return [row] if row.key in figures else []
    family = [key for key in figures if key.startswith(row.key[:-1])]
    family.sort(key=lambda key: -figures[key]["median"])
    return [Row(key, key.partition("/")[2], row.unit, row.digits) for key in family]


def format_description(words: dict[str, object]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in words.items())


def format_table(result: dict) -> str:
    lines = [
        f"machine   {format_description(result['machine'])}",
        f"versions  {format_description(result['versions'])}",
        f"run       {format_description(result['options'])}, started {result['started_at']}",
        f"warm-up   {warm_up.describe(result['warm_up'])}",
        "",
        f"{'ratios':<48}{'median':>10}   range",
    ]
    lines += [format_row(ratio.label, result["ratios"][ratio.key], "", 3) for ratio in RATIOS]
    for title, rows in FIGURES.items():
        lines += ["", title]
        for row in rows:
            lines += [
                format_row(found.label, result["figures"][found.key], found.unit, found.digits)
                for found in expand(row, result["figures"])
            ]
    lines += ["", f"errors: {len(result['errors'])}", *(f"  {text}" for text in result["errors"])]
    return "\n".join(lines)
