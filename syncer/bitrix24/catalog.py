"""What fields the portal's entity types have: `crm.item.fields`, and its form in the state.

Source: api-reference/crm/universal/crm-item-fields.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from syncer.bitrix24.answer import CommandAnswer, Refusal, done, rows
from syncer.bitrix24.encode import Command
from syncer.bitrix24.portal import Portal
from syncer.errors import PortalRefused
from syncer.model.field import FieldType
from syncer.model.identity import EntityTypeId

FieldTypes = dict[str, FieldType]
"""camelCase field name → its type, as the portal lists them."""


def read_fields(
    portal: Portal, types: Iterable[EntityTypeId], *, refused: dict[EntityTypeId, PortalRefused] | None = None
) -> dict[EntityTypeId, FieldTypes]:
    """The fields of several entity types, in one batch.

    Raises PortalRefused for a type that the portal does not have or the webhook's user may not read, unless it is to
    go to `refused`; and whatever `Portal.read_many` raises.
    """
    answers = portal.read_many({each: Command("crm.item.fields", {"entityTypeId": each}) for each in types})
    found = {}
    for each, answer in answers.items():
        try:
            found[each] = _fields(each, answer)
        except PortalRefused as error:
            if refused is None:
                raise
            refused[each] = error
    return found


def to_json(fields: Mapping[str, FieldType]) -> list[dict[str, Any]]:
    """The fields as plain JSON values, in the portal's order."""
    return [asdict(each) for each in fields.values()]


def from_json(stored: Iterable[Mapping[str, Any]]) -> FieldTypes:
    """The reverse of `to_json`."""
    found = (FieldType(**{**each, "items": tuple((key, text) for key, text in each["items"])}) for each in stored)
    return {each.name: each for each in found}


def _fields(entity_type_id: EntityTypeId, answer: CommandAnswer) -> FieldTypes:
    if isinstance(answer, Refusal):
        error = answer.error()
        error.detail = f"entityTypeId {entity_type_id}: {error.detail}"
        raise error
    told = done(answer).result
    fields = told.get("fields") if isinstance(told, Mapping) else None
    if not isinstance(fields, Mapping):
        return {}
    return {name: _field(name, each) for name, each in fields.items() if isinstance(each, Mapping)}


def _field(name: str, told: Mapping[str, Any]) -> FieldType:
    settings = told.get("settings")
    return FieldType(
        name=name,
        type=str(told.get("type", "string")),
        title=str(told.get("title") or ""),
        upper_name=str(told.get("upperName") or ""),
        is_required=_flag(told, "isRequired"),
        is_read_only=_flag(told, "isReadOnly"),
        is_immutable=_flag(told, "isImmutable"),
        is_multiple=_flag(told, "isMultiple"),
        is_dynamic=_flag(told, "isDynamic"),
        items=tuple(_items(told.get("items"))),
        status_type=str(told["statusType"]) if told.get("statusType") else None,
        settings=dict(settings) if isinstance(settings, Mapping) else {},
    )


def _flag(told: Mapping[str, Any], name: str) -> bool:
    return told.get(name) in (True, "Y", "true", 1)


def _items(told: Any) -> Iterable[tuple[int, str]]:
    for each in rows(told):
        if isinstance(each, Mapping) and str(each.get("ID", "")).isdecimal():
            yield int(each["ID"]), str(each.get("VALUE", ""))
