"""CPU time between two moments, by process and thread, for each acknowledged POST."""

import time
from dataclasses import dataclass

import processes
from bench import Bench, Round
from stack import Stack

THREADS_OF = ("cart-api", "denormalizer")
LEAST_THREAD_US = 0.1


def stack_us(stack: Stack) -> dict[str, int]:
    return {name: processes.cpu_us(pid) for name, pid in stack.pids().items()}


@dataclass
class Usage:
    """CPU time so far, in µs."""

    at_s: float
    by_process: dict[str, int]
    by_thread: dict[str, int]
    machine: int
    generators: int
    idle: int

    @classmethod
    def now(cls, bench: Bench) -> "Usage":
        pids = bench.stack.pids()
        return cls(
            time.monotonic(),
            stack_us(bench.stack),
            {
                f"{name}/{thread}": cpu_us
                for name, pid in pids.items()
                if name in THREADS_OF
                for thread, cpu_us in processes.thread_cpu_us(pid).items()
            },
            processes.machine_busy_us(),
            processes.finished_children_us(),
            sum(sum(stack_us(stack).values()) for stack in bench.idle),
        )


def per_post(before: Usage, after: Usage, posts: float) -> dict[str, float]:
    """µs of each process and its children."""
    return {
        name: (cpu_us - before.by_process.get(name, 0)) / posts
        for name, cpu_us in after.by_process.items()
    }


def usage_figures(name: str, before: Usage, after: Usage, posts: float) -> Round:
    figures: Round = {}
    used = per_post(before, after, posts)
    for process, cpu_us in used.items():
        figures[f"{name}_cpu_us/{process}"] = cpu_us
    for thread, cpu_us in after.by_thread.items():
        used_us = (cpu_us - before.by_thread.get(thread, 0)) / posts
        if used_us >= LEAST_THREAD_US:
            figures[f"{name}_thread_cpu_us/{thread}"] = used_us
    wall_us = (after.at_s - before.at_s) * 1e6
    ours = sum(used.values())
    generator = (after.generators - before.generators) / posts
    idle = after.idle - before.idle
    others = max(0, after.machine - before.machine - idle - (ours + generator) * posts)
    if idle:
        figures[f"{name}_idle_cpus"] = idle / wall_us
    return figures | {
        f"{name}_cpu_us/all": ours,
        f"{name}_views_us": used.get("denormalizer", 0) + used.get("redis", 0),
        f"{name}_generator_us": generator,
        f"{name}_everything_us": ours + generator,
        f"{name}_others_cpus": others / wall_us,
    }
