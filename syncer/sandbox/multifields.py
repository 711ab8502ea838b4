"""`fm`: phones, e-mail addresses and the like of leads, contacts and companies.

Forms: crm-item-add.md (a list), crm-item-update.md (a map keyed by record id), crm-item-import.md (PHONE
and EMAIL keys). Types and value types: api-reference/crm/data-types.md; what is checked:
how-to-add-contractor.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from syncer.sandbox.php import as_map
from syncer.sandbox.portal import Portal
from syncer.sandbox.refusal import not_iterable, value_not_valid
from syncer.sandbox.schema import Field, catalog

Record = dict[str, Any]
WORK = "WORK"  # the value type of an element that names none
# the flat, read-only copies of the first matching value (crm-item-get.md)
_ALIASES = {
    "phone": ("PHONE", ""), "phoneMobile": ("PHONE", "MOBILE"), "phoneWork": ("PHONE", "WORK"),
    "phoneMailing": ("PHONE", "MAILING"), "email": ("EMAIL", ""), "emailHome": ("EMAIL", "HOME"),
    "emailWork": ("EMAIL", "WORK"), "emailMailing": ("EMAIL", "MAILING"), "imol": ("IM", "IMOL"),
}  # fmt: skip
_PRESENCE = {"hasPhone": "PHONE", "hasEmail": "EMAIL", "hasImol": "IM"}


def new_records(portal: Portal, field: Field, value: Any) -> list[Record]:
    """The records of a new item.

    Raises "100" for a scalar, CRM_FIELD_ERROR_VALUE_NOT_VALID for a type or value type that is not supported.
    """
    if value is None or value == "":
        return []
    if not isinstance(value, dict | list):
        raise not_iterable(value)
    found = [_checked(field, each) for each in as_map(value).values()]
    return [_numbered(portal, each) for each in found if each["value"]]


def _checked(field: Field, given: Any) -> Record:
    supported = catalog()["multifields"]
    if not isinstance(given, dict) or str(given.get("valueType", WORK)) not in supported.get(given.get("typeId"), ()):
        raise value_not_valid(field.title)
    return _record(given)


def changed_records(portal: Portal, value: Any, now: Sequence[Record]) -> list[Record]:
    """The records of a changed item that had those of `now` (how-to-change-email-or-phone.md).

    A list adds; in a map the id of a record changes it or, with an empty value, deletes it, and any other key adds.
    An element without `typeId` does nothing, and no type is checked. Raises "100" for a scalar.
    """
    if value is None or value == "":
        return list(now)
    if not isinstance(value, dict | list):
        raise not_iterable(value)
    records = {str(each["id"]): each for each in now}
    added = []
    for key, given in as_map(value).items():
        if not isinstance(given, dict) or not given.get("typeId"):
            continue
        if isinstance(value, dict) and key in records:
            record = records.pop(key)
            if given.get("value"):
                records[key] = record | _record(record | given)
        elif given.get("value"):
            added.append(_numbered(portal, _record(given)))
    return [*sorted(records.values(), key=lambda each: int(each["id"])), *added]


def _record(given: Mapping[str, Any]) -> Record:
    return {
        "valueType": str(given.get("valueType", WORK)),
        "value": str(given.get("value") or ""),
        "typeId": str(given["typeId"]),
    }


def _numbered(portal: Portal, record: Record) -> Record:
    return {"id": portal.store.next_id("fm"), **record}


def from_import(fields: Mapping[str, Any]) -> list[Record]:
    """The records that PHONE, EMAIL, … keys of an import stand for (crm-item-import.md)."""
    return [
        {"typeId": kind, "valueType": each.get("VALUE_TYPE", WORK), "value": each.get("VALUE", "")}
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
