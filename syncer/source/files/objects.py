"""JSON and JSON Lines: each object is a row; of JSON Lines a line that is none is told and left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any, Final

from syncer.source.files.lines import LONGEST_LINE, Broken, File, open_text, read_line

_CHUNK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Member:
    """An object and the line it begins on."""

    line: int
    values: dict[str, Any]


def read_lines(file: File) -> Iterator[Member | Broken]:
    """The objects of a JSON Lines file. Raises SourceError and OSError."""
    with open_text(file) as text:
        number = 0
        while line := read_line(text, file, number + 1):
            number += 1
            if not line.strip():
                continue
            try:
                value = _DECODER.decode(line.rstrip("\r\n"))  # or what is missing would be told of the next line
            except (ValueError, RecursionError) as error:
                yield Broken(number, _why(error))
            else:
                yield _member(number, value)


def read(file: File) -> Iterator[Member | Broken]:
    """The objects of a JSON file: of its one list, or one after the other.

    Raises SourceError where the file is no JSON, for nothing after that can be trusted, and OSError.
    """
    with open_text(file) as text:
        stream = _Stream(text, file)
        within = stream.next_character() == "["
        if within:
            stream.skip()
        first = True
        while (character := stream.next_character()) and character != "]":
            if within and not first:
                stream.expect(",")
            first = False
            yield _member(*stream.value())
        if within:
            stream.expect("]")
        if stream.next_character():
            raise stream.unusable("there is more after the list")


class _Stream:
    """JSON values of a text, of which a part at a time is held."""

    def __init__(self, text: IO[str], file: File) -> None:
        self._text, self._file = text, file
        self._held, self._at, self._ended = "", 0, False
        self._line = 1  # at _at

    def next_character(self) -> str:
        """The next one that is no space, without taking it; empty at the end."""
        while True:
            rest = self._held[self._at :].lstrip(" \t\r\n")
            self._pass(len(self._held) - self._at - len(rest))
            if rest or self._ended:
                return rest[:1]
            self._more()

    def skip(self) -> None:
        self._pass(1)

    def expect(self, character: str) -> None:
        found = self.next_character()
        if found != character:
            raise self.unusable(f"{character!r} is missing" if found else "the file ends within its list")
        self.skip()

    def value(self) -> tuple[int, Any]:
        """The next value and its line."""
        self.next_character()
        line = self._line
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
            except RecursionError:
                raise self.unusable("nested too deeply") from None
            except json.JSONDecodeError as error:
                if self._ended or len(self._held) - self._at > LONGEST_LINE:
                    self._line += self._held.count("\n", self._at, error.pos)
                    raise self.unusable(f"this is no JSON: {_why(error)}") from None
            except ValueError as error:
                raise self.unusable(f"this is no JSON: {error}") from None
            else:
                if end < len(self._held) or self._ended:  # else a number may go on
                    break
            self._more()
        self._pass(end - self._at)
        return line, value

    def unusable(self, summary: str) -> Exception:
        return self._file.unusable(summary, line=self._line)

    def _pass(self, characters: int) -> None:
        self._line += self._held.count("\n", self._at, self._at + characters)
        self._at += characters

    def _more(self) -> None:
        chunk = self._text.read(_CHUNK)
        self._ended = not chunk
        self._held, self._at = self._held[self._at :] + chunk, 0


def _member(line: int, value: Any) -> Member | Broken:
    if not isinstance(value, dict):
        return Broken(line, 'this is no object: a row is {"column": value, …}')
    return Member(line, value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the object has {twice!r} twice")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (column {error.colno})"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_float=Decimal, parse_constant=_constant)
