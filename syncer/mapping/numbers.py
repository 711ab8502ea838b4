"""Numbers, booleans and options as Bitrix24 takes them; nothing is rounded, cut or guessed.

Source: api-reference/data-types.md, api-reference/crm/universal/crm-item-add.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from syncer.mapping.money import CURRENCY, NUMBER
from syncer.mapping.text import number_text
from syncer.mapping.unfit import Unfit
from syncer.model.change import Reference
from syncer.model.field import FieldType

_INTEGER = re.compile(r"(-?(?:0|[1-9]\d{0,30}))(?:\.0+)?", re.ASCII)
_DOUBLE = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_MONEY = re.compile(rf"{NUMBER.pattern}\|{CURRENCY.pattern}", re.ASCII)
_EXACT = 2**53
_LARGEST = 2**63 - 1
_TRUE = frozenset({"y", "true", "1"})
_FALSE = frozenset({"n", "false", "0"})
_EMPTY = "is empty: write `{{ row.x or none }}` to leave the field out"

Conversion = Callable[[Any], Any]


def to_integer(value: Any) -> int:
    """The integer that a value is; raises Unfit for what is only near one, and for booleans."""
    match value:
        case bool():
            raise Unfit("is true or false, not an integer: write {{ 1 if … else 0 }}")
        case int():
            number = int(value)
        case float() if value.is_integer() and abs(value) <= _EXACT:
            number = int(value)
        case Decimal() if value.is_finite() and value.adjusted() < 30 and value == value.to_integral_value():
            number = int(value)
        case str() if match := _INTEGER.fullmatch(value):
            number = int(match[1])
        case "":
            raise Unfit(_EMPTY)
        case _:
            raise Unfit("is not an integer: convert it in the template or the query, such as |int")
    if abs(number) > _LARGEST:
        raise Unfit(f"is out of range: an integer has at most 64 bits ({_LARGEST})")
    return number


def integer(field: FieldType) -> Conversion:
    """An integer within the field's own bounds (`MIN_VALUE`, `MAX_VALUE`; 0 is unchecked), or a reference."""
    least, most = (_bound(field.settings.get(name)) for name in ("MIN_VALUE", "MAX_VALUE"))

    def convert(value: Any) -> Any:
        if value.__class__ is Reference:
            return _unprefixed(value)
        number = to_integer(value)
        if (least and number < least) or (most and number > most):
            raise Unfit(f"is out of the field's range ({least or '…'} to {most or '…'})")
        return number

    return convert


def item_id(least: int) -> Conversion:
    """The id of an item, a user or a pipeline, or a reference to one."""

    def convert(value: Any) -> Any:
        if value.__class__ is Reference:
            return _unprefixed(value)
        number = to_integer(value)
        if number < least:
            raise Unfit("is not an id; None leaves the field out")
        return number

    return convert


def double(value: Any) -> int | float | str:
    """A number; a Decimal that a float cannot show exactly goes as its own digits."""
    match value:
        case bool():
            raise Unfit("is true or false, not a number: write {{ 1 if … else 0 }}")
        case int():
            if value.bit_length() > 1000 or int(float(value)) != value:
                raise Unfit("has more digits than a number of the portal can hold")
            return int(value)
        case float():
            if not math.isfinite(value):
                raise Unfit("is not a number: leave the field out with None")
            return value
        case Decimal():
            return _decimal(value)
        case str() if _DOUBLE.fullmatch(value):
            return _decimal(Decimal(value))
        case "":
            raise Unfit(_EMPTY)
        case str() if "," in value:
            raise Unfit("is not a number: a decimal point is wanted, such as |replace(',', '.')")
        case _:
            raise Unfit("is not a number: convert it in the template or the query")


def boolean(value: Any) -> str:
    """`Y` or `N`, of true and false, 1 and 0, and these words."""
    if isinstance(value, str):
        word = value.lower()
    elif isinstance(value, int | float | Decimal) and value in (0, 1):
        word = "1" if value else "0"
    else:
        word = ""
    if word in _TRUE:
        return "Y"
    if word in _FALSE:
        return "N"
    raise Unfit("is neither true nor false: write true, false, 1, 0, 'Y' or 'N'" if value != "" else _EMPTY)


def money_text(value: Any) -> str:
    """`300|USD`; an amount alone would get whatever currency the portal has."""
    if isinstance(value, str) and _MONEY.fullmatch(value):
        return value
    raise Unfit("is not an amount with its currency: write {{ row.x|money('USD') }}" if value != "" else _EMPTY)


def currency(value: Any) -> str:
    """A currency's code."""
    if isinstance(value, str) and CURRENCY.fullmatch(value):
        return value
    raise Unfit("is not a currency code such as USD: currency() finds one by its name" if value != "" else _EMPTY)


def option(field: FieldType) -> Conversion:
    """The id of one of an enumeration's options."""
    labels = dict(field.items)

    def convert(value: Any) -> int:
        known = ", ".join(f"{id_} {label}" for id_, label in list(labels.items())[:8])
        if isinstance(value, str) and value and not _INTEGER.fullmatch(value):
            raise Unfit(f"is not an option's id: write {{{{ enum('{field.name}', …) }}}} to use its label ({known})")
        number = to_integer(value)
        if labels and number not in labels:
            raise Unfit(f"is not an option of the field; options are: {known}")
        return number

    return convert


def _decimal(value: Decimal) -> float | str:
    text = number_text(value)
    near = float(value)
    if not math.isfinite(near):
        raise Unfit("has more digits than a number of the portal can hold")
    return near if Decimal(repr(near)) == value else text


def _unprefixed(reference: Reference) -> Reference:
    if reference.prefix:
        raise Unfit("comes from link(): this field takes a plain id, write ref()")
    return reference


def _bound(setting: Any) -> int:
    try:
        return int(setting or 0)
    except (TypeError, ValueError):
        return 0
