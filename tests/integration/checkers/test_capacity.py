"""Capacity on paper: the simulations obey what is known without them, the calculation adds up, and the
document says what load/capacity prints."""

import importlib
import math
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from types import ModuleType

import pytest
from lib.murmur2 import partition_of
from lib.paths import REPOSITORY

SIZING = REPOSITORY / "load" / "sizing"
MODULES = ("answers", "group_commit", "inputs", "model", "skew", "tables")


@pytest.fixture(scope="module")
def sizing() -> Iterator[dict[str, ModuleType]]:
    """Its modules have short names: they are forgotten again, for other folders have such too."""
    with ExitStack() as cleanup:
        sys.path.insert(0, str(SIZING))
        cleanup.callback(sys.path.remove, str(SIZING))
        for name in MODULES:
            cleanup.callback(sys.modules.pop, name, None)
        yield {name: importlib.import_module(name) for name in MODULES}


# ---- group commit


def test_saturated_lane(sizing) -> None:
    """Full batches one after another: nothing but arithmetic."""
    group = sizing["group_commit"]
    server = group.Server(fixed_us=100, event_us=10, flush_us=340, batch_max=100)
    assert group.saturation(server, 1) == pytest.approx(100 / 1440e-6, rel=0.02)
    assert group.saturation(server, 1, shared=True) == pytest.approx(100 / 1440e-6, rel=0.02)


def test_lanes_help_only_with_partitions_of_their_own(sizing) -> None:
    group = sizing["group_commit"]
    server = group.Server(fixed_us=100, event_us=10, flush_us=340, batch_max=100)
    one, four = group.saturation(server, 1), group.saturation(server, 4)
    assert 2.5 * one < four < 4.1 * one
    assert 0.7 * one < group.saturation(server, 4, shared=True) < 1.02 * one


def test_one_client_waits_for_each_commit(sizing) -> None:
    group = sizing["group_commit"]
    server = group.Server(fixed_us=100, event_us=10, flush_us=390)
    outcome = group.closed_loop(server, 1, clients=1, think_us=500, answers=1000)
    assert outcome.per_s == pytest.approx(1000, rel=0.01)
    assert (outcome.batch_mean, outcome.p50_ms) == (1, pytest.approx(0.5))


def test_a_flush_is_shared_by_what_waits(sizing) -> None:
    """With a slow disk batches grow with the clients, and so does the throughput."""
    group = sizing["group_commit"]
    server = group.Server(fixed_us=0, event_us=1, flush_us=5000)
    few, many = (group.closed_loop(server, 1, n, 10, 20 * n) for n in (8, 64))
    assert many.per_s == pytest.approx(8 * few.per_s, rel=0.15)
    assert many.batch_mean == pytest.approx(8 * few.batch_mean, rel=0.15)


def test_open_loop_tells_what_falls_behind(sizing) -> None:
    group = sizing["group_commit"]
    server = group.Server(fixed_us=100, event_us=100, flush_us=500)
    calm, flooded = (group.open_loop(server, 1, rate, 20_000) for rate in (1000, 20_000))
    assert calm.keeps_up
    assert calm.per_s == pytest.approx(1000, rel=0.03)
    assert 0.6 < calm.p50_ms < calm.p99_ms < 5
    assert not flooded.keeps_up
    assert flooded.per_s < 10_000


def test_fit(sizing) -> None:
    fixed, slope = sizing["group_commit"].fit([(2, 700 + 2 * 30), (32, 700 + 32 * 30), (128, 4540)])
    assert (fixed, slope) == (pytest.approx(700), pytest.approx(30))


# ---- skew


def test_expected_fullest_is_what_random_ids_do(sizing) -> None:
    """The formula, beside an own count with an independent murmur2."""
    counts = [0] * 16
    draw = random.Random(5)
    for _ in range(20_000):
        counts[partition_of(f"cart-{draw.getrandbits(60):x}")] += 1
    fullest = max(counts) / (20_000 / 16)
    assert sizing["skew"].expected_fullest(20_000, 16) == pytest.approx(fullest, abs=0.06)
    assert sizing["skew"].expected_fullest(1e8, 16) < 1.002


def test_hot_carts(sizing) -> None:
    skew = sizing["skew"]
    alike = skew.hottest_share(20_000, 16, 0.0)
    assert 1 < alike < 1.1
    assert alike < skew.hottest_share(20_000, 16, 0.8) < skew.hottest_share(20_000, 64, 0.8)
    one_cart_of_all = skew.hottest_share(1, 16, 1.0)
    assert one_cart_of_all == 16


