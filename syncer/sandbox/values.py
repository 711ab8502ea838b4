"""What a field's value becomes when it is stored.

The types are those of api-reference/data-types.md and api-reference/crm/data-types.md. Where the
documentation says nothing of a wrong value (numbers, list ids, links) the sandbox refuses it rather than
guess.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
import re
from collections.abc import Callable
from typing import Any, Final

from syncer.sandbox.multifields import new_records
from syncer.sandbox.portal import OUTSIDE_KEYS, Portal
from syncer.sandbox.refusal import not_iterable, value_not_valid
from syncer.sandbox.schema import Field

Converter = Callable[[Portal, Field, Any], Any]


class Discard:
    """A value that is dropped without an error, as crm.item.update drops an invalid date."""


DISCARD: Final = Discard()
LARGEST: Final = 2**63 - 1

_TAG = re.compile(r"<[^<>]*>")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_MONEY = re.compile(r"\s*([+-]?[0-9]+(?:\.[0-9]+)?)\s*(?:\|\s*(\S*)\s*)?")
_SHORT_DATE = re.compile(r"(\d\d)/(\d\d)/(\d{4})(?: (\d\d):(\d\d)(?::(\d\d))?(?: (am|pm))?)?", re.IGNORECASE)
_LINK = re.compile(r"(L|D|C|CO|Q|SI|T[0-9a-f]+)_([1-9][0-9]*)")


def convert(portal: Portal, field: Field, value: Any) -> Any:
    """The stored form of `value`; None when it is empty, DISCARD when the portal drops it. Raises Refusal."""
    if field.type == "crm_multifield":
        return new_records(portal, field, value)
    if not field.multiple:
        return _one(portal, field, value)
    if value is None:
        return []
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        raise not_iterable(value)
    found = [_one(portal, field, each) for each in value]
    return [each for each in found if each is not None and each is not DISCARD]


def _one(portal: Portal, field: Field, value: Any) -> Any:
    if value is None or value == "":
        return None
    converter: Converter = _CONVERTERS.get(field.type, _string)
    return converter(portal, field, value)


def text_of(field: Field, value: Any) -> str:
    """A scalar as PHP writes it into text. Raises Refusal for an array."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, int | float):
        return str(plain_number(value))
    raise value_not_valid(field.title)


def plain_number(value: float) -> float:
    """A number without a needless fraction."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _string(portal: Portal, field: Field, value: Any) -> str:
    text = text_of(field, value)
    if field.name == "comments":
        return _comments(text)
    longest = (field.settings or {}).get("MAX_LENGTH")
    if longest and len(text) > longest:
        raise value_not_valid(field.title)
    is_key = field.name in OUTSIDE_KEYS or (field.custom and field.type == "string")
    return portal.stored_key(text) if is_key else text


def _comments(text: str) -> str:
    """HTML tags go (how-to-make-contact-edit-card.md).

    Text of several lines gains a line break at both ends, as in the sample of crm-item-add.md.
    """
    text = _TAG.sub("", text) if "<" in text else text
    return f"\n{text}\n" if "\n" in text.strip("\n") and not text.startswith("\n") else text


def _integer(portal: Portal, field: Field, value: Any) -> int:
    number = _whole(field, value)
    settings = field.settings or {}
    low, high = settings.get("MIN_VALUE") or 0, settings.get("MAX_VALUE") or 0
    if (low and number < low) or (high and number > high):
        raise value_not_valid(field.title)
    return number


def _whole(field: Field, value: Any) -> int:
    if isinstance(value, str) and not _WHOLE.fullmatch(value.strip()[:20]):
        raise value_not_valid(field.title)
    if isinstance(value, list | dict) or (isinstance(value, float) and not value.is_integer()):
        raise value_not_valid(field.title)
    number = int(value)
    if abs(number) > LARGEST:
        raise value_not_valid(field.title)
    return number


def _double(portal: Portal, field: Field, value: Any) -> float:
    if isinstance(value, bool | list | dict):
        raise value_not_valid(field.title)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise value_not_valid(field.title) from None
    if not math.isfinite(number):
        raise value_not_valid(field.title)
    settings = field.settings or {}
    if field.custom and "PRECISION" in settings:
        number = round(number, settings["PRECISION"])
    return plain_number(number)


def _boolean(portal: Portal, field: Field, value: Any) -> str:
    if value in ("Y", "1", 1):
        return "Y"
    if value in ("N", "0", 0):
        return "N"
    raise value_not_valid(field.title)


def _date(portal: Portal, field: Field, value: Any) -> str | Discard:
    return date_text(portal, value) or DISCARD


def _datetime(portal: Portal, field: Field, value: Any) -> str | Discard:
    moment = parse_moment(portal, value)
    return portal.text_of(moment) if moment else DISCARD


def date_text(portal: Portal, value: Any) -> str | None:
    """A date as it is read back, with a technical time (how-to-set-paid-date-to-deal.md)."""
    moment = parse_moment(portal, value)
    if not moment:
        return None
    return moment.astimezone(portal.zone).date().isoformat() + portal.technical_time


def parse_moment(portal: Portal, value: Any) -> dt.datetime | None:
    """A date or a datetime in ISO 8601 or in the portal's short format; None when it is neither."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        moment = _short_moment(text) or dt.datetime.fromisoformat(text)
        return moment.replace(tzinfo=portal.zone) if moment.tzinfo is None else moment.astimezone(portal.zone)
    except (ValueError, OverflowError):
        return None


