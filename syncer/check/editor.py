"""The JSON Schema for editors, with the names of the fields that every portal has."""

from __future__ import annotations

from typing import Any

from syncer.check.facts import documented
from syncer.model.identity import TYPE_NAMES
from syncer.spec import schema


def editor_schema() -> dict[str, Any]:
    """The schema of the spec; below `fields` of an entity an editor offers what its type has, and allows the rest."""
    told = schema()
    told["$defs"]["EntityWritten"]["allOf"] = [
        {
            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
            "then": {"properties": {"fields": {"properties": _fields(name)}}},
        }
        for name in TYPE_NAMES
    ]
    return told


def _fields(type_name: str) -> dict[str, dict[str, str]]:
    fields = documented()[TYPE_NAMES[type_name]]
    return {
        name: {"description": f"{field.type}, multiple" if field.is_multiple else field.type}
        for name, field in fields.items()
        if not field.is_read_only
    }