def test_distinct_pages(sizing) -> None:
    draw = random.Random(3)
    touched = {draw.randrange(1000) for _ in range(700)}
    assert sizing["skew"].distinct_pages(700, 1000) == pytest.approx(len(touched), rel=0.05)


# ---- the calculation

COSTS = {
    "post_us": {
        **dict.fromkeys(("cart-api", "postgresql", "kafka", "redis", "denormalizer"), 12.0),
        **dict.fromkeys(("fraud", "billing", "notifier"), 6.0),
    },
    "get_us": {"cart-api": 9.6, "redis": 6.0},
    "commits_per_s": 200_000.0,
    "shared_commits_per_s": 20_000.0,
    "postgresql_event_bytes": 560.0,
    "postgresql_index_bytes": 112.0,
    "wal_event_bytes": 600.0,
    "kafka_event_bytes": 200.0,
    "redis_cart_bytes": 1344.0,
}


def demand(sizing, target: int, fleet: str, resource: str) -> float:
    model = sizing["model"]
    found = model.demands(model.TARGETS[target], model.Costs(**COSTS), model.Machine())
    return next(d.servers for d in found if (d.fleet, d.resource) == (fleet, resource))


@pytest.mark.parametrize(
    ("target", "fleet", "resource", "servers"),
    [
        (0, "cart-api", "CPU", 1e5 * 12 / (16 * 0.6e6)),
        (0, "PostgreSQL", "commits", 1e5 / (200_000 * 0.6)),
        (0, "PostgreSQL", "log to disk", 6e7 / 6e8),
        (0, "Kafka", "CPU", 3 * 1e5 * 12 / (16 * 0.6e6)),
        (0, "denormalizer", "one core", 1e5 * 12 / 0.6e6),
        (1, "cart-api", "CPU", 1.0),
        (1, "Redis", "one core", 10.0),
        (1, "PostgreSQL", "CPU", 0.0),
        (2, "PostgreSQL", "disk", 0.2),
        (2, "PostgreSQL", "indexes in memory", 2.5),
        (3, "Redis", "memory", 3.0),
        (4, "Redis", "one core", 12.0),
    ],
)
def test_demands(sizing, target: int, fleet: str, resource: str, servers: float) -> None:
    assert demand(sizing, target, fleet, resource) == pytest.approx(servers)


@pytest.mark.parametrize(
    ("servers", "fullest", "count"),
    [(0.4, 1.0, 1), (1.0, 1.0, 1), (1.0, 1.01, 2), (3.0, 1.0, 4), (4.0, 1.01, 6), (16.0, 1.0, 16)],
)
def test_whole_partitions(sizing, servers: float, fullest: float, count: int) -> None:
    """Three primaries have 6, 5 and 5 of 16 partitions: six of them are more than a third."""
    assert sizing["model"].by_ranges(servers, 16, fullest) == count


def test_more_than_there_are_partitions(sizing) -> None:
    assert sizing["model"].by_ranges(16.1, 16, 1.0) is None


def test_every_resource_has_an_answer(sizing) -> None:
    model = sizing["model"]
    found = model.demands(model.TARGETS[4], model.Costs(**COSTS), model.Machine())
    assert {(d.fleet, d.resource) for d in found} == set(sizing["answers"].ANSWERS)
    assert all(math.isfinite(d.servers) and d.servers > 0 for d in found)


# ---- the document


def test_times_to_come_back(sizing) -> None:
    """Also of a bench run that did not measure them."""
    table = sizing["tables"].recoveries({"bench": {"per_s": {"rebuild_per_s": 100_000.0}}})
    assert "| 100,000 events/s | 2.78 h |" in table
    assert table.count("not in that bench run") == 2


def test_the_document_is_what_is_printed(sizing) -> None:
    """Made from the JSON beside it. When this fails: load/capacity --help."""
    document = sizing["inputs"].load(REPOSITORY / "docs" / "capacity.json")
    text = (REPOSITORY / "docs" / "capacity.md").read_text()
    assert sizing["tables"].fill(text, document) == text
    printed = subprocess.run(
        [REPOSITORY / "load" / "capacity"], capture_output=True, text=True, timeout=60, check=False
    )
    assert printed.returncode == 0, printed.stderr
    for make in sizing["tables"].TABLES.values():
        assert make(document) in printed.stdout
        assert make(document) in text
