"""The machine and the versions of what runs on it."""

import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

SYNC_BYTES = 8192
SYNCS = 200


def first_line(*command: str) -> str:
    try:
        result = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
        )
    except OSError:
        return "?"
    return result.stdout.strip().split("\n", 1)[0] if result.returncode in (0, 1) else "?"


def matched(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1].strip() if match else "?"


def sync_us(folder: Path) -> float:
    """The median time to make a small write durable: what bounds single commits."""
    times = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(SYNCS):
            begin = time.perf_counter()
            os.pwrite(file.fileno(), os.urandom(SYNC_BYTES), 0)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begin) * 1e6)
    return sorted(times)[SYNCS // 2]


def describe_machine(home: Path) -> dict[str, object]:
    memory_kib = int(matched(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()))
    return {
        "cpu": matched(r"^model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text()),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory_kib / 2**20, 1),
        "kernel": os.uname().release,
        "distribution": matched(r'^PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text()),
        "file_system": first_line("stat", "--file-system", "--format=%T", str(home)),
        "sync_us": round(sync_us(home)),
        "load_average_before": os.getloadavg()[0],
    }


def describe_versions(home: Path, repository: Path) -> dict[str, str]:
    return {
        "cartwright": first_line(str(home / "bin/cart-api"), "--version"),
        "revision": first_line(
            *("git", "-c", "safe.directory=*", "-C", str(repository)),
            *("describe", "--always", "--dirty"),
        ),
        "postgresql": matched(
            r"\) ([0-9.]+)", first_line("/usr/lib/postgresql/15/bin/postgres", "--version")
        ),
        "redis": matched(r"v=(\S+)", first_line("redis-server", "--version")),
        "kafka": matched(r"/kafka-([0-9.]+)/", (home / "sv/kafka/run").read_text()),
        "libh2o": first_line(
            *("dpkg-query", "--show", "--showformat=${Version}", "libh2o-evloop-dev")
        ),
        "wrk": matched(r"wrk \S*?([0-9]\S*)", first_line("wrk", "-v")),
    }
