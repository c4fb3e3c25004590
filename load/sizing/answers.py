"""What answers each bottleneck: the words of the document, a row for each resource of model.py."""

from dataclasses import dataclass

from model import API, CONSUMERS, KAFKA, POSTGRESQL, REDIS, SHARED_LOCKS


@dataclass(frozen=True)
class Answer:
    there: bool  # built and tested, not only possible
    words: str


RANGES = (
    "partition ranges on several primaries: lock, positions, lease and cursor are a partition's own."
    " But there is one connection string, and a merge wants both carts in one transaction"
)
SHARDS = (
    "views sharded by partition: its position is kept with them. But there is one connection string,"
    " and one call of `view.lua` writes carts of several partitions"
)
MEMBERS = Answer(
    True,
    "more processes in the group, each with some partitions (`end_to_end/test_two_of_each.py`), up to"
    " one for each partition",
)

ANSWERS = {
    (API, "CPU"): Answer(
        True,
        "more replicas: none has a state that another lacks",
    ),
    (POSTGRESQL, "CPU"): Answer(False, RANGES),
    (POSTGRESQL, "commits"): Answer(
        True, "more lanes (`lanes`), each with partitions of its own, up to one for each partition"
    ),
    (POSTGRESQL, SHARED_LOCKS): Answer(
        False,
        "commands of a partition brought to one replica, by a balancer's rule or by a lease. But every"
        " replica takes every cart, and waits for the locks of the others",
    ),
    (POSTGRESQL, "log to disk"): Answer(False, RANGES),
    (POSTGRESQL, "disk"): Answer(False, f"{RANGES}; nothing moves old events to cheaper storage"),
    (POSTGRESQL, "indexes in memory"): Answer(
        True,
        "only what is touched has to be there: the ends of the partitions, the pages of carts in use."
        " Ids that the server makes (UUIDv7) lie together by age; random ids do not",
    ),
    (KAFKA, "CPU"): Answer(True, "more brokers: a topic's partitions are divided among them"),
    (KAFKA, "log to disk"): Answer(True, "more brokers, as above"),
    (KAFKA, "disk"): Answer(
        True, "more brokers, or a retention: the event store has everything, and rebuilds read it"
    ),
    (REDIS, "one core"): Answer(False, SHARDS),
    (REDIS, "memory"): Answer(
        False,
        "carts that are not in Redis are folded from PostgreSQL, so views may be fewer than carts. But"
        " nothing lets old ones go, and a full Redis refuses writes; or shards",
    ),
    **{(name, "one core"): MEMBERS for name in CONSUMERS},
}
