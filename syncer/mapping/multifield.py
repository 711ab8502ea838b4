"""`fm`: telephones, e-mail addresses and the like of leads, contacts and companies.

Source: api-reference/crm/data-types.md (types and kinds), api-reference/crm/universal/crm-item-add.md (form).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncer.mapping.text import words
from syncer.mapping.unfit import Unfit, shown
from syncer.mapping.whole import FM_KEYS
from syncer.mapping.writing import text

VALUE_TYPES: dict[str, frozenset[str]] = {
    "PHONE": words("WORK MOBILE FAX HOME PAGER MAILING OTHER"),
    "EMAIL": words("WORK HOME MAILING OTHER"),
    "WEB": words("WORK HOME VK LIVEJOURNAL TWITTER OTHER"),
    "IM": words("TELEGRAM VK SKYPE VIBER BITRIX24 OPENLINE IMOL ICQ MSN JABBER OTHER"),
    "LINK": frozenset(),  # its kinds are not documented: any is sent
}


def multifield(value: Any) -> list[dict[str, str]]:
    """A list of `{typeId, valueType, value}`; raises Unfit for any other form, and for types that do not exist."""
    if not isinstance(value, list | tuple):
        raise Unfit("is not a list: write - {typeId: PHONE, valueType: WORK, value: …}")
    return [_element(element, place) for place, element in enumerate(value, 1)]


def _element(element: Any, place: int) -> dict[str, str]:
    if not isinstance(element, Mapping) or element.keys() != FM_KEYS:
        raise Unfit(f"has element {place} that is not of the form {{typeId: PHONE, valueType: WORK, value: …}}")
    kind, value_type = element["typeId"], element["valueType"]
    if not isinstance(kind, str) or kind not in VALUE_TYPES:
        raise Unfit(f"has element {place} of typeId {shown(kind)}; there are {', '.join(VALUE_TYPES)}")
    known = VALUE_TYPES[kind]
    if not isinstance(value_type, str) or (known and value_type not in known) or not value_type:
        raise Unfit(
            f"has element {place} of valueType {shown(value_type)}; {kind} has {', '.join(sorted(known)) or 'any text'}"
        )
    try:
        return {"typeId": kind, "valueType": value_type, "value": text(element["value"])}
    except Unfit as error:
        raise Unfit(f"has element {place} whose value {error}") from None
