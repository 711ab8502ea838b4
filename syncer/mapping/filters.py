"""The filters of templates: Jinja's own, bounded and with None passed through by those of text, and ours.

`int` and `float` do not turn what is no number into 0 unless told to. Left out of Jinja's: `random`, `attr` (it goes
round the check of columns), and `pprint`, `urlize`, `xmlattr` (markup and debugging have no place in a field). Results
are plain text, never markup that escapes what it meets.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, Literal

from jinja2 import Environment, Undefined, pass_environment
from jinja2.filters import (
    FILTERS,
    do_batch,
    do_capitalize,
    do_float,
    do_indent,
    do_int,
    do_lower,
    do_round,
    do_striptags,
    do_title,
    do_trim,
    do_upper,
    do_urlencode,
    make_attrgetter,
    sync_do_slice,
)
from markupsafe import escape

from syncer.mapping.attributes import Attributes
from syncer.mapping.bounds import LONGEST_TEXT, Budget, Operators
from syncer.mapping.moments import as_date, as_datetime
from syncer.mapping.money import money
from syncer.mapping.phone import phone
from syncer.mapping.text import as_text
from syncer.mapping.unfit import Unfit, shown
from syncer.spec.template import REMOVED_FILTERS

Filter = Callable[..., Any]

_MOST_DIGITS = 100
_NONE_GIVEN: Any = object()


def filters(budget: Budget, attributes: Attributes) -> dict[str, Filter]:
    """All filters of an environment by name."""
    kept = {name: function for name, function in FILTERS.items() if name not in REMOVED_FILTERS}
    ours = {"date": as_date, "datetime": as_datetime, "money": money, "phone": phone, "int": _int, "float": _float}
    text = {name: _of_text(function, budget) for name, function in _TextFilters(budget, attributes).table().items()}
    return kept | text | _ListFilters(budget, attributes).table() | ours


def _of_text(function: Filter, budget: Budget) -> Filter:
    """A filter of text: None stays None, so a field without a value is left out, and never reads `None`."""

    def filtered(value: Any, *args: Any, **kwargs: Any) -> Any:
        if value is None:
            return None
        text = str(function(as_text(value), *args, **kwargs))
        budget.text(len(text))
        return text

    return filtered


class _TextFilters:
    def __init__(self, budget: Budget, attributes: Attributes) -> None:
        self._budget = budget
        self._replace = attributes.replace
        self._printf = Operators(budget).printf

    def table(self) -> dict[str, Filter]:
        return {
            "capitalize": do_capitalize,
            "lower": do_lower,
            "title": do_title,
            "trim": do_trim,
            "upper": do_upper,
            "safe": as_text,
            "string": as_text,
            "escape": escape,
            "e": escape,
            "forceescape": escape,
            "center": self._center,
            "format": self._format,
            "indent": self._indent,
            "replace": self._replaced,
            "striptags": self._striptags,
            "truncate": _truncate,
            "urlencode": do_urlencode,
            "wordwrap": self._wordwrap,
        }

    def _center(self, text: str, width: int = 80) -> str:
        self._budget.text(max(len(text), width))
        return text.center(width)

    def _format(self, form: str, *args: Any, **kwargs: Any) -> str:
        return self._printf(form, kwargs or args)

    def _indent(self, text: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
        indention = len(width) if isinstance(width, str) else width
        self._budget.text(len(text) + (len(text.splitlines()) + 1) * (max(0, indention) + 1))
        return do_indent(text, width, first, blank)

    def _replaced(self, text: str, old: Any, new: Any, count: int | None = None) -> str:
        return self._replace(text, as_text(old), as_text(new), -1 if count is None else count)

    def _striptags(self, text: str) -> str:
        self._budget.spend(len(text) * text.count("<") // 1024)  # comments are cut out one by one
        return do_striptags(text)

    def _wordwrap(
        self,
        text: str,
        width: int = 79,
        break_long_words: bool = True,
        wrapstring: str = "\n",
        break_on_hyphens: bool = True,
    ) -> str:
        width = max(1, width)
        paragraphs = text.splitlines()
        self._budget.text(len(text) + (len(text) // width + len(paragraphs)) * 2 * len(wrapstring))
        self._budget.spend(len(text) * len(text) // (64 * width))  # long words are cut one by one
        wrapper = textwrap.TextWrapper(
            width,
            expand_tabs=False,
            replace_whitespace=False,
            break_long_words=break_long_words,
            break_on_hyphens=break_on_hyphens,
        )
        return wrapstring.join(wrapstring.join(wrapper.wrap(paragraph)) for paragraph in paragraphs)


def _truncate(text: str, length: int = 255, killwords: bool = False, end: str = "...", leeway: int = 5) -> str:
    if len(text) <= length + leeway:
        return text
    head = text[: max(0, length - len(end))]
    return (head if killwords else head.rsplit(" ", 1)[0]) + end


class _ListFilters:
    def __init__(self, budget: Budget, attributes: Attributes) -> None:
        self._budget = budget
        self._join_texts = attributes.join

    def table(self) -> dict[str, Filter]:
        return {
            "batch": self._batch,
            "join": self._join,
            "list": self._list,
            "round": _round,
            "slice": self._slice,
            "sum": self._sum,
            "tojson": self._tojson,
        }

    def _list(self, values: Any) -> list[Any]:
        items = list(values)
        self._budget.items(len(items))
        return items

    def _batch(self, values: Any, linecount: int, fill_with: Any = None) -> Any:
        self._budget.items(linecount)
        return do_batch(values, linecount, fill_with)

    def _slice(self, values: Any, slices: int, fill_with: Any = None) -> Any:
        self._budget.items(slices)
        return sync_do_slice(values, slices, fill_with)

    @pass_environment
    def _join(self, environment: Environment, values: Any, d: Any = "", attribute: Any = None) -> str:
        if attribute is not None:
            values = map(make_attrgetter(environment, attribute), values)
        return self._join_texts(as_text(d), values)

    @pass_environment
    def _sum(self, environment: Environment, values: Any, attribute: Any = None, start: Any = 0) -> Any:
        if attribute is not None:
            values = map(make_attrgetter(environment, attribute), values)
        for value in self._budget.each(values):
            start = environment.call_binop(None, "+", start, value)  # type: ignore[attr-defined]
        return start

    def _tojson(self, value: Any, indent: int | None = None) -> str:
        """JSON as other programs read it: text as it is, no escapes for HTML."""
        encoder = json.JSONEncoder(ensure_ascii=False, indent=_bounded_indent(indent), default=_json_value)
        chunks: list[str] = []
        length = 0
        for chunk in encoder.iterencode(value):
            length += len(chunk)
            self._budget.text(length if length > LONGEST_TEXT else len(chunk))
            chunks.append(chunk)
        return "".join(chunks)


def _bounded_indent(indent: int | None) -> int | None:
    if indent is not None and not 0 <= indent <= 16:
        raise OverflowError("an indent of JSON is 0 to 16")
    return indent


def _json_value(value: Any) -> Any:
    if isinstance(value, Undefined):
        return str(value)  # raises, and names it
    return dict(value) if isinstance(value, Mapping) else as_text(value)


def _round(value: Any, precision: int = 0, method: Literal["common", "ceil", "floor"] = "common") -> Any:
    if abs(precision) > _MOST_DIGITS:
        raise OverflowError(f"round to more than {_MOST_DIGITS} digits")
    return None if value is None else do_round(value, precision, method)


def _int(value: Any, default: Any = _NONE_GIVEN, base: int = 10) -> Any:
    return _number(do_int(value, _NONE_GIVEN, base), value, default)


def _float(value: Any, default: Any = _NONE_GIVEN) -> Any:
    return _number(do_float(value, _NONE_GIVEN), value, default)


def _number(number: Any, value: Any, default: Any) -> Any:
    """Where Jinja gives 0 for what is no number, a default must be asked for; None stays None."""
    if number is not _NONE_GIVEN:
        return number
    if default is not _NONE_GIVEN:
        return default
    if value is None:
        return None
    raise Unfit(f"{shown(value)} is not a number; |int(0) or |float(0) would make it one")
