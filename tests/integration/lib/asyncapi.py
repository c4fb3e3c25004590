"""Reading an AsyncAPI document, and judging records by it."""

from typing import Any

import jsonschema_rs
from lib.store import Record


def resolve(document: dict[str, Any], value: dict[str, Any]) -> Any:
    """What a local reference stands for; itself when it is none."""
    while "$ref" in value:
        assert value["$ref"].startswith("#/"), value
        at: Any = document
        for step in value["$ref"][2:].split("/"):
            at = at[step]
        value = at
    return value


def references(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        own = [value] if "$ref" in value else []
        return own + [found for member in value.values() for found in references(member)]
    if isinstance(value, list):
        return [found for member in value for found in references(member)]
    return []


def channel_of(document: dict[str, Any], topic: str) -> dict[str, Any]:
    (channel,) = [c for c in document["channels"].values() if c["address"] == topic]
    return channel


def messages_of(document: dict[str, Any], topic: str) -> dict[str, dict[str, Any]]:
    """By the full name that ce_type has."""
    messages = channel_of(document, topic)["messages"].values()
    resolved = [resolve(document, message) for message in messages]
    return {message["name"]: message for message in resolved}


def problems(document: dict[str, Any], record: Record, message: dict[str, Any]) -> list[str]:
    """How the record's headers differ from what the message says."""
    schema = {**message["headers"], "components": document["components"]}
    texts = {name: value.decode(errors="replace") for name, value in record.headers.items()}
    validator = jsonschema_rs.Draft7Validator(schema)
    return [f"{record.topic} {record.offset}: {error}" for error in validator.iter_errors(texts)]
