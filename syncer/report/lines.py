"""Lines of a terminal: how many columns a text takes, and where it is broken."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def columns(text: str) -> int:
    """Columns that a text takes: letters of Chinese, Japanese, Korean and pictures are two wide, accents none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def broken(text: str, width: int, indent: str = "", *, within_words: bool = False) -> Iterator[str]:
    """The text in lines of at most `width` columns, broken at blanks; all but the first start with `indent`.

    A word that is wider stays whole, for it may be copied; `within_words` breaks it.
    """
    head = ""
    while columns(head) + columns(text) > width:
        room = _fits(text, width - len(head))
        at = room if text[room : room + 1] == " " else text.rfind(" ", 0, room)
        if at > 0 and text[:at].strip():
            line, text = text[:at], text[at + 1 :]
        elif within_words:
            line, text = text[:room], text[room:]
        elif (end := text.find(" ", room)) >= 0:
            line, text = text[:end], text[end + 1 :]
        else:
            break
        yield (head + line).rstrip(" ")
        head = indent
    yield (head + text).rstrip(" ")


def _fits(text: str, width: int) -> int:
    """How many characters fit, one at least."""
    taken = 0
    for place, char in enumerate(text):
        taken += _columns(char)
        if taken > width:
            return max(place, 1)
    return len(text)
