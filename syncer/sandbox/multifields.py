"""`fm`: phones, e-mail addresses and the like of leads, contacts and companies.

Forms: crm-item-add.md (a list), crm-item-update.md (a map keyed by record id), crm-item-import.md (PHONE
and EMAIL keys). Types and value types: api-reference/crm/data-types.md; what is checked:
how-to-add-contractor.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncer.sandbox.php import as_map
from syncer.sandbox.portal import Portal
from syncer.sandbox.refusal import not_iterable, value_not_valid
from syncer.sandbox.schema import Field, catalog

Record = dict[str, Any]
# the flat, read-only copies of the first matching value (crm-item-get.md)
_ALIASES = {
    "phone": ("PHONE", ""), "phoneMobile": ("PHONE", "MOBILE"), "phoneWork": ("PHONE", "WORK"),
    "phoneMailing": ("PHONE", "MAILING"), "email": ("EMAIL", ""), "emailHome": ("EMAIL", "HOME"),
    "emailWork": ("EMAIL", "WORK"), "emailMailing": ("EMAIL", "MAILING"), "imol": ("IM", "IMOL"),
}  # fmt: skip
_PRESENCE = {"hasPhone": "PHONE", "hasEmail": "EMAIL", "hasImol": "IM"}


def convert_multifields(portal: Portal, field: Field, value: Any, now: Mapping[int, Record]) -> list[Record]:
    """The records after a call that sends `value` to an item that has the records `now`, by id.

    A list adds; in a map a known id changes its record or, with an empty value, deletes it, and other keys
    add. Raises "100" for a scalar, CRM_FIELD_ERROR_VALUE_NOT_VALID for a type or value type that is not
    supported.
    """
    if value is None or value == "":
        return list(now.values())
    if not isinstance(value, dict | list):
        raise not_iterable(value)
    records = {number: dict(record) for number, record in now.items()}
    added = []
    for key, given in as_map(value).items():
        record = _checked(field, given)
        known = int(key) if isinstance(value, dict) and key.isdigit() else 0
        if known in records:
            if record is None:
                del records[known]
            else:
                records[known] |= record
        elif record is not None:
            added.append(record)
    return [*records.values(), *({"id": portal.store.next_id("fm"), **record} for record in added)]


def _checked(field: Field, given: Any) -> Record | None:
    if not isinstance(given, dict):
        raise value_not_valid(field.title)
    supported = catalog()["multifields"]
    kind, sort = str(given.get("typeId", "")), str(given.get("valueType", "WORK"))
    value = str(given.get("value") or "")
    if kind not in supported or sort not in supported[kind]:
        raise value_not_valid(field.title)
    return {"valueType": sort, "value": value, "typeId": kind} if value else None


def from_import(fields: Mapping[str, Any]) -> list[Record]:
    """The records that PHONE, EMAIL, … keys of an import stand for (crm-item-import.md)."""
    return [
        {"typeId": kind, "valueType": each.get("VALUE_TYPE", "WORK"), "value": each.get("VALUE", "")}
        for kind in catalog()["multifields"]
        for each in as_map(fields.get(kind)).values()
        if isinstance(each, dict)
    ]


def derived(records: list[Record]) -> dict[str, Any]:
    """The fields that follow from the records."""
    found: dict[str, Any] = {}
    for name, kind in _PRESENCE.items():
        found[name] = "Y" if any(each["typeId"] == kind for each in records) else "N"
    for name, (kind, sort) in _ALIASES.items():
        matching = (each["value"] for each in records if each["typeId"] == kind and sort in ("", each["valueType"]))
        found[name] = next(matching, "")
    return found


def lookups(records: list[Record]) -> list[tuple[str, str]]:
    """What an item is found by in crm.duplicate.findbycomm."""
    return [
        (each["typeId"], compared(each["typeId"], each["value"]))
        for each in records
        if each["typeId"] in ("PHONE", "EMAIL")
    ]


def compared(kind: str, value: str) -> str:
    """A phone by its digits, an address in lower case (search-by-phone-and-email.md: whole-number match)."""
    if kind == "PHONE":
        return "".join(each for each in value if each.isdigit())
    return value.strip().lower()
