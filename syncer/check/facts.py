"""What is known of a portal when a spec is checked: by the portal itself, by its lock file, or by the documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from syncer.mapping.directories import Directories
from syncer.model.field import FieldType
from syncer.model.identity import EntityTypeId

Fields = Mapping[str, FieldType]


class LockLacks(LookupError):
    """The lock file says nothing of a thing, so it cannot be told whether the portal has it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`catalogs`: the fields of types. `names`: directories, None where nothing is known of them.

    `sure` is False for what the documentation says of any portal: a real one may have more fields, so that what is not
    there is a warning. `is_admin`: whether the webhook's user is an administrator, None where that is not known.
    """

    catalogs: Mapping[EntityTypeId, Fields]
    names: Directories | None = None
    sure: bool = True
    is_admin: bool | None = None
    types: Mapping[str, EntityTypeId] = field(default_factory=dict)
    """Smart processes by the titles that specs use."""
    lock_again: str = ""
    """What brings the lock file up to date, where that is what is known."""


@cache
def documented() -> Mapping[EntityTypeId, Fields]:
    """The fields of the six types that every portal has (api-reference/crm/universal/object-fields.md)."""
    told = json.loads(Path(__file__).with_name("documented.json").read_text("utf-8"))
    return {
        EntityTypeId(int(kind)): {name: _field(name, each) for name, each in fields.items()}
        for kind, fields in told.items()
    }


def _field(name: str, told: Mapping[str, object]) -> FieldType:
    directory = told.get("directory")
    return FieldType(
        name,
        str(told["type"]),
        is_multiple=bool(told.get("multiple")),
        is_read_only=bool(told.get("readOnly")),
        status_type=str(directory) if directory else None,
    )
