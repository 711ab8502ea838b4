"""A terminal, or a file in its place: how wide it is, whether it is coloured, and where lines are broken."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from syncer.report.text import shorten, visible

Paint = Callable[[str, str], str]
"""`(text, colour)` → the text, coloured on a terminal and unchanged elsewhere."""

INDENT: Final = "      "
LINES_OF_A_MESSAGE: Final = 4


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

    def sentence(self, text: str) -> list[str]:
        return self._broken(text, "  ")

    def message(self, text: str) -> str:
        """A message that may hold text of a row or of the portal: on one line, a few lines long at most."""
        return shorten(visible(text), LINES_OF_A_MESSAGE * self.width)

    def _broken(self, text: str, indent: str) -> list[str]:
        if not self.wrap or len(text) <= self.width:
            return [text]
        return textwrap.wrap(
            text, max(self.width, 20), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
