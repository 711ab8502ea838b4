"""The names of a plan's values, out of what was resolved while it was made: no directory is asked again for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from syncer.mapping.directories import Scope
from syncer.model.field import FieldType, spelling
from syncer.model.identity import EntityTypeId
from syncer.model.labels import ByValue, Labels
from syncer.plan.plan import Target

_USERS = ("user", "employee")


def labels(targets: Sequence[Target], found: Mapping[Scope, Mapping[str, str]]) -> Labels:
    """`found` are the names that were resolved (`Directories.found`)."""
    names: dict[int, dict[str, ByValue]] = {}
    for target in targets:
        for name in target.entity.fields:
            field = spelling(name, target.catalog)
            scope = None if field is None else _scope(field, target.entity_type_id)
            known = found.get(scope, {}) if scope is not None else {}
            if told := {code: text for code, text in known.items() if text and text != code}:
                names.setdefault(target.index, {})[name] = told
    return Labels(names)


def _scope(field: FieldType, kind: EntityTypeId) -> Scope | None:
    """Where the names of a field's values are kept."""
    match field.type:
        case "crm_status" if field.name == "stageId":
            return ("stage", kind)
        case "crm_status":
            return ("status", field.status_type or "")
        case "crm_category":
            return ("category", kind)
        case "crm_currency":
            return ("currency",)
        case "enumeration":
            return ("enum", kind, field.name)
    return ("user",) if field.type in _USERS else None
