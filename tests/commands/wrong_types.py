"""Every key of the spec with a value of a wrong type, and what is expected in its place."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

MAPPING, TEXT = ["a"], 7
"""What is given where a mapping or text is expected."""

KEYS: dict[str, tuple[Any, str]] = {
    "version": ("1", "1, the only version there is"),
    "name": (TEXT, "text"),
    "moved_from": (TEXT, "text"),
    "portal": (MAPPING, "a mapping"),
    "portal.webhook": (TEXT, "text"),
    "portal.oauth": (MAPPING, "a mapping"),
    "portal.oauth.domain": (TEXT, "text"),
    "portal.oauth.client_id": (TEXT, "text"),
    "portal.oauth.client_secret": (TEXT, "text"),
    "portal.oauth.refresh_token": (TEXT, "text"),
    "portal.oauth.server": (TEXT, "text"),
    "portal.sandbox": (TEXT, "text"),
    "portal.name": (TEXT, "text"),
    "portal.lock": (TEXT, "text"),
    "portal.limits": (MAPPING, "a mapping"),
    "portal.limits.burst": ("50", "a whole number"),
    "portal.limits.requests_per_second": ("2", "a number"),
    "portal.limits.operating_seconds": ("480", "a number"),
    "portal.limits.operating_share": ("1", "a number"),
    "portal.limits.request_seconds": ("60", "a number"),
    "portal.limits.settle_seconds": ("120", "a number"),
    "portal.limits.in_flight": ("4", "a whole number from 1 on, or `auto`"),
    "state": (TEXT, "text"),
    "originatorId": (TEXT, "text"),
    "vars": (MAPPING, "a mapping"),
    "sources": (MAPPING, "a mapping"),
    "sources.one": (TEXT, "a mapping"),
    "sources.one.url": (TEXT, "text"),
    "sources.one.files": (MAPPING, "a mapping"),
    "sources.one.files.one": (TEXT, "a mapping"),
    "sources.one.files.one.path": (TEXT, "text"),
    "sources.one.files.one.encoding": (TEXT, "text"),
    "sources.one.files.one.delimiter": (TEXT, "text"),
    "sources.one.files.one.format": (TEXT, "is 'csv', 'json', 'jsonl', 'xlsx' or 'parquet', not a number"),
    "sources.one.files.one.quote": (TEXT, "text"),
    "sources.one.files.one.escape": (TEXT, "text"),
    "sources.one.files.one.header": ("yes", "true or false"),
    "sources.one.files.one.skip": ("1", "a whole number"),
    "sources.one.files.one.sheet": (TEXT, "text"),
    "sources.one.files.one.columns": (MAPPING, "a mapping"),
    "sources.one.files.one.columns.one": (TEXT, "the name of a type"),
    "attachments": (TEXT, "text"),
    "verify": (TEXT, "is 'warn', 'strict' or 'off', not the number 7"),
    "mask": ("fm", "a list"),
    "entities": (MAPPING, "a mapping"),
    "entities.one": (TEXT, "a mapping"),
    "entities.one.type": ({"spa": 7}, "a type's name, a positive entityTypeId or {spa: TITLE}"),
    "entities.one.source": (TEXT, "text"),
    "entities.one.query": (TEXT, "text"),
    "entities.one.query_file": (TEXT, "text"),
    "entities.one.params": (MAPPING, "a mapping"),
    "entities.one.params.one": (MAPPING, "text, a number, true, false or null"),
    "entities.one.originId": (TEXT, "text"),
    "entities.one.when": (TEXT, "text"),
    "entities.one.fields": (MAPPING, "a mapping"),
    "entities.one.write": (TEXT, "is 'add' or 'import', not the number 7"),
    "entities.one.trust_state": ("yes", "true or false"),
    "entities.one.originatorId": (TEXT, "text"),
    "entities.one.origin_field": (TEXT, "text"),
    "entities.one.moved_from": (TEXT, "text"),
    "entities.one.verify": (TEXT, "is 'warn', 'strict' or 'off', not the number 7"),
    "entities.one.expect": (MAPPING, "a mapping"),
    "entities.one.expect.rows": (MAPPING, "a mapping"),
    "entities.one.expect.rows.min": ("1", "a whole number"),
    "entities.one.expect.rows.max": ("1", "a whole number"),
    "entities.one.expect.unique": ("id", "a list"),
    "entities.one.expect.not_null": ("id", "a list"),
    "entities.one.guards": (MAPPING, "a mapping"),
    "entities.one.guards.max_create": ("1", "a whole number from 0 on, or `unlimited`"),
    "entities.one.guards.max_create_ratio": ("1", "a number"),
    "entities.one.guards.min_known_ratio": ("1", "a number"),
    "entities.one.guards.max_blocked_ratio": ("1", "a number"),
    "entities.one.guards.max_missing": ("1", "a whole number"),
    "guards": (MAPPING, "a mapping"),
    "guards.max_create": ("1", "a whole number from 0 on, or `unlimited`"),
    "guards.max_create_ratio": ("1", "a number"),
    "guards.min_known_ratio": ("1", "a number"),
    "guards.max_blocked_ratio": ("1", "a number"),
    "guards.max_missing": ("1", "a whole number"),
}


def _specs() -> Iterator[dict[str, Any]]:
    """As few specs as hold every wrong value: a wrong mapping hides what would be wrong within it."""
    left = list(KEYS)
    while left:
        taken = [key for key in left if not any(other.startswith(f"{key}.") for other in left)]
        spec: dict[str, Any] = {}
        for key in taken:
            *above, last = key.split(".")
            place = spec
            for step in above:
                place = place.setdefault(step, {})
            place[last] = copy(KEYS[key][0])  # the same list twice would be written as an alias
        yield spec
        left = [key for key in left if key not in taken]


SPECS = {f"wrong{number}.yaml": spec for number, spec in enumerate(_specs())}


def known_keys(schema: dict[str, Any]) -> set[str]:
    """Every key that the JSON Schema of the spec knows, in the form of KEYS; `one` is any name."""
    found: set[str] = set()

    def walk(node: dict[str, Any], path: str) -> None:
        if "$ref" in node:
            walk(schema["$defs"][node["$ref"].rpartition("/")[2]], path)
        for part in node.get("anyOf", ()):
            walk(part, path)
        named = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
        inner = [("one", each) for each in named if isinstance(each, dict)]
        for name, each in [*node.get("properties", {}).items(), *inner]:
            found.add(f"{path}{name}")
            if name != "type":  # of {spa: TITLE}: told as one
                walk(each, f"{path}{name}.")

    walk(schema, "")
    return found
