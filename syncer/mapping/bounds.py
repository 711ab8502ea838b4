"""What one row may cost, so that no template and no source value can eat the memory or the day.

A value has at most `LONGEST_TEXT` characters or `MOST_ITEMS` elements, an integer `MOST_BITS` bits; all text that is
built for one row together, and its loops, spend from one `Budget`. Sizes are checked before a thing is built.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

LONGEST_TEXT: Final = 1 << 20
MOST_ITEMS: Final = 100_000
MOST_BITS: Final = 4096
ROW_BUDGET: Final = 1 << 24
STEP: Final = 100
"""What one turn of a loop spends."""
WIDEST_NUMBER: Final = 1000
"""Width or precision within a format."""

_DIRECTIVE = re.compile(r"%(?:\(([^)]*)\))?[#0\- +]*(\*|\d+)?(?:\.(\*|\d+))?[hlL]?(.)", re.DOTALL)


class Budget:
    """What is left for the row being rendered; the compiled template fills it up for each row."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = ROW_BUDGET

    def spend(self, amount: int) -> None:
        """Takes from the budget; raises OverflowError when the row asks for too much."""
        self.left -= amount
        if self.left < 0:
            raise OverflowError("the template does more work for one row than is allowed")

    def text(self, length: int) -> None:
        """Announces text of this length, before it is built."""
        if length > LONGEST_TEXT:
            raise OverflowError(f"text of more than {LONGEST_TEXT} characters")
        self.spend(length)

    def items(self, count: int) -> None:
        """Announces a list of this length, before it is built."""
        if count > MOST_ITEMS:
            raise OverflowError(f"more than {MOST_ITEMS} elements")
        self.spend(count)

    def each(self, values: Iterable[Any]) -> Iterator[Any]:
        """The values, each spending a step."""
        for value in values:
            self.spend(STEP)
            yield value

    def range(self, *args: int) -> range:
        """`range`, of a bounded length."""
        values = range(*args)
        self.items(len(values))
        return values


class Operators:
    """The operators that can make something large out of something small."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.table = {"+": self.add, "*": self.multiply, "**": self.power, "%": self.modulo}

    def add(self, left: Any, right: Any) -> Any:
        if isinstance(left, str) and isinstance(right, str):
            self._budget.text(len(left) + len(right))
        elif isinstance(left, list | tuple) and isinstance(right, list | tuple):
            self._budget.items(len(left) + len(right))
        return left + right

    def multiply(self, left: Any, right: Any) -> Any:
        if isinstance(left, int) and isinstance(right, int):
            _bits(left.bit_length() + right.bit_length())
        for sequence, times in ((left, right), (right, left)):
            if isinstance(times, int) and isinstance(sequence, str | bytes):
                self._budget.text(len(sequence) * times)
            elif isinstance(times, int) and isinstance(sequence, list | tuple):
                self._budget.items(len(sequence) * times)
        return left * right

    def power(self, left: Any, right: Any) -> Any:
        if isinstance(left, int) and isinstance(right, int):
            _bits(left.bit_length() * abs(right))
        return operator.pow(left, right)

    def modulo(self, left: Any, right: Any) -> Any:
        if isinstance(left, bytes):
            raise TypeError("bytes cannot be formatted")
        return self.printf(left, right) if isinstance(left, str) else left % right

    def printf(self, form: str, values: Any) -> str:
        """`form % values`, with widths bounded and None as empty text."""
        longest = 0
        for _, width, precision, _ in _DIRECTIVE.findall(form):
            if "*" in (width, precision):
                raise OverflowError("a width given as * is not allowed in a format")
            longest = max(longest, _width(width), _width(precision))
        if isinstance(values, Mapping):
            given: Any = {key: _plain(value) for key, value in values.items()}
            sizes = list(given.values())
        else:
            given = tuple(map(_plain, values if isinstance(values, tuple) else (values,)))
            sizes = list(given)
        longest = max([longest, *(len(value) if isinstance(value, str) else WIDEST_NUMBER for value in sizes)])
        self._budget.text(len(form) + (form.count("%") * longest if sizes else 0))
        text: str = form % given
        return text


def check_format(spec: str) -> None:
    """Raises OverflowError for a format specification with a width or precision beyond reason."""
    for digits in re.findall(r"\d+", spec):
        _width(digits)


def _width(digits: str) -> int:
    width = int(digits[:9] or 0)
    if width > WIDEST_NUMBER:
        raise OverflowError(f"a width of more than {WIDEST_NUMBER} in a format")
    return width


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str | int | float | Decimal):
        return value
    raise TypeError(f"a format takes text and numbers, not {type(value).__name__}")


def _bits(count: int) -> None:
    if count > MOST_BITS:
        raise OverflowError("an integer of more digits than is allowed")