def _short_moment(text: str) -> dt.datetime | None:
    if not (found := _SHORT_DATE.fullmatch(text)):
        return None
    month, day, year, hour, minute, second, half = found.groups()
    number = int(hour or 0)
    if half:
        number = number % 12 + (12 if half.lower() == "pm" else 0)
    return dt.datetime(int(year), int(month), int(day), number, int(minute or 0), int(second or 0))


def _status(portal: Portal, field: Field, value: Any) -> str:
    text = text_of(field, value)
    if field.directory and text not in portal.schema.directories.get(field.directory, ()):
        raise value_not_valid(field.title)
    return text


def _user(portal: Portal, field: Field, value: Any) -> int | None:
    number = _whole(field, value)
    if number and number not in portal.schema.users:
        raise value_not_valid(field.title)
    return number or None


def _currency(portal: Portal, field: Field, value: Any) -> str:
    text = text_of(field, value)
    if text not in portal.schema.currencies:
        raise value_not_valid(field.title)
    return text


def _link_to(entity_type_id: int) -> Callable[[Portal, Field, Any], int | None]:
    def converter(portal: Portal, field: Field, value: Any) -> int | None:
        number = _whole(field, value)
        if number and not portal.store.exists(entity_type_id, number):
            raise value_not_valid(field.title)
        return number or None

    return converter


def _parent(portal: Portal, field: Field, value: Any) -> int | None:
    settings = field.settings or {}
    return _link_to(int(settings["parentEntityTypeId"]))(portal, field, value)


def _enumeration(portal: Portal, field: Field, value: Any) -> int:
    number = _whole(field, value)
    if number not in (each for each, _ in field.items):
        raise value_not_valid(field.title)
    return number


def _money(portal: Portal, field: Field, value: Any) -> str | None:
    """`amount|currency`: empty without an amount, any currency (how-to-make-contact-edit-card.md)."""
    found = _MONEY.fullmatch(text_of(field, value))
    if not found:
        return None
    return f"{found.group(1)}|{found.group(2) or portal.schema.base_currency}"


def _crm_link(portal: Portal, field: Field, value: Any) -> str:
    text = text_of(field, value)
    if not _LINK.fullmatch(text):
        raise value_not_valid(field.title)
    return text


def _is_file(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(each, str) for each in value)


def _file(portal: Portal, field: Field, value: Any) -> Any:
    """`[name, base64]` (how-to-upload-files.md); the older `{fileData: …}` is dropped in silence."""
    if isinstance(value, dict):
        return DISCARD
    if not _is_file(value):
        raise value_not_valid(field.title)
    try:
        content = base64.b64decode(value[1], validate=True)
    except (binascii.Error, ValueError):
        raise value_not_valid(field.title) from None
    number = portal.store.next_id("file")
    portal.store.add_file(number, value[0], content)
    return {"id": number} if field.custom else number


_CONVERTERS: dict[str, Converter] = {
    "integer": _integer,
    "double": _double,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "crm_status": _status,
    "user": _user,
    "employee": _user,
    "crm_currency": _currency,
    "crm_company": _link_to(4),
    "crm_contact": _link_to(3),
    "crm_lead": _link_to(1),
    "crm_deal": _link_to(2),
    "crm_quote": _link_to(7),
    "crm_entity": _parent,
    "enumeration": _enumeration,
    "money": _money,
    "crm": _crm_link,
    "file": _file,
    "iblock_section": _integer,
    "iblock_element": _integer,
}
