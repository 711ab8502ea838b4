"""What a portal stored of an item, against what was sent for it: compared by the field's type.

A portal answers in its own words: a date comes back as a moment, an id as text, `Y` as true. That is no difference.
What was sent empty asked for nothing, so whatever stands there (a generated title) is none either.

Source: api-reference/crm/universal/crm-item-add.md (echo of each type), api-reference/data-types.md,
tutorials/crm/how-to-edit-crm-objects/how-to-set-paid-date-to-deal.md (dates with a technical time).
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

from syncer.model.field import FieldType

Kind = Literal["dropped", "changed"]
"""`dropped`: nothing is there. `changed`: something else is, or only a part of several values."""

Same = Callable[[Any, Any], bool]
"""Whether one sent value and one stored value, neither empty, mean the same."""


def differences(
    types: Mapping[str, FieldType], sent: Mapping[str, Any], stored: Mapping[str, Any]
) -> Iterator[tuple[str, Kind]]:
    """Each field that the portal holds otherwise than it was sent; a field that `stored` lacks is dropped."""
    for name, value in sent.items():
        kind = difference(types.get(name) or FieldType(name, ""), value, stored.get(name))
        if kind is not None:
            yield name, kind


def difference(field: FieldType, sent: Any, stored: Any) -> Kind | None:
    """What became of one field's value; None: it is there."""
    if _is_empty(sent):
        return None
    no_link = field.type in _IDS and str(stored) == "0"  # how an empty link reads (crm-item-get.md)
    if _is_empty(stored) or (no_link and str(sent) != "0"):
        return None if _asks_for_nothing(field, sent) else "dropped"
    return None if _same(field)(sent, stored) else "changed"


def _same(field: FieldType) -> Same:
    if field.type == "crm_multifield":
        return lambda sent, stored: _records(sent) == _records(stored)
    if field.type == "file":
        several = field.is_multiple
        return lambda sent, stored: not several or len(_listed(sent)) == len(_listed(stored))
    one = _comments if field.name == "comments" else _BY_TYPE.get(field.type, _alike)
    if not field.is_multiple:
        return one
    return lambda sent, stored: _paired(_listed(sent), _listed(stored), one)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | tuple | Mapping) and not value)


def _asks_for_nothing(field: FieldType, sent: Any) -> bool:
    """A `no` and an id of nothing may be kept as an empty field."""
    return (field.type == "boolean" and _truth(sent) is False) or (field.type in _IDS and str(sent) == "0")


def _listed(value: Any) -> list[Any]:
    """The values of a multiple field, the empty ones left out; PHP may show a list as a map."""
    values: Iterable[Any] = value.values() if isinstance(value, Mapping) else value
    return [each for each in values if not _is_empty(each)] if isinstance(value, Mapping | list | tuple) else [value]


def _paired(sent: list[Any], stored: list[Any], same: Same) -> bool:
    """Whether each sent value has a stored one of its own, in whatever order."""
    left = list(stored)
    for value in sent:
        found = next((place for place, other in enumerate(left) if same(value, other)), None)
        if found is None:
            return False
        del left[found]
    return not left


def _records(value: Any) -> Counter[tuple[str, str, str]]:
    """The phones, addresses and the like of `fm`, without the ids that the portal gives them.

    Values are compared as they were sent: the portal keeps them so (how-to-add-contractor.md).
    """
    found: Counter[tuple[str, str, str]] = Counter()
    for each in _listed(value):
        if isinstance(each, Mapping):  # one reference page has the keys in upper case
            cells = {str(key).replace("_", "").casefold(): str(inner) for key, inner in each.items() if inner}
            if cells.get("value"):
                found[cells.get("typeid", ""), cells.get("valuetype", ""), cells["value"]] += 1
    return found


def _text(sent: Any, stored: Any) -> bool:
    return str(sent) == str(stored)


def _comments(sent: Any, stored: Any) -> bool:
    """The documented echo has gained line breaks at both ends (crm-item-add.md)."""
    return str(sent).strip("\r\n") == str(stored).strip("\r\n")


def _any_case(sent: Any, stored: Any) -> bool:
    """Links: the hexadecimal number of a type may be written in either case (T8A_6)."""
    return str(sent).casefold() == str(stored).casefold()


def _exact_number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _whole(sent: Any, stored: Any) -> bool:
    number = _exact_number(sent)
    return number is not None and number == _exact_number(stored)


def _double(sent: Any, stored: Any) -> bool:
    """By value: a portal computes with doubles, so what one double holds is the same."""
    one, other = _exact_number(sent), _exact_number(stored)
    return one is not None and other is not None and (one == other or float(one) == float(other))


def _truth(value: Any) -> bool | None:
    return _TRUTHS.get(str(value).casefold())


def _boolean(sent: Any, stored: Any) -> bool:
    return _truth(sent) is not None and _truth(sent) is _truth(stored)


def _moment(value: Any) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _date(sent: Any, stored: Any) -> bool:
    """By the date part, or by that of a midnight of UTC, which west of it is shown as the day before."""
    day = str(sent)[:10]
    if day == str(stored)[:10]:
        return True
    moment = _moment(stored)
    if moment is None or moment.tzinfo is None:
        return False
    in_utc = moment.astimezone(dt.UTC)
    return in_utc.time() == dt.time() and in_utc.date().isoformat() == day


def _datetime(sent: Any, stored: Any) -> bool:
    """By the moment, to the second; without an offset by what is written."""
    one, other = _moment(sent), _moment(stored)
    if one is None or other is None or (one.tzinfo is None) != (other.tzinfo is None):
        return str(sent) == str(stored)
    return one.replace(microsecond=0) == other.replace(microsecond=0)


def _money(sent: Any, stored: Any) -> bool:
    (amount, _, currency), (other, _, its_currency) = (str(each).partition("|") for each in (sent, stored))
    return currency == its_currency and _double(amount, other)


def _alike(sent: Any, stored: Any) -> bool:
    """A type that is not documented: text as text, numbers by value, structures by their parts."""
    if isinstance(sent, Mapping | list) or isinstance(stored, Mapping | list):
        return _plain(sent) == _plain(stored)
    return str(sent) == str(stored) or _double(sent, stored)


def _plain(value: Any) -> str:
    def written(inner: Any) -> Any:
        match inner:
            case Mapping():
                return {str(key): written(each) for key, each in inner.items()}
            case list() | tuple():
                return [written(each) for each in inner]
            case _:
                return str(inner)

    return json.dumps(written(value), sort_keys=True)


_TRUTHS: Final = {"y": True, "true": True, "1": True, "n": False, "false": False, "0": False}

_IDS: Final = frozenset(
    (
        "user",
        "employee",
        "crm_company",
        "crm_contact",
        "crm_deal",
        "crm_lead",
        "crm_quote",
        "crm_entity",
        "crm_category",
        "iblock_element",
        "iblock_section",
    )
)

_BY_TYPE: Final[Mapping[str, Same]] = {
    **dict.fromkeys(("string", "text", "url", "address", "crm_status", "crm_currency"), _text),
    **dict.fromkeys(("integer", "enumeration", *_IDS), _whole),
    "double": _double,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "money": _money,
    "crm": _any_case,
}
