"""From measured costs to servers: what each target needs of each kind of server. Pure."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    name: str
    posts_per_s: float = 0
    gets_per_s: float = 0
    events: float = 0
    carts: float = 0


TARGETS = (
    Target("10^5 POST/s", posts_per_s=1e5),
    Target("10^6 GET/s", gets_per_s=1e6),
    Target("10^9 events", events=1e9),
    Target("10^8 carts", carts=1e8),
    Target("all of it", 1e5, 1e6, 1e9, 1e8),
)


@dataclass(frozen=True)
class Machine:
    """One server of the calculation: assumed, not measured, but for the flush, which is a parameter of
    the simulation. Each is used up to a share, so that a peak or a lost neighbour still fits."""

    cores: int = 16
    memory_bytes: float = 64e9
    disk_bytes: float = 4e12
    write_bytes_per_s: float = 1e9
    flush_us: float = 500
    lanes: int = 16
    busy_share: float = 0.6
    full_share: float = 0.7

    def core_us(self) -> float:
        """Microseconds of one core that may be used in a second."""
        return 1e6 * self.busy_share

    def cpu_us(self) -> float:
        return self.cores * self.core_us()


@dataclass(frozen=True)
class Costs:
    """Measured; the names of processes are the bench's. get_us: CPU of a GET of a view."""

    post_us: dict[str, float]
    get_us: dict[str, float]
    commits_per_s: float  # of one primary, each lane with partitions of its own: simulated
    shared_commits_per_s: float  # the same when every lane writes every partition
    postgresql_event_bytes: float  # the event and its indexes
    postgresql_index_bytes: float  # the indexes alone
    wal_event_bytes: float
    kafka_event_bytes: float
    redis_cart_bytes: float


@dataclass(frozen=True)
class Demand:
    """servers: how many of the fleet this alone needs, as a fraction too. divides: more of them
    are an answer."""

    fleet: str
    resource: str
    servers: float
    divides: bool = True


SHARED_LOCKS = "commits, replicas that share partitions"
KAFKA_COPIES = 3
PARTITIONS = 16
POSTGRESQL, KAFKA, REDIS, API = "PostgreSQL", "Kafka", "Redis", "cart-api"
CONSUMERS = ("denormalizer", "fraud", "billing", "notifier")


def api_demands(target: Target, costs: Costs, machine: Machine) -> list[Demand]:
    cpu = target.posts_per_s * costs.post_us[API] + target.gets_per_s * costs.get_us[API]
    return [Demand(API, "CPU", cpu / machine.cpu_us())]


def postgresql_demands(target: Target, costs: Costs, machine: Machine) -> list[Demand]:
    posts, events = target.posts_per_s, target.events
    size, shared = costs.postgresql_event_bytes, costs.shared_commits_per_s
    writes = machine.write_bytes_per_s * machine.busy_share
    return [
        Demand(POSTGRESQL, "CPU", posts * costs.post_us["postgresql"] / machine.cpu_us()),
        Demand(POSTGRESQL, "commits", posts / (costs.commits_per_s * machine.busy_share)),
        Demand(POSTGRESQL, SHARED_LOCKS, posts / (shared * machine.busy_share), divides=False),
        Demand(POSTGRESQL, "log to disk", posts * costs.wal_event_bytes / writes),
        Demand(POSTGRESQL, "disk", events * size / (machine.disk_bytes * machine.full_share)),
        Demand(
            POSTGRESQL,
            "indexes in memory",
            events * costs.postgresql_index_bytes / (machine.memory_bytes * machine.full_share),
        ),
    ]


def kafka_demands(target: Target, costs: Costs, machine: Machine) -> list[Demand]:
    """A copy is taken to cost a follower what the first one costs its leader: that was not measured."""
    posts, events = target.posts_per_s * KAFKA_COPIES, target.events * KAFKA_COPIES
    writes = machine.write_bytes_per_s * machine.busy_share
    size = costs.kafka_event_bytes
    return [
        Demand(KAFKA, "CPU", posts * costs.post_us["kafka"] / machine.cpu_us()),
        Demand(KAFKA, "log to disk", posts * size / writes),
        Demand(KAFKA, "disk", events * size / (machine.disk_bytes * machine.full_share)),
    ]


def redis_demands(target: Target, costs: Costs, machine: Machine) -> list[Demand]:
    """A shard is one process, which works on one core; its memory is a server's."""
    cpu = target.posts_per_s * costs.post_us["redis"] + target.gets_per_s * costs.get_us["redis"]
    memory = target.carts * costs.redis_cart_bytes
    return [
        Demand(REDIS, "one core", cpu / machine.core_us()),
        Demand(REDIS, "memory", memory / (machine.memory_bytes * machine.full_share)),
    ]


def consumer_demands(target: Target, costs: Costs, machine: Machine) -> list[Demand]:
    """A process takes its partitions' events one after another, on one core."""
    return [
        Demand(name, "one core", target.posts_per_s * costs.post_us[name] / machine.core_us())
        for name in CONSUMERS
    ]


def demands(target: Target, costs: Costs, machine: Machine) -> list[Demand]:
    parts = (api_demands, postgresql_demands, kafka_demands, redis_demands, consumer_demands)
    return [demand for part in parts for demand in part(target, costs, machine)]


def first_bottleneck(found: list[Demand]) -> Demand:
    """What is full first when the load grows and there is one server of each kind."""
    return max(found, key=lambda demand: demand.servers)


def by_ranges(servers: float, partitions: int, fullest: float) -> int | None:
    """How many servers when each takes a range of partitions, one of which is the fullest (a share of
    the mean); None: not even a server for each partition would do."""
    for count in range(1, partitions + 1):
        share = math.ceil(partitions / count) / partitions
        if servers * share * fullest <= 1:
            return count
    return None


def fleet_sizes(found: list[Demand], partitions: int, fullest: float) -> dict[str, int | None]:
    """What each fleet needs. Where partitions are divided among servers, only whole ones are."""
    sizes: dict[str, int | None] = {}
    for fleet in dict.fromkeys(demand.fleet for demand in found):
        most = max(d.servers for d in found if d.fleet == fleet and d.divides)
        if fleet == API:
            sizes[fleet] = max(2, math.ceil(most))  # one may be lost
        elif fleet == KAFKA:
            sizes[fleet] = max(KAFKA_COPIES, math.ceil(most * fullest))
        else:
            sizes[fleet] = by_ranges(most, partitions, fullest)
    return sizes
