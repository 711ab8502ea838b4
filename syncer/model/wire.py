"""Fields as JSON: in the planner's private file, in `--format json` and in saved plans.

A `Reference` is written as `{"ref": [entity, originId]}`, with the prefix of a crm link as a third element, an
`Attachment` as `{"file": [path, digest, bytes]}`. No portal value has that form: the only mappings in fields are the
elements of `fm`, whose keys are fixed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

from syncer.model.attachment import Attachment
from syncer.model.change import Fields, Reference


def dumps(fields: Fields) -> str:
    """One line of JSON, in the order of the spec."""
    return _WRITER.encode(fields)


def loads(text: str) -> dict[str, Any]:
    """The inverse of `dumps`."""
    fields: dict[str, Any] = _READER.decode(text)
    return fields


def payload_hash(fields: Fields) -> str:
    """What tells whether a row's fields are the ones that failed before, in whatever order they are written."""
    text = json.dumps(fields, default=written, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def references(fields: Fields) -> Iterator[Reference]:
    """Every reference in the fields."""
    for value in fields.values():
        if isinstance(value, Reference):
            yield value
        elif isinstance(value, list):
            yield from (inner for inner in value if isinstance(inner, Reference))


def resolve(fields: Fields, ids: dict[tuple[str, str], int]) -> dict[str, Any]:
    """The fields with every reference that `ids` knows, by (entity, originId), replaced by its value."""

    if not ids:
        return dict(fields)

    def one(value: Any) -> Any:
        if isinstance(value, Reference) and (value.entity, value.origin_id) in ids:
            return value.value(ids[value.entity, value.origin_id])
        return value

    return {
        name: [one(inner) for inner in value] if isinstance(value, list) else one(value)
        for name, value in fields.items()
    }


def written(value: Any) -> Any:
    """A value that JSON has no form of, as it has one: what an encoder takes as its `default`."""
    if isinstance(value, Reference):
        parts = [value.entity, value.origin_id]
        return {"ref": [*parts, value.prefix] if value.prefix else parts}
    if isinstance(value, Attachment):
        return {"file": [value.path, value.digest, value.size]}
    raise TypeError(f"{type(value).__name__} is not a field value")


def revived(mapping: dict[str, Any]) -> Any:
    """The inverse of `written`, for an `object_hook`."""
    if mapping.keys() == {"ref"}:
        return Reference(*mapping["ref"])
    if mapping.keys() == {"file"}:
        return Attachment(*mapping["file"])
    return mapping


_WRITER: Final = json.JSONEncoder(default=written, ensure_ascii=False, separators=(",", ":"))
_READER: Final = json.JSONDecoder(object_hook=revived)
# Made once: `json.dumps` and `json.loads` make a new one of each call that has options, which takes longer than a row.
