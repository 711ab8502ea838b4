"""What a portal says of one field of an entity type (`crm.item.fields`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldType:
    """One field. Source of the flags: api-reference/crm/universal/crm-item-fields.md.

    `name` is the camelCase name used in requests, `upper_name` the `UF_CRM_…` spelling; `is_dynamic` means
    custom, `is_immutable` settable at creation only. `items` are an enumeration's (id, label) pairs,
    `status_type` the directory of a `crm_status` field.
    """

    name: str
    type: str
    title: str = ""
    upper_name: str = ""
    is_required: bool = False
    is_read_only: bool = False
    is_immutable: bool = False
    is_multiple: bool = False
    is_dynamic: bool = False
    items: tuple[tuple[int, str], ...] = ()
    status_type: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_demanded(self) -> bool:
        """Whether a new item must bring a value. Of a field that is not custom `is_required` proves nothing: a deal
        without a title gets one (api-reference/crm/universal/crm-item-add.md).
        """
        default = self.settings.get("DEFAULT_VALUE")
        if isinstance(default, Mapping):  # of dates: {"TYPE": "NONE", "VALUE": ""}
            default = default.get("TYPE") not in (None, "", "NONE")
        return self.is_required and self.is_dynamic and not self.is_read_only and not default


def spelling(name: str, fields: Mapping[str, FieldType]) -> FieldType | None:
    """The field of that name in either spelling, `ufCrm…` or `UF_CRM_…` (`upperName`); None when there is none."""
    if name in fields:
        return fields[name]
    return next((each for each in fields.values() if each.is_dynamic and each.upper_name == name), None)


def as_spelt(values: Mapping[str, Any], fields: Mapping[str, FieldType]) -> dict[str, Any]:
    """The same values, in the same order, by the names that requests use; a name that is no field's stays."""
    spelt = ((spelling(name, fields), name, value) for name, value in values.items())
    return {known.name if known else name: value for known, name, value in spelt}
