"""CSV files of any dialect: a header, and the cells of each line; a line that is no row is told and left out."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any, Final

from syncer.source.files.lines import LONGEST_LINE, Broken, Cells, File, open_text, read_line

DELIMITERS: Final = ",;\t|"
_SAMPLE_LINES: Final = 20
_TOLD: Final = re.compile(r"sep=([^\r\n])\r?\n?", re.IGNORECASE)
"""A first line by which a spreadsheet program tells the delimiter."""

csv.field_size_limit(LONGEST_LINE)


class _Feed:
    """The lines of a file, from which the lines of a record that broke can be read again."""

    def __init__(self, text: IO[str], file: File) -> None:
        self._text, self._file = text, file
        self._again: deque[str] = deque()
        self.number = 0  # of the last line given
        self.record: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else read_line(self._text, self._file, self.number + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.record.append(line)
        return line

    def sample(self) -> list[str]:
        """The first lines, which will be given again."""
        lines = list(islice(self, _SAMPLE_LINES))
        self.give_back(lines)
        return lines

    def give_back(self, lines: list[str]) -> None:
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)
        self.record = []


def read(file: File) -> Iterator[Cells | Broken]:
    """The header, whose values are names, and then each line. Empty lines are left out.

    Raises SourceError when the file has no usable header, and OSError.
    """
    with open_text(file) as text:
        feed = _Feed(text, file)
        for _ in range(file.table.skip):
            next(feed, None)
        records = _records(feed, file)
        first = next(records, None)
        if first is None:
            raise file.unusable("the file is empty: not even a line that names the columns")
        if isinstance(first, Broken):
            raise file.unusable(f"the header cannot be read: {first.reason}", line=first.line)
        width = len(first.values)
        names = first.values if file.table.header else [None] * width
        yield Cells(first.line, [name or f"column{place}" for place, name in enumerate(names, 1)])
        if not file.table.header:
            yield first
        for record in records:
            if isinstance(record, Cells) and len(record.values) != width:
                cells = f"{len(record.values)} cell{'' if len(record.values) == 1 else 's'}"
                record = Broken(record.line, f"the line has {cells}, the first one {width}")
            yield record


def _records(feed: _Feed, file: File) -> Iterator[Cells | Broken]:
    reader = csv.reader(feed, strict=True, **_dialect(feed, file))
    while True:
        feed.record = []
        start = feed.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # Only its first line is lost: a quote that is not closed would take all others with it.
            feed.give_back(feed.record[1:])
            yield Broken(start, _why(error))
            continue
        if cells:
            yield Cells(start, cells)


def _dialect(feed: _Feed, file: File) -> dict[str, Any]:
    table = file.table
    sample = feed.sample()
    told = _TOLD.fullmatch(sample[0]) if sample else None
    if told:
        next(feed)
    return {
        "delimiter": table.delimiter or (told[1] if told else _delimiter(sample, table.quote)),
        "quotechar": table.quote,
        "escapechar": table.escape,
        "doublequote": table.escape is None,
    }


def _delimiter(lines: list[str], quote: str) -> str:
    """The one of the usual ones that cuts most lines into as many cells as the first, and into most cells."""
    best, most = ",", (1, 1)
    for delimiter in DELIMITERS:
        try:
            widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter, quotechar=quote) if cells]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            most, best = max((most, best), ((widths.count(widths[0]), widths[0]), delimiter), key=lambda each: each[0])
    return best


def _why(error: csv.Error) -> str:
    text = str(error)
    if "expected after" in text:
        return "text follows a closing quote: a quote within quotes is written twice"
    if "unexpected end" in text:
        return "a quote is opened and never closed"
    return text
