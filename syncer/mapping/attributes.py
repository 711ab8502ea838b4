"""The attributes and methods that templates may use, by type. What is not listed does not exist for a template.

Left out on purpose: everything that reads the clock or the machine's zone (`now`, `today`, `timestamp`, `astimezone`),
that makes bytes, or that leads to Python's own machinery. Methods that can grow text are bounded versions.
"""

from __future__ import annotations

import datetime as dt
import re
import string
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from jinja2.runtime import LoopContext

from syncer.mapping.bounds import Budget, check_format
from syncer.mapping.text import as_text, words

Lookup = Callable[[Any, str], Any]

_PLAIN: dict[type, frozenset[str]] = {
    str: words(
        "capitalize casefold count endswith find index isalnum isalpha isascii isdecimal isdigit islower isnumeric "
        "isspace istitle isupper lower lstrip partition removeprefix removesuffix rfind rindex rpartition rsplit "
        "rstrip split splitlines startswith strip swapcase title upper"
    ),
    float: frozenset({"is_integer"}),
    Decimal: words("is_finite is_nan is_signed is_zero normalize quantize to_integral_value"),
    dt.date: words("year month day weekday isoweekday isocalendar isoformat replace toordinal"),
    dt.datetime: words("hour minute second microsecond date time tzinfo utcoffset"),
    dt.time: words("hour minute second microsecond isoformat replace"),
    dt.timedelta: words("days seconds microseconds total_seconds"),
    UUID: frozenset({"hex", "int", "urn", "version"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    dict: frozenset({"get", "items", "keys", "values"}),
    LoopContext: words(
        "changed cycle depth depth0 first index index0 last length nextitem previtem revindex revindex0"
    ),
}
_STRFTIME = re.compile(r"(?:[^%]|%-?[aAbBdfGHIjmMpSuUVwWyYzZ%])*", re.DOTALL)
MISSING = object()


class Attributes:
    """Looks up what a template may see of a value; `MISSING` for everything else."""

    def __init__(self, budget: Budget, lookup: Lookup) -> None:
        """`lookup(value, name)` follows the attributes within `'{0.name}'.format(…)`."""
        self._budget = budget
        self._lookup = lookup
        self._bounded: dict[type, dict[str, Callable[..., Any]]] = {
            str: {
                "center": partial(self._padded, str.center),
                "ljust": partial(self._padded, str.ljust),
                "rjust": partial(self._padded, str.rjust),
                "zfill": partial(self._padded, str.zfill),
                "expandtabs": self._expandtabs,
                "replace": self.replace,
                "join": self.join,
                "format": self._format,
            },
            dt.date: {"strftime": strftime},
            dt.time: {"strftime": strftime},
        }

    def get(self, value: Any, name: str) -> Any:
        """The attribute, a bounded method in its place, or MISSING."""
        for cls in type(value).__mro__:
            bounded = self._bounded.get(cls)
            if bounded is not None and name in bounded:
                return partial(bounded[name], value)
            if name in _PLAIN.get(cls, ()):
                return getattr(value, name)
        if isinstance(value, tuple) and name in getattr(type(value), "_fields", ()):
            return getattr(value, name)
        return MISSING

    def replace(self, text: str, old: str, new: str, count: int = -1) -> str:
        """`str.replace`, its result's length checked before it is built."""
        hits = text.count(old)
        hits = hits if count < 0 else min(hits, count)
        self._budget.text(len(text) + max(0, hits * (len(new) - len(old))))
        return text.replace(old, new, count)

    def join(self, separator: str, values: Any) -> str:
        """Joins texts of the values, None as empty."""
        parts = [as_text(value) for value in self._budget.each(values)]
        self._budget.text(sum(map(len, parts)) + len(separator) * len(parts))
        return separator.join(parts)

    def _padded(self, method: Callable[..., str], text: str, width: int, *fill: str) -> str:
        self._budget.text(max(len(text), width))
        return method(text, width, *fill)

    def _expandtabs(self, text: str, tabsize: int = 8) -> str:
        self._budget.text(len(text) + text.count("\t") * max(0, tabsize))
        return text.expandtabs(tabsize)

    def _format(self, text: str, *args: Any, **kwargs: Any) -> str:
        return _BoundedFormatter(self._budget, self._lookup).vformat(text, args, kwargs)


def strftime(moment: dt.date | dt.time, form: str) -> str:
    """`strftime` with plain directives: a width would be padded to by the C library, whatever it is."""
    if not _STRFTIME.fullmatch(form) or len(form) > 1000:
        raise ValueError(f"a date format with a directive that is not allowed: {form[:60]!r}")
    return moment.strftime(form)


class _BoundedFormatter(string.Formatter):
    """`str.format` that follows attributes by the rules of templates, with widths and total length bounded."""

    def __init__(self, budget: Budget, lookup: Lookup) -> None:
        self._budget = budget
        self._lookup = lookup

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        first, *rest = re.findall(r"[^.\[\]]+", field_name) or [field_name]
        value = self.get_value(int(first) if first.isdigit() else first, args, kwargs)
        for name in rest:
            value = self._lookup(value, name)
        return value, first

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, dt.date | dt.time) and format_spec:
            text = strftime(value, format_spec)
        elif isinstance(value, int | float | Decimal | str) and not isinstance(value, bool):
            check_format(format_spec)
            text = format(value, format_spec)
        else:
            check_format(format_spec)
            text = format(as_text(value), format_spec)
        self._budget.text(len(text))
        return text

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        if conversion not in (None, "s"):
            raise ValueError("!r and !a are not allowed in a format")
        return value
