"""What is measured in a round, in which order; with two set-ups, each measurement on both in turn."""

from collections.abc import Callable
from dataclasses import dataclass

import arrivals
import growth
import memory
import peers
import posts
import recovery
import start
import views
from bench import Bench, Round

# The bench, the round's number, the figures of the round so far.
Measure = Callable[[Bench, int, Round], Round]


@dataclass(frozen=True)
class Measurement:
    measure: Measure
    quick_rounds: int | None = None  # in how many rounds of a quick run; None: in all


ONCE, NEVER = 1, 0

IN_A_ROUND = [
    Measurement(lambda bench, number, _: posts.measure_post(bench, number, 64)),
    Measurement(lambda bench, number, _: views.measure_view(bench)),
    Measurement(lambda bench, number, _: peers.measure_bare_insert(bench)),
    Measurement(lambda bench, number, _: posts.measure_post(bench, number, 256)),
    Measurement(lambda bench, number, _: peers.measure_static(bench)),
    Measurement(lambda bench, number, _: peers.measure_own_static(bench)),
    Measurement(lambda bench, number, _: peers.measure_redis(bench)),
    Measurement(arrivals.measure_visible),
    Measurement(arrivals.measure_pushed),
    Measurement(lambda bench, number, _: memory.resident(bench, "resident_mib")),
    Measurement(lambda bench, number, _: posts.measure_alone(bench, number)),
    Measurement(lambda bench, number, _: start.measure_start(bench), ONCE),
    Measurement(lambda bench, number, _: memory.measure_touched(bench, number), NEVER),
    Measurement(lambda bench, number, _: growth.measure_growth(bench, number), NEVER),
    Measurement(lambda bench, number, _: recovery.measure_recovery(bench, number), ONCE),
]


def is_due(measurement: Measurement, bench: Bench, number: int) -> bool:
    rounds = measurement.quick_rounds
    return not bench.sizes.quick or rounds is None or number <= rounds


def run_round(benches: list[Bench], number: int) -> dict[str, Round]:
    """By set-up. Who is first changes from round to round."""
    figures: dict[str, Round] = {bench.name: {} for bench in benches}
    order = benches if number % 2 else benches[::-1]
    for measurement in IN_A_ROUND:
        for bench in order:
            if is_due(measurement, bench, number):
                figures[bench.name] |= measurement.measure(bench, number, figures[bench.name])
    return figures
