"""A template that is one `{{ … }}` gives the value itself; here is what that value may be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from jinja2 import Undefined

from syncer.mapping.bounds import Budget
from syncer.mapping.row import Row
from syncer.mapping.text import as_text
from syncer.mapping.unfit import Unfit
from syncer.model.attachment import Attachment
from syncer.model.change import Reference

PLAIN = frozenset({str, type(None), bool, int, float, Decimal, dt.date, dt.datetime, UUID, Reference, Attachment})
"""Types of columns that are values already; the length of their text is looked at when they are converted."""

FM_KEYS = frozenset({"typeId", "valueType", "value"})
"""Of an element of `fm`."""

_LONG = 1000
"""Shorter text is not worth counting; lists of it are bounded by their length."""


class Whole:
    """Makes plain values of what an expression gave."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def value(self, value: Any) -> Any:
        """The value; lists without their Nones, None for a list that is empty then.

        Raises UndefinedError for what is undefined, OverflowError for text that is too long.
        """
        cls = value.__class__
        if cls is str:
            if len(value) > _LONG:
                self._budget.text(len(value))
            return value
        if cls in PLAIN:
            return value
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, Undefined):
            return str(value)  # raises, and names it
        if isinstance(value, Row):
            raise Unfit("row is not a value: name a column, such as row.name")
        if isinstance(value, Mapping):
            return {as_text(key): self.value(value[key]) for key in self._budget.each(value)}
        if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray | memoryview):
            return present([self.value(item) for item in self._budget.each(value)])
        return value


def present(values: list[Any]) -> list[Any] | None:
    """A list without its Nones, and no list when nothing is left."""
    return [value for value in values if value is not None] or None


def present_fm(elements: Any) -> list[Any] | None:
    """`fm` without the elements that have no value."""
    if not isinstance(elements, list):
        return elements  # type: ignore[no-any-return]
    return present([None if _valueless(element) else element for element in elements])


def _valueless(element: Any) -> bool:
    """Of the form that is sent, and without a value; an element of another form is not dropped, but refused."""
    return isinstance(element, Mapping) and element.get("value") in (None, "") and element.keys() <= FM_KEYS


def filled(pairs: Mapping[str, Any]) -> dict[str, Any] | None:
    """A mapping without its Nones, and no mapping when nothing is left."""
    return {key: value for key, value in pairs.items() if value is not None} or None
