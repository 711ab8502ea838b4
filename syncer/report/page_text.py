"""A terminal, or a file in its place: how wide it is, whether it is coloured, and where lines are broken."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final

from syncer.report.lines import broken, columns
from syncer.report.text import MASKED, Label, element_texts, shorten, value_text, visible

Paint = Callable[[str, str], str]
"""`(text, colour)` → the text, coloured on a terminal and unchanged elsewhere."""

INDENT: Final = "      "
LINES_OF_A_MESSAGE: Final = 4
LINES_OF_A_VALUE: Final = 8


@dataclass(frozen=True, slots=True)
class Page:
    """`wrap` breaks long lines at words; without it they stay whole, for `grep` and the logs of a pipeline."""

    width: int
    paint: Paint
    wrap: bool = False

    def row(self, head: str, colour: str, rest: str) -> list[str]:
        """A row and what is said of it: the head coloured, further lines indented."""
        first, *more = self._broken(head + rest, INDENT)
        if not first.startswith(head):  # the head alone is wider than the page
            return [self.paint(first, colour), *more]
        return [self.paint(head, colour) + first[len(head) :], *more]

    def fields(self, fields: Mapping[str, Any], mask: Container[str], label: Label) -> Iterator[str]:
        """`name  value`, the values aligned; masked fields show `***`, values that have a name show it."""
        longest = max(map(len, fields), default=0)
        room = max(self.width - len(INDENT) - longest - 2, 20)
        for name, value in fields.items():
            head = f"{INDENT}{name:<{longest}}  "
            for line in [MASKED] if name in mask else self._value(value, room, partial(label, name)):
                yield head + line
                head = " " * len(head)

    def _value(self, value: Any, room: int, label: Callable[[Any], str | None]) -> list[str]:
        """A value on as many lines as it needs, up to a bound: an element of a list on each, where one is too few."""
        whole = value_text(value, LINES_OF_A_VALUE * room, label)
        if columns(whole) <= room:
            return [whole]
        pieces, indent = (element_texts(value, label), "   ") if isinstance(value, list) else ([whole], " ")
        lines = [line for piece in islice(pieces, LINES_OF_A_VALUE + 1) for line in self._piece(piece, room, indent)]
        return lines if len(lines) <= LINES_OF_A_VALUE else [*lines[: LINES_OF_A_VALUE - 1], "…"]

    def _piece(self, piece: str, room: int, indent: str) -> Iterator[str]:
        piece = shorten(piece, LINES_OF_A_VALUE * room)
        return broken(piece, room, indent, within_words=True) if self.wrap else iter([piece])

    def sentence(self, text: str) -> list[str]:
        return self._broken(text, "  ")

    def message(self, text: str) -> str:
        """A message that may hold text of a row or of the portal: on one line, a few lines long at most."""
        return shorten(visible(text), LINES_OF_A_MESSAGE * self.width)

    def _broken(self, text: str, indent: str) -> list[str]:
        if not self.wrap:
            return [text]
        return list(broken(text, max(self.width, 20), indent))
