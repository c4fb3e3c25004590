"""Group commit as a discrete-event simulation: commands wait while a lane's last batch is executed and
flushed, and are then committed together. One flush of the log at a time covers every batch that was
executed before it began. Pure: no clock, and random only by a seed."""

import heapq
import random
from collections import deque
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True)
class Server:
    """What a batch costs: fixed_us and event_us of execution, then flush_us to make it durable."""

    fixed_us: float
    event_us: float
    flush_us: float
    batch_max: int = 256


@dataclass(frozen=True)
class Outcome:
    per_s: float
    batch_mean: float
    p50_ms: float
    p99_ms: float
    keeps_up: bool


class Simulation:
    """Lanes of one PostgreSQL server. shared: every lane writes every partition, so that a batch holds
    the locks that all others wait for, until it is durable."""

    def __init__(self, server: Server, lanes: int, shared: bool) -> None:
        self.server, self.shared = server, shared
        self.waiting: list[deque[float]] = [deque() for _ in range(lanes)]
        self.busy = [False] * lanes
        self.locked = False
        self.lock_queue: deque[int] = deque()
        self.executed: list[tuple[int, list[float]]] = []  # not flushed yet
        self.flushing = False
        self.events: list[tuple[float, int, str, object]] = []
        self.order = count()
        self.batches = 0
        self.latencies: list[float] = []
        self.now = 0.0
        self.answered = self.nothing

    def nothing(self, commands: int) -> None:
        """What happens when commands are answered; a closed loop sends new ones."""

    def at(self, time: float, kind: str, what: object) -> None:
        heapq.heappush(self.events, (time, next(self.order), kind, what))

    def arrive(self, lane: int) -> None:
        self.waiting[lane].append(self.now)
        if not self.busy[lane]:
            self.begin(lane)

    def begin(self, lane: int) -> None:
        self.busy[lane] = True
        if self.shared and self.locked:
            self.lock_queue.append(lane)
        else:
            self.execute(lane)

    def execute(self, lane: int) -> None:
        """The batch is what waits now; it was formed before the lock was asked for, but no command is
        answered earlier for that, so the larger one is the kinder assumption."""
        self.locked = self.locked or self.shared
        queue, server = self.waiting[lane], self.server
        batch = [queue.popleft() for _ in range(min(len(queue), server.batch_max))]
        self.batches += 1
        duration = server.fixed_us + server.event_us * len(batch)
        self.at(self.now + duration, "executed", (lane, batch))

    def on_executed(self, done: tuple[int, list[float]]) -> None:
        self.executed.append(done)
        if not self.flushing:
            self.flush()

    def flush(self) -> None:
        self.flushing = True
        covered, self.executed = self.executed, []
        self.at(self.now + self.server.flush_us, "flushed", covered)

    def on_flushed(self, covered: list[tuple[int, list[float]]]) -> None:
        self.flushing = False
        for lane, batch in covered:
            self.latencies += [self.now - since for since in batch]
            self.busy[lane] = False
            self.answered(len(batch))
        if self.shared:
            self.locked = False
        for lane, _ in covered:
            if self.waiting[lane] and not self.busy[lane]:
                self.begin(lane)
        if self.shared and self.lock_queue and not self.locked:
            self.execute(self.lock_queue.popleft())
        if self.executed and not self.flushing:
            self.flush()

    def run(self, answers: int) -> None:
        handlers = {
            "arrive": self.arrive,
            "executed": self.on_executed,
            "flushed": self.on_flushed,
        }
        while self.events and len(self.latencies) < answers:
            self.now, _, kind, what = heapq.heappop(self.events)
            handlers[kind](what)

    def outcome(self, offered_per_s: float | None = None) -> Outcome:
        done = sorted(self.latencies)
        per_s = len(done) / self.now * 1e6
        return Outcome(
            per_s,
            len(done) / self.batches,
            done[len(done) // 2] / 1000,
            done[len(done) * 99 // 100] / 1000,
            offered_per_s is None or per_s > 0.97 * offered_per_s,
        )


def closed_loop(
    server: Server, lanes: int, clients: int, think_us: float, answers: int, shared: bool = False
) -> Outcome:
    """So many clients, each of which sends its next command think_us after an answer."""
    draw = random.Random(clients)
    simulation = Simulation(server, lanes, shared)

    def send(commands: int) -> None:
        for _ in range(commands):
            simulation.at(simulation.now + think_us, "arrive", draw.randrange(lanes))

    simulation.answered = send
    send(clients)
    simulation.run(answers)
    return simulation.outcome()


def open_loop(
    server: Server, lanes: int, per_s: float, answers: int, shared: bool = False
) -> Outcome:
    """Commands come at random times at a rate, whatever the answers do."""
    draw = random.Random(round(per_s))
    simulation = Simulation(server, lanes, shared)
    time = 0.0
    for _ in range(answers):
        time += draw.expovariate(per_s / 1e6)
        simulation.at(time, "arrive", draw.randrange(lanes))
    simulation.run(answers)
    return simulation.outcome(per_s)


def saturation(server: Server, lanes: int, shared: bool = False) -> float:
    """Commands a second when nobody ever waits for work."""
    clients = 4 * lanes * server.batch_max
    return closed_loop(server, lanes, clients, 1.0, 30 * clients, shared).per_s


def fit(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Least squares over (events in a batch, microseconds of its commit): fixed and per event."""
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    return mean_y - slope * mean_x, slope
