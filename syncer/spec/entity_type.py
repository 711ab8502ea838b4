"""Which entity type an entity creates, and the fields that its identity takes."""

from __future__ import annotations

from syncer.model.identity import TYPE_NAMES, EntityTypeId, default_stamp_field
from syncer.spec.document import Node
from syncer.spec.written import SpaTitle


def entity_type_id(written: object) -> EntityTypeId | None:
    """The number of a type as written; None for a smart process given by title, and for what is no type."""
    match written:
        case str():
            return TYPE_NAMES.get(written)
        case int() if not isinstance(written, bool):
            return EntityTypeId(written)
    return None


def stamp_field(entity: Node) -> str | None:
    """The field that an entity's identity is stamped in; None for a type that has none of its own."""
    own = entity.get("origin_field")
    if own is not None and own.text:
        return own.text
    written = entity.get("type")
    if written is None:
        return None
    number = entity_type_id(written.value)
    if number is None:
        return "xmlId" if isinstance(written.value, dict | SpaTitle) else None
    return default_stamp_field(number)


def stamped(entity: Node) -> tuple[str, ...]:
    """The fields that `fields` may not set."""
    field = stamp_field(entity)
    if field is None:
        return ()
    return ("originatorId", "originId") if field == "originId" else (field,)


def same_field(one: str, other: str) -> bool:
    """Whether two spellings (`ufCrmKey`, `UF_CRM_KEY`) name one field."""
    return one.replace("_", "").lower() == other.replace("_", "").lower()
