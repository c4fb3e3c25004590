"""What processes use, from /proc. A process counts with its children: PostgreSQL is many."""

import os
import re
from collections import defaultdict
from pathlib import Path

TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")


def stat_fields(path: Path) -> list[str]:
    """The fields of a stat file from the third on: the second, the name, may hold anything."""
    return path.read_text().rpartition(")")[2].split()


def cpu_us_of(path: Path, with_reaped: bool) -> int:
    fields = stat_fields(path)
    ticks = fields[11:15] if with_reaped else fields[11:13]
    return sum(map(int, ticks)) * TICK_US


def children(pid: int) -> list[int]:
    return [
        int(child)
        for path in Path(f"/proc/{pid}/task").glob("*/children")
        for child in path.read_text().split()
    ]


def cpu_us(pid: int) -> int:
    """Of the process, of those children that are alive, and of those that it has waited for."""
    total = cpu_us_of(Path(f"/proc/{pid}/stat"), with_reaped=True)
    for child in children(pid):
        try:
            total += cpu_us_of(Path(f"/proc/{child}/stat"), with_reaped=False)
        except OSError:  # it has just ended
            continue
    return total


def thread_cpu_us(pid: int) -> dict[str, int]:
    """By the threads' names; those with one name together."""
    result: dict[str, int] = defaultdict(int)
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            result[(task / "comm").read_text().strip()] += cpu_us_of(task / "stat", False)
        except OSError:
            continue
    return dict(result)


def threads_us(pid: int, name: str) -> int:
    """CPU time of the threads that live and have a name that matches the whole pattern."""
    used = thread_cpu_us(pid).items()
    return sum(cpu_us for thread, cpu_us in used if re.fullmatch(name, thread) is not None)


def thread_count(pid: int, name: str) -> int:
    """How many threads have a name that matches the whole pattern."""
    names = (task / "comm" for task in Path(f"/proc/{pid}/task").iterdir())
    return sum(re.fullmatch(name, path.read_text().strip()) is not None for path in names)


def resident_mib(pid: int) -> float:
    """Private memory of the process and its children, shared memory and files once."""
    private, files, shared = [], [], []
    for process in [pid, *children(pid)]:
        try:
            text = Path(f"/proc/{process}/status").read_text()
        except OSError:
            continue
        sizes = {
            name: int(kib) for name, kib in re.findall(r"^Rss(\w+):\s+(\d+) kB", text, re.MULTILINE)
        }
        private.append(sizes.get("Anon", 0))
        files.append(sizes.get("File", 0))
        shared.append(sizes.get("Shmem", 0))
    return (sum(private) + max(files, default=0) + max(shared, default=0)) / 1024


def machine_busy_us() -> int:
    """CPU time of the whole machine that was neither idle nor waiting."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _wait, irq, soft_irq, steal = map(int, fields[:8])
    return (user + nice + system + irq + soft_irq + steal) * TICK_US


def finished_children_us() -> int:
    """CPU time of the programs that we started and that have ended."""
    times = os.times()
    return round((times.children_user + times.children_system) * 1_000_000)
