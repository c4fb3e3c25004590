"""The document's tables as Markdown, by name. Pure: from the inputs' JSON to text."""

import inputs
import model
from answers import ANSWERS
from model import CONSUMERS, PARTITIONS, TARGETS, Demand, Machine


def table(head: list[str], rows: list[list[str]], left: bool = False) -> str:
    """Figures are to the right, words to the left."""
    align = ["---", *["---" if left else "---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, align, *rows])


def short(value: float) -> str:
    """Three figures, with separators."""
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def runs(document: dict) -> str:
    bench, measured = document["bench"], document["measured"]
    lines = [
        f"- `load/bench`: {bench['started_at']}, revision {bench['revision']}, {bench['machine']};"
        f" {', '.join(f'{name} {value}' for name, value in bench['options'].items())};"
        f" {bench['errors']} errors.",
        f"- `load/capacity --measure-home`: {measured['started_at']}, revision {measured['revision']},"
        f" {measured['machine']}, sync {measured['sync_us']} us; {measured['seconds']} s each.",
    ]
    return "\n".join(lines)


def costs(document: dict) -> str:
    post_us, get_us = document["bench"]["post_us"], document["measured"]["get_us"]
    storage = document["measured"]["storage"]
    rows = [[f"CPU of a POST: {name}", f"{value:.1f} us"] for name, value in post_us.items()]
    rows += [[f"CPU of a GET view: {name}", f"{value:.1f} us"] for name, value in get_us.items()]
    sizes = {
        "an event in PostgreSQL, with its indexes": "postgresql_event_bytes",
        "of that, the indexes": "postgresql_index_bytes",
        "what the rest of the database keeps of it (fraud's observations …)": "other_event_bytes",
        "PostgreSQL's log of an event, everything that follows from it included": "wal_event_bytes",
        "an event in Kafka, one copy": "kafka_event_bytes",
        f"a cart of {storage['events_per_cart']:.1f} events in Redis": "redis_cart_bytes",
    }
    rows += [[name, f"{short(storage[key])} B"] for name, key in sizes.items()]
    return table(["measured", "cost"], rows)


def machine(_document: dict) -> str:
    one = Machine()
    rows = [
        ["cores", f"{one.cores}, used to {one.busy_share:.0%}"],
        ["memory", f"{one.memory_bytes / 1e9:.0f} GB, filled to {one.full_share:.0%}"],
        ["disk", f"{one.disk_bytes / 1e12:.0f} TB, filled to {one.full_share:.0%}"],
        ["writing", f"{one.write_bytes_per_s / 1e9:.0f} GB/s, used to {one.busy_share:.0%}"],
        ["a flush of the log", f"{one.flush_us:.0f} us"],
        ["committing lanes on one primary", f"{one.lanes}"],
        ["copies in Kafka", f"{model.KAFKA_COPIES}"],
    ]
    return table(["one server, assumed", ""], rows, left=True)


def all_demands(document: dict) -> list[list[Demand]]:
    costs_measured = inputs.costs_of(document)
    return [model.demands(target, costs_measured, Machine()) for target in TARGETS]


def cell(demand: Demand, most: Demand) -> str:
    text = f"{demand.servers:.2f}" if demand.servers < 10 else short(demand.servers)
    if demand.servers == 0:
        return ""
    return f"**{text}**" if demand == most else text


def demanded(document: dict) -> str:
    """How many servers each resource alone would need; the first bottleneck of a column stands out."""
    columns = all_demands(document)
    most = [model.first_bottleneck(column) for column in columns]
    rows = []
    for row in zip(*columns, strict=True):
        cells = [cell(demand, first) for demand, first in zip(row, most, strict=True)]
        rows.append([f"{row[0].fleet}: {row[0].resource}", *cells])
    return table(["servers needed", *(target.name for target in TARGETS)], rows)


def fleets(document: dict) -> str:
    """Whole servers; those that share partitions get whole partitions."""
    fullest = document["simulated"]["placed"]["uuid"][str(PARTITIONS)]["most"]
    sizes = [model.fleet_sizes(column, PARTITIONS, fullest) for column in all_demands(document)]
    words = {name: f"{name} processes" for name in CONSUMERS} | {
        model.API: "cart-api replicas",
        model.POSTGRESQL: "PostgreSQL primaries",
        model.KAFKA: "Kafka brokers",
        model.REDIS: "Redis shards",
    }
    rows = []
    for name in sizes[0]:
        counts = [column[name] for column in sizes]
        texts = [f"more than {PARTITIONS}" if count is None else str(count) for count in counts]
        rows.append([words[name], *texts])
    return table([f"with {PARTITIONS} partitions", *(target.name for target in TARGETS)], rows)


def bottlenecks(document: dict) -> str:
    """For each target what is full first, and what answers it."""
    rows = []
    for target, column in zip(TARGETS, all_demands(document), strict=True):
        first = model.first_bottleneck(column)
        answer = ANSWERS[first.fleet, first.resource]
        words = f"{'' if answer.there else '**not there yet:** '}{answer.words}"
        name = f"{first.fleet}, {first.resource}: {first.servers:.1f}"
        rows.append([target.name, name, words])
    return table(["target", "first bottleneck, in servers", "answer"], rows, left=True)


def steps(document: dict) -> str:
    """The others that one server is not enough of, the tightest first."""
    lines = []
    for target, column in zip(TARGETS, all_demands(document), strict=True):
        over = sorted((d for d in column if d.servers > 1), key=lambda d: -d.servers)
        names = [f"{d.fleet} ({d.resource}, {d.servers:.1f})" for d in over]
        lines.append(f"- {target.name}: {', '.join(names) or 'one of each is enough'}.")
    return "\n".join(lines)


def answers(_document: dict) -> str:
    rows = [
        [f"{fleet}: {resource}", "yes" if answer.there else "**no**", answer.words]
        for (fleet, resource), answer in ANSWERS.items()
    ]
    return table(["when this is full", "built", "what answers it"], rows, left=True)


def commit_check(document: dict) -> str:
    rows = []
    for row in document["simulated"]["check"]:
        measured, simulated = row["measured"], row["simulated"]
        rows.append(
            [
                str(row["connections"]),
                f"{short(measured['per_s'])} / {short(simulated['per_s'])}",
                f"{measured['batch_mean']:.1f} / {simulated['batch_mean']:.1f}",
                f"{measured['p50_ms']:.1f} / {simulated['p50_ms']:.1f}",
            ]
        )
    return table(["connections", "commands/s", "commands in a batch", "p50, ms"], rows)


def ceilings(document: dict) -> str:
    rows = []
    for row in document["simulated"]["ceilings"]:
        calm = row["calm"]
        latency = (
            f"{calm['p50_ms']:.1f} / {calm['p99_ms']:.1f}" if calm["keeps_up"] else "falls behind"
        )
        rows.append(
            [
                f"{row['flush_us'] / 1000:g} ms",
                str(row["lanes"]),
                short(row["apart_per_s"]),
                short(row["shared_per_s"]),
                latency,
            ]
        )
    head = ["flush", "lanes", "own partitions: events/s", "all partitions: events/s"]
    return table([*head, "own partitions, 5,000/s: p50 / p99, ms"], rows)


def placed(document: dict) -> str:
    found = document["simulated"]["placed"]
    rows = [
        [
            partitions,
            *(
                f"{found[kind][partitions]['least']:.4f} .. {found[kind][partitions]['most']:.4f}"
                for kind in ("uuid", "counted")
            ),
            f"{expected:.4f}",
        ]
        for partitions, expected in found["expected"].items()
    ]
    head = ["partitions", "UUIDv7 ids: least .. most", "counted ids: least .. most"]
    return table([*head, "a random function's most"], rows)


def used(document: dict) -> str:
    rows = [
        [f"n^-{row['exponent']:g}" if row["exponent"] else "all alike"]
        + [f"{row[partitions]:.2f}" for partitions in ("16", "64", "256")]
        for row in document["simulated"]["used"]
    ]
    return table(["the n-th cart is used as", "16 partitions", "64", "256"], rows)


def full_pages(document: dict) -> str:
    rows = [
        [f"{row['events']:,.0f}", f"{row['pages_per_event']:.2f}"]
        for row in document["simulated"]["full_pages"]
    ]
    return table(["events between two checkpoints", "pages written whole, for each event"], rows)


RECOVERIES = {
    "relay_catch_up_per_s": "the relay, from PostgreSQL into an empty topic",
    "projection_per_s": "the denormalizer, from Kafka into views",
    "rebuild_per_s": "`denormalizer --rebuild`, from PostgreSQL into views",
}
ALL_EVENTS = max(target.events for target in TARGETS)


def recoveries(document: dict) -> str:
    rows = []
    for key, name in RECOVERIES.items():
        per_s = document["bench"]["per_s"].get(key)
        rates = (
            [f"{short(per_s)} events/s", f"{short(ALL_EVENTS / per_s / 3600)} h"] if per_s else []
        )
        rows.append([name, *(rates or ["not in that bench run", ""])])
    return table(["all events again", "measured", f"{ALL_EVENTS:,.0f} events"], rows)


TABLES = {
    "runs": runs,
    "costs": costs,
    "machine": machine,
    "demanded": demanded,
    "bottlenecks": bottlenecks,
    "steps": steps,
    "fleets": fleets,
    "answers": answers,
    "commit-check": commit_check,
    "ceilings": ceilings,
    "placed": placed,
    "used": used,
    "full-pages": full_pages,
    "recoveries": recoveries,
}


def fill(text: str, document: dict) -> str:
    """The text with what is between each pair of marks made anew."""
    for name, make in TABLES.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"the document has no marks {begin.strip()} and {end}")
        before, rest = text.split(begin)
        text = f"{before}{begin}{make(document)}\n{end}{rest.split(end)[1]}"
    return text
