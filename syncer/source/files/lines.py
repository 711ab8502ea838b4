"""What the readers of text files and workbooks give, and the text files themselves."""

from __future__ import annotations

import codecs
import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from syncer.errors import SourceError
from syncer.spec.written import FileTable

LONGEST_LINE: Final = 2_000_000  # characters; a longer one is taken for a file that has no lines
UNDECODED: Final = "\udc80"
"""Stands where bytes are no text of the file's encoding; no encoding decodes to it."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

codecs.register_error("syncer-undecoded", lambda error: (UNDECODED, getattr(error, "end", 0)))


@dataclass(frozen=True, slots=True)
class File:
    """A file of a table: where it is, and how messages name it."""

    path: Path
    shown: str
    table: FileTable

    def place(self, line: int) -> str:
        return f"{self.shown}:{line}"

    def unusable(self, summary: str, *, line: int = 0, hint: str = "") -> SourceError:
        """An error of the whole file."""
        return SourceError(summary, hint=hint, where=self.place(line) if line else self.shown)


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is no row."""

    line: int
    reason: str


class Cells(NamedTuple):
    """A line's values in the order of the file's header; of CSV all are text."""

    line: int
    values: list[Any]


def open_text(file: File) -> IO[str]:
    """The file as text, decoded as it is read; `.gz` is unpacked. Raises OSError."""
    packed = file.path.name.lower().endswith(".gz")
    raw: Any = io.BufferedReader(gzip.GzipFile(file.path)) if packed else file.path.open("rb")
    start = raw.peek(4)[:4]
    encoding = file.table.encoding
    if encoding is None:
        encoding = next((name for bom, name in _BOMS if start.startswith(bom)), "utf-8")
    elif codecs.lookup(encoding).name == "utf-8":
        encoding = "utf-8-sig"
    return io.TextIOWrapper(raw, encoding=encoding, errors="syncer-undecoded", newline="")


def read_line(text: IO[str], file: File, number: int) -> str:
    """The next line with its end; empty after the last one. Raises SourceError for one that has no end."""
    line = text.readline(LONGEST_LINE)
    if len(line) == LONGEST_LINE:
        raise file.unusable(f"the line is longer than {LONGEST_LINE:,} characters", line=number)
    return line


def undecoded(file: File) -> str:
    """Why a line with bytes that are no text is broken."""
    return f"not {file.table.encoding or 'UTF-8'} text: say how the file is encoded, such as `encoding: cp1251`"
