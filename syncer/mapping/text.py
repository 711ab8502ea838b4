"""Values as text. One rule for every place where text is put together: None is empty, nothing is guessed."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from jinja2 import Undefined

from syncer.mapping.unfit import Unfit, kind
from syncer.model.attachment import Attachment
from syncer.model.change import Reference
from syncer.model.units import span_text

_FARTHEST_EXPONENT = 1000


def words(text: str) -> frozenset[str]:
    """A set of names, written as one text."""
    return frozenset(text.split())


def as_text(value: Any) -> str:
    """The text of a value within other text.

    Raises Unfit for what has no text of its own (bytes, lists, NaN, a reference), UndefinedError for what is
    undefined.
    """
    if value.__class__ is str:
        return value
    writer = _WRITERS.get(value.__class__)
    return writer(value) if writer is not None else _other(value)


def number_text(value: float | Decimal) -> str:
    """A number in plain digits: `100`, never `1E+2`; raises Unfit for NaN and the infinite."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unfit(f"{value} is not a number")
        text = repr(value)
        return format(Decimal(text), "f") if "e" in text else text
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise Unfit(f"{value} is not a number")
        if abs(value.adjusted()) > _FARTHEST_EXPONENT:
            raise Unfit("a number of too many digits")
        return format(value, "f")
    return str(value)


def _other(value: Any) -> str:
    if isinstance(value, Undefined):
        str(value)  # raises, and names it
    if isinstance(value, Reference):
        raise Unfit("ref() and link() are a whole value or an element of a list, never a part of text")
    if isinstance(value, Attachment):
        raise Unfit("file() is a whole value or an element of a list, never a part of text")
    if isinstance(value, bytes | bytearray | memoryview):
        raise Unfit("bytes have no text: decode them in the query")
    for accepted, writer in _WRITERS.items():
        if isinstance(value, accepted):
            return writer(value)
    raise Unfit(f"a {kind(value)} has no text: use |join for a list, |tojson for a structure")


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: str.__str__,
    type(None): lambda _: "",
    bool: str,
    int: str,
    float: number_text,
    Decimal: number_text,
    dt.datetime: str,
    dt.date: str,
    dt.time: str,
    dt.timedelta: span_text,
    UUID: str,
}
