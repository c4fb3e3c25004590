"""What the calculation starts from, in one JSON file beside the document: figures of a load/bench run,
costs that load/capacity has measured, outcomes of the simulations."""

import json
from pathlib import Path

import model

# Figures of a bench run that the calculation uses, if it has them.
POST_CPU = "post_64_cpu_us/"
PROCESSES = ("cart-api", "postgresql", "kafka", "redis", *model.CONSUMERS)
THROUGHPUTS = ("post_64_per_s", "post_256_per_s", "view_64_per_s", "bare_insert_per_s")
RECOVERIES = ("relay_catch_up_per_s", "projection_per_s", "rebuild_per_s")


def from_bench(result: dict) -> dict:
    """The part of a bench result that is kept, with where it comes from."""
    medians = {name: summary["median"] for name, summary in result["figures"].items()}
    missing = [name for name in PROCESSES if POST_CPU + name not in medians]
    if missing:
        raise ValueError(f"the bench has no CPU time of {', '.join(missing)}")
    machine, versions = result["machine"], result["versions"]
    return {
        "started_at": result["started_at"],
        "revision": versions["revision"],
        "machine": f"{machine['cpus']} CPUs ({machine['cpu']}), sync {machine['sync_us']} us",
        "options": result["options"],
        "errors": len(result["errors"]),
        "post_us": {name: medians[POST_CPU + name] for name in PROCESSES},
        "per_s": {name: medians[name] for name in THROUGHPUTS + RECOVERIES if name in medians},
    }


def costs_of(document: dict) -> model.Costs:
    storage = document["measured"]["storage"]
    return model.Costs(
        post_us=document["bench"]["post_us"],
        get_us=document["measured"]["get_us"],
        commits_per_s=document["simulated"]["commits_per_s"]["apart"],
        shared_commits_per_s=document["simulated"]["commits_per_s"]["shared"],
        postgresql_event_bytes=storage["postgresql_event_bytes"],
        postgresql_index_bytes=storage["postgresql_index_bytes"],
        wal_event_bytes=storage["wal_event_bytes"],
        kafka_event_bytes=storage["kafka_event_bytes"],
        redis_cart_bytes=storage["redis_cart_bytes"],
    )


def load(path: Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}


def rounded(value: object) -> object:
    """Six figures are more than any of them is worth, and the file stays readable."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return value


def save(path: Path, document: dict) -> None:
    path.write_text(json.dumps(rounded(document), indent=1) + "\n")
