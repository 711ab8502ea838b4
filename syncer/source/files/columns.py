"""Columns of files: the types that a spec can give them, and what the values say where it gives none."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from syncer.model.units import span_text
from syncer.source.exact import dumps

_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]00:00(?::00(?:\.0+)?)?)?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?", re.ASCII)
_TIME = re.compile(r"\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?", re.ASCII)
_DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)", re.ASCII)
_LONGEST: Final = 2**63
_EXACT: Final = 2**53
_LONG: Final = "LONG"  # a BIGINT of which a DOUBLE would lose digits
_WORDS: Final = {"true": "true", "1": "true", "false": "false", "0": "false"}

Reading = Callable[[str], str]
"""From the text of a value to the text that DuckDB reads; raises ValueError with what is wrong."""


def sql_type(written: str) -> str:
    """DuckDB's name of a type of the spec."""
    match written:
        case "text":
            return "VARCHAR"
        case "integer":
            return "BIGINT"
        case "number":
            return "DOUBLE"
        case "datetime":
            return "TIMESTAMP"
        case _:
            return written.upper()  # boolean, date, time, uuid, decimal(18,2)


def reading(written: str) -> Reading:
    """How text is read as a type of the spec. Nothing is rounded or cut."""
    if match := _DECIMAL.fullmatch(written):
        return _decimal(int(match[1]), int(match[2]))
    return _READINGS[written]


def _integer(text: str) -> str:
    if not _INTEGER.fullmatch(text):
        raise ValueError("is not an integer")
    if not -_LONGEST <= int(text) < _LONGEST:
        raise ValueError("has more than 64 bits")
    return str(int(text))


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError("is not a number" + ("; a decimal point is wanted" if "," in text else ""))
    if not math.isfinite(float(text)):
        raise ValueError("is out of range")
    return repr(float(text))


def _decimal(digits: int, places: int) -> Reading:
    def read(text: str) -> str:
        if not _NUMBER.fullmatch(text):
            raise ValueError("is not a number" + ("; a decimal point is wanted" if "," in text else ""))
        value = Decimal(text)
        scaled = value.scaleb(places)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"has more than {places} decimal places")
        if value and value.adjusted() >= digits - places:
            raise ValueError(f"has more than {digits - places} digits before the point")
        return format(value, "f")

    return read


def _boolean(text: str) -> str:
    word = _WORDS.get(text.lower())
    if word is None:
        raise ValueError("is not true, false, 1 or 0")
    return word


def _dated(pattern: re.Pattern[str], read: Callable[[str], Any], shape: str) -> Reading:
    def check(text: str) -> str:
        if pattern.fullmatch(text):
            try:
                return str(read(text))
            except ValueError:
                raise ValueError("is not in the calendar") from None
        raise ValueError(f"is not written {shape}; read it as text, and use strptime() in the query")

    return check


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("is not a UUID") from None


_READINGS: Final[dict[str, Reading]] = {
    "text": str,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _dated(_DATE, lambda text: dt.date.fromisoformat(text[:10]), "2026-01-31"),
    "datetime": _dated(_MOMENT, dt.datetime.fromisoformat, "2026-01-31 12:30:00, without an offset"),
    "time": _dated(_TIME, dt.time.fromisoformat, "12:30:00"),
    "uuid": _uuid,
}


def text_of(value: Any) -> tuple[str, str]:
    """The text of a value of JSON or of a cell, and its kind: DuckDB's type for a column that has no others.

    A number goes as DOUBLE only if that shows all its digits, else as its text. Raises ValueError for what no
    column can hold.
    """
    match value:
        case str():
            return value, "VARCHAR"
        case bool():
            return ("true" if value else "false"), "BOOLEAN"
        case int():
            if abs(value) <= _EXACT:
                return str(value), "BIGINT"
            return str(value), _LONG if -_LONGEST <= value < _LONGEST else "VARCHAR"
        case float():
            shown = Decimal(f"{value:.15g}")  # as a workbook shows it: 0.1 + 0.2 is 0.3
            whole = shown == shown.to_integral_value() and abs(shown) < 10**15
            return (str(int(shown)), "BIGINT") if whole else (format(shown, "f"), "DOUBLE")
        case Decimal():
            exact = abs(value.adjusted()) < 300 and Decimal(repr(float(value))) == value
            return (format(value, "f") if exact else str(value)), "DOUBLE" if exact else "VARCHAR"
        case dt.datetime():
            return str(value.replace(tzinfo=None)), "TIMESTAMP"
        case dt.date():
            return str(value), "DATE"
        case dt.time():
            return str(value), "TIME"
        case dt.timedelta():
            return span_text(value), "VARCHAR"
        case list() | dict():
            return dumps(value), "JSON"
    raise ValueError(f"is a {type(value).__name__}, which no column holds")


def common(kinds: set[str]) -> str:
    """The type of a column that has values of these types."""
    if kinds and kinds <= {"BIGINT", _LONG}:
        return "BIGINT"
    if len(kinds) == 1:
        return next(iter(kinds))
    return "DOUBLE" if kinds == {"BIGINT", "DOUBLE"} else "VARCHAR"
