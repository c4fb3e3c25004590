"""What is measured in a round, in which order; with two set-ups, each measurement on both in turn."""

from collections.abc import Callable

import arrivals
import peers
import posts
import processes
import views
from bench import Bench, Round

# The bench, the round's number, the figures of the round so far.
Measurement = Callable[[Bench, int, Round], Round]


def resident(bench: Bench, _number: int, _figures: Round) -> Round:
    pids = bench.stack.pids().items()
    return {f"resident_mib/{name}": processes.resident_mib(pid) for name, pid in pids}


IN_A_ROUND: list[Measurement] = [
    lambda bench, number, _: posts.measure_post(bench, number, 64),
    lambda bench, _number, _: views.measure_view(bench),
    lambda bench, _number, _: peers.measure_bare_insert(bench),
    lambda bench, number, _: posts.measure_post(bench, number, 256),
    lambda bench, _number, _: peers.measure_static(bench),
    lambda bench, _number, _: peers.measure_redis(bench),
    lambda bench, number, so_far: arrivals.measure_visible(bench, number, so_far["post_64_per_s"]),
    lambda bench, number, so_far: arrivals.measure_pushed(bench, number, so_far["post_64_per_s"]),
    resident,
    lambda bench, number, _: posts.measure_alone(bench, number),
]


def run_round(benches: list[Bench], number: int) -> dict[str, Round]:
    """By set-up. Who is first changes from round to round."""
    figures: dict[str, Round] = {bench.name: {} for bench in benches}
    order = benches if number % 2 else benches[::-1]
    for measurement in IN_A_ROUND:
        for bench in order:
            figures[bench.name] |= measurement(bench, number, figures[bench.name])
    return figures
