"""A spec against a portal's catalog: mistakes in field names that can be known before a row is read."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from syncer.errors import Finding
from syncer.model.field import FieldType
from syncer.model.identity import Stamp
from syncer.spec import Code, EntitySpec, Spec

IMPORT_ONLY = frozenset({"createdTime", "updatedTime", "movedTime", "createdBy", "updatedBy", "movedBy"})
"""Accepted by an import alone (api-reference/crm/universal/import/index.md); `crm.item.add` drops them."""


def check_fields(spec: Spec, entity: EntitySpec, catalog: Mapping[str, FieldType], stamp: Stamp) -> Iterator[Finding]:
    """Findings for every field of an entity that the portal would drop or refuse."""
    for name in entity.fields:
        span = spec.span("entities", entity.name, "fields", name)
        known = catalog.get(name)
        if known is None:
            message = f"the portal has no field {name!r} for this type; it would be dropped without an error"
            yield Finding(Code.UNKNOWN_FIELD, "error", span, message, _nearest(name, catalog))
        elif name in IMPORT_ONLY and entity.write == "import":
            continue
        elif name in IMPORT_ONLY:
            message = f"{name!r} can only be set by an import; `crm.item.add` would drop it"
            yield Finding(Code.IMPORT_ONLY_FIELD, "error", span, message, "say `write: import`, or remove the field")
        elif known.is_read_only:
            message = f"{name!r} is read-only in the portal; a value for it would be dropped"
            yield Finding(Code.READ_ONLY_FIELD, "error", span, message, "remove the field")
    if stamp.field not in catalog:
        span = spec.span("entities", entity.name)
        message = f"the identity is stamped in {stamp.field!r}, and the portal has no such field for this type"
        yield Finding(Code.UNKNOWN_FIELD, "error", span, message, "name a string custom field with `origin_field`")


def check_administrator(spec: Spec, entity: EntitySpec) -> Iterator[Finding]:
    """Findings for the fields of an import that the portal takes from its administrators alone; others may send the
    rest.
    """
    for name in IMPORT_ONLY & entity.fields.keys() if entity.write == "import" else ():
        span = spec.span("entities", entity.name, "fields", name)
        message = f"{name!r} can be imported by an administrator alone, and the webhook acts as a user who is none"
        hint = "use a webhook of an administrator of the portal, or remove the field"
        yield Finding(Code.ADMINISTRATOR_FIELD, "error", span, message, hint)


def _nearest(name: str, catalog: Mapping[str, FieldType]) -> str:
    """What the writer may have meant: by name without case, or by the title people see."""
    by_case = {known.lower(): known for known in catalog}
    near = [by_case[each] for each in difflib.get_close_matches(name.lower(), by_case, n=3, cutoff=0.6)]
    titled = [known.name for known in catalog.values() if known.title and known.title.lower() == name.lower()]
    meant = list(dict.fromkeys(titled + near))
    if not meant:
        return "`syncer portal fields TYPE` lists the fields"
    return "did you mean " + " or ".join(f"`{each}`" for each in meant) + "?"
