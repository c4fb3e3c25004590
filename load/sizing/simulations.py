"""The simulations behind the factors, with what was measured put in. Outcomes are plain values."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

import group_commit
import skew
from group_commit import Server
from model import Machine

CARTS = 100_000_000
ACTIVE_CARTS = 200_000
EXPONENTS = (0.0, 0.6, 0.8, 1.0)
PARTITION_COUNTS = (16, 64, 256)
LANES = (1, 4, 16)
FLUSHES_US = (200, 500, 1000, 5000)
OPEN_RATE_PER_S = 5000
THINK_US = 200  # from an answer to the same client's next command in a lane
ANSWERS = 30_000
PAGE_BYTES = 8192
EVENTS_STORED = 1e9
CHECKPOINT_EVENTS = (1e6, 1e7, 1e8)


def fitted(measured: dict, what: str, flush_us: float, flush_inside: bool) -> Server:
    """A line through the measured batches; the flush may be in what was measured."""
    points = [(point["batch_mean"], point[what]) for point in measured["commits"]]
    fixed_us, event_us = group_commit.fit(points)
    fixed_us -= flush_us if flush_inside else 0
    return Server(max(0.0, fixed_us), max(0.1, event_us), flush_us)


def check(server: Server, measured: dict) -> list[dict]:
    """The same closed loops, simulated with one lane as they were measured."""
    rows = []
    for point in measured["commits"]:
        clients = int(point["connections"])
        outcome = group_commit.closed_loop(server, 1, clients, THINK_US, ANSWERS)
        rows.append({"connections": clients, "measured": point, "simulated": asdict(outcome)})
    return rows


def ceilings(server: Server) -> list[dict]:
    """What commits allow on one primary; apart: each lane has partitions of its own."""
    rows = []
    for flush_us in FLUSHES_US:
        flushed = Server(server.fixed_us, server.event_us, flush_us)
        for lanes in LANES:
            calm = group_commit.open_loop(flushed, lanes, OPEN_RATE_PER_S, ANSWERS)
            rows.append(
                {
                    "flush_us": flush_us,
                    "lanes": lanes,
                    "apart_per_s": group_commit.saturation(flushed, lanes),
                    "shared_per_s": group_commit.saturation(flushed, lanes, shared=True),
                    "calm": asdict(calm),
                }
            )
    return rows


def placed(helper: Path) -> dict:
    """Every cart through the hash that places streams."""
    command = [str(helper), str(CARTS)]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = json.loads(text)
    found["expected"] = {str(n): skew.expected_fullest(CARTS, n) for n in PARTITION_COUNTS}
    return found


def used() -> list[dict]:
    return [
        {
            "exponent": exponent,
            **{
                str(partitions): skew.hottest_share(ACTIVE_CARTS, partitions, exponent)
                for partitions in PARTITION_COUNTS
            },
        }
        for exponent in EXPONENTS
    ]


def full_pages(index_event_bytes: float) -> list[dict]:
    """Pages of the stream index that the events between two checkpoints touch when ids are random;
    that index is taken for half of both."""
    pages = EVENTS_STORED * index_event_bytes / 2 / PAGE_BYTES
    return [
        {"events": events, "pages_per_event": skew.distinct_pages(events, pages) / events}
        for events in CHECKPOINT_EVENTS
    ]


def simulate(measured: dict, helper: Path, machine: Machine) -> dict:
    busy = fitted(measured, "commit_us", measured["sync_us"], flush_inside=True)
    free = fitted(measured, "cpu_us", machine.flush_us, flush_inside=False)
    return {
        "busy": asdict(busy),
        "free": asdict(free),
        "check": check(busy, measured),
        "ceilings": ceilings(free),
        "commits_per_s": {
            "apart": group_commit.saturation(free, machine.lanes),
            "shared": group_commit.saturation(free, machine.lanes, shared=True),
        },
        "placed": placed(helper),
        "used": used(),
        "full_pages": full_pages(measured["storage"]["postgresql_index_bytes"]),
    }
