"""load/bench and load/compare: what is a change, a goal met, and a valid copy of an event."""

import importlib
import json
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from lib.murmur2 import murmur2
from lib.paths import REPOSITORY


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", [str(REPOSITORY / "load" / "harness"), *sys.path])
    return importlib.import_module


def result(harness, rounds: list[dict[str, float]]) -> dict:
    return {"schema": harness("report").SCHEMA} | harness("report").summarise_rounds(rounds)


def changed(harness, old: list[float], new: list[float], rule: str) -> bool:
    compare: ModuleType = harness("compare")
    results = [result(harness, [{"post_64_per_s": v} for v in values]) for values in (old, new)]
    changes, compared = compare.find_changes(*results, getattr(compare, rule))
    assert compared == 1
    return bool(changes)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([100, 101, 102], [120, 121, 122], True),
        ([120, 121, 122], [100, 101, 102], True),
        ([100, 101, 102], [100, 101, 102], False),
        ([100, 110, 120], [119, 130, 140], False),  # the ranges overlap
        ([100, 110, 120], [121, 125, 160], False),  # they do not, but are wider than apart
        ([100, 100, 100], [101, 101, 101], False),  # apart, by next to nothing
        ([100, 101], [200, 201], False),  # two values say nothing
        ([0, 0, 0], [5, 5, 5], True),
    ],
)
def test_changes_between_runs(harness, old: list[float], new: list[float], expected: bool) -> None:
    assert changed(harness, old, new, "is_beyond_noise") is expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([100, 200, 300], [150, 300, 450], True),  # the machine moved, the quotient did not
        ([100, 200, 300], [90, 220, 320], False),  # not the same side in each round
        ([100, 200, 300], [101, 210, 390], False),  # the same side, by 1 % to 30 %
        ([0, 200, 300], [100, 300, 450], False),
    ],
)
def test_changes_within_a_run(harness, old: list[float], new: list[float], expected: bool) -> None:
    assert changed(harness, old, new, "is_beyond_noise_beside") is expected


def test_largest_change_first_whichever_way(harness) -> None:
    old = result(harness, [{"post_64_per_s": 100, "view_64_per_s": 100, "post_64_p99_ms": 9}] * 3)
    new = result(harness, [{"post_64_per_s": 120, "view_64_per_s": 40, "post_64_p99_ms": 18}] * 3)
    compare = harness("compare")
    changes, _ = compare.find_changes(old, new)
    assert [change.key for change in changes] == [
        "view_64_per_s",
        "post_64_p99_ms",
        "post_64_per_s",
    ]
    known = compare.directions()
    assert [compare.verdict(change, known) for change in changes] == ["worse", "worse", "better"]


def run_compare(*files: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(REPOSITORY / "load/compare"), *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_compare_reads_only_its_schema(harness, tmp_path: Path) -> None:
    good, other, garbage = tmp_path / "good", tmp_path / "other", tmp_path / "garbage"
    good.write_text(json.dumps(result(harness, [{"static_64_per_s": 5}] * 3)))
    other.write_text(json.dumps({"schema": 0}))
    garbage.write_text("[")
    same, different = run_compare(good, good), run_compare(good, other)
    assert same.returncode == 0
    assert "changed beyond the noise: 0 of 1" in same.stdout
    assert different.returncode == 2
    assert different.stderr.startswith(f"load/compare: {other}: has schema 0")
    compare = harness("compare")
    for bad in (garbage, tmp_path / "none", tmp_path):
        with pytest.raises(compare.Unreadable):
            compare.load(bad)


def test_goals_are_met_by_the_median(harness) -> None:
    report, figures = harness("report"), harness("figures")
    summary = report.summarise([1, 19_999, 30_000])
    assert report.goal_words(figures.least(20_000), summary, 0) == ">= 20,000 MISSED"
    assert report.goal_words(figures.most(20_000), summary, 0) == "<= 20,000 met"
    assert report.goal_words(None, summary, 0) == ""


def test_old_beside_new_is_divided_round_by_round(harness) -> None:
    old = result(harness, [{"post_64_per_s": v, "only_old": 1} for v in (100, 200, 400)])
    new = result(harness, [{"post_64_per_s": v, "zero": 0} for v in (150, 200, 800)])
    quotients = harness("report").summarise_beside(new, old)
    assert list(quotients) == ["post_64_per_s"]
    assert quotients["post_64_per_s"]["values"] == [1.5, 1.0, 2.0]


def test_copies_are_placed_as_kafka_places_them(harness) -> None:
    source = random.Random(7)
    for length in range(65):
        key = source.randbytes(length)
        assert harness("fill").murmur2(key) == murmur2(key)


def test_a_copy_takes_over_what_is_not_its_identity(harness) -> None:
    fill = harness("fill")
    rest = fill.text_field(5, "actor") + fill.text_field(16, "body")
    for version in (1, 127, 128, 10_000):
        identity = fill.text_field(1, "cart-1") + b"\x10" + fill.varint(version)
        identity += b"\x1a\x10" + bytes(16) + b"\x20" + fill.varint(1_790_000_000_000_000)
        assert fill.after_identity(identity + rest) == rest
    with pytest.raises(RuntimeError):
        fill.after_identity(fill.text_field(1, "cart-1") + rest)


def test_a_copy_may_be_longer_than_its_template(harness) -> None:
    template = harness("fill").Template("cart", opening=9, versions=11)
    assert [template.version(v) for v in range(1, 15)] == [*range(1, 12), 10, 11, 10]
    whole = harness("fill").Template("cart", opening=50, versions=50)
    assert [whole.version(v) for v in (1, 50)] == [1, 50]
