"""A table as DuckDB gets to see it: one private file of CSV that cannot be misread, and the lines that broke.

Text files and workbooks are read line by line, so that a line that is no row, or a value that is not of the type the
spec gives its column, is named and blocks nothing but itself. What is left is written down in one plain dialect.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

from syncer.errors import SourceError
from syncer.source.files.columns import Reading, common, reading, sql_type, text_of
from syncer.source.files.lines import LONGEST_LINE, UNDECODED, Broken, Cells, File, undecoded
from syncer.source.files.objects import Member
from syncer.spec.problems import did_you_mean
from syncer.spec.written import FileTable

ESCAPE: Final = "\x1a"
ESCAPES: Final = {ESCAPE: "s", "\n": "n", "\r": "r"}
"""What stands for a character within a value: ESCAPE and a letter."""

_LONGEST_SHOWN: Final = 60
_OPEN_FILES: Final = Path("/proc/self/fd")


class CleanTable:
    """The rows of a table's files. `fill` once; then `types`, `escaped` (columns of which values have ESCAPES)
    and `broken` are known."""

    def __init__(self, table: FileTable, folder: Path, *, is_text: bool) -> None:
        """`is_text`: its files are CSV, whose values have no types of their own."""
        self.is_text = is_text
        self.types: dict[str, str] = {}
        self.escaped: set[str] = set()
        self._table = table
        self._rows: IO[bytes]
        if _OPEN_FILES.is_dir():
            # The file has no name but this one: it is gone with the process, however that ends.
            self._rows = TemporaryFile(dir=folder)  # noqa: SIM115 -- closed by `close`
            self.path = str(_OPEN_FILES / str(self._rows.fileno()))
        else:
            path = folder / f"{len(list(folder.iterdir()))}.csv"
            path.touch(mode=0o600, exist_ok=False)
            self._rows = path.open("w+b")
            self.path = str(path)
        self._broken: IO[bytes] = TemporaryFile(dir=folder)  # noqa: SIM115
        self._readings: dict[str, Reading] = {name: reading(each) for name, each in table.columns.items()}
        self._typed: list[tuple[int, str, Reading]] = []
        self._kinds: dict[str, set[str]] = {}
        self._folded: dict[str, str] = {}

    def fill(self, files: Iterable[tuple[File, Iterator[Cells | Member | Broken]]]) -> None:
        """Reads the files. Raises SourceError, whose place is a file's line."""
        for file, lines in files:
            try:
                self._read(file, lines)
            except OSError as error:
                raise file.unusable(f"the file cannot be read: {error.strerror or error}") from error
            except EOFError as error:
                raise file.unusable(f"the file is damaged: {error}") from error
        self._rows.flush()
        self._check_columns()
        self.types = {
            name: sql_type(self._table.columns[name]) if name in self._readings else common(kinds)
            for name, kinds in self._kinds.items()
        }

    def broken(self) -> Iterator[tuple[str, str]]:
        """The place and the reason of each line that is no row, in the order of files and lines."""
        self._broken.seek(0)
        for line in self._broken:
            place, reason = json.loads(line)
            yield place, reason

    def close(self) -> None:
        self._rows.close()
        self._broken.close()

    def _read(self, file: File, lines: Iterator[Cells | Member | Broken]) -> None:
        places: list[int] | None = None
        add = self._add_text if self.is_text else self._add
        for line in lines:
            if isinstance(line, Broken):
                self._tell(file, line)
            elif isinstance(line, Member):
                for name in line.values:
                    if name not in self._kinds:
                        self._add_column(name, file, line.line)
                self._add(file, line.line, [line.values.get(name) for name in self._kinds])
            elif places is None:
                places = self._places(file, line)
                in_order = places == list(range(len(places)))
            else:
                values = line.values
                add(file, line.line, values if in_order else [values[place] for place in places])

    def _places(self, file: File, header: Cells) -> list[int]:
        """Where the file has the table's columns; the first file says which there are."""
        names: list[str] = [str(name) for name in header.values]
        if not self._kinds:
            for name in names:
                self._add_column(name, file, header.line)
        else:
            odd = sorted({name for name in names if names.count(name) > 1} or set(names) ^ set(self._kinds))
            if odd:
                raise file.unusable(
                    f"its columns are not those of the files before it: {', '.join(map(repr, odd[:5]))}",
                    line=header.line,
                    hint="The files of one table have the same columns, in any order.",
                )
        self._typed = [
            (place, name, self._readings[name]) for place, name in enumerate(self._kinds) if name in self._readings
        ]
        return [names.index(name) for name in self._kinds]

    def _add_column(self, name: str, file: File, line: int) -> None:
        twin = self._folded.setdefault(name.casefold(), name)
        if name in self._kinds or twin != name:
            also = "" if twin == name else f" (`{twin}` and `{name}` are one to SQL)"
            raise file.unusable(f"two columns are named `{name}`{also}", line=line, hint="Name them apart.")
        if UNDECODED in name:
            raise file.unusable(f"the names of the columns are {undecoded(file)}", line=line)
        if "\0" in name:
            hint = "Say how the file is encoded, such as `encoding: utf-16-le`."
            raise file.unusable("the names of the columns have NUL characters", line=line, hint=hint)
        if not name:
            raise file.unusable("a column has no name", line=line)
        self._kinds[name] = set()

    def _check_columns(self) -> None:
        if not self._kinds:
            raise SourceError("the files have no rows, and so no columns", where=self._table.path)
        for name in self._readings:
            if name not in self._kinds:
                raise SourceError(
                    f"`columns` gives a type to `{name}`, which the files do not have",
                    hint=did_you_mean(name, self._kinds),
                    where=self._table.path,
                )

    def _add_text(self, file: File, line: int, cells: list[str]) -> None:
        """A row of CSV: an empty cell is NULL, quoted or not."""
        for place, name, read in self._typed:
            if cells[place]:
                try:
                    cells[place] = read(cells[place])
                except ValueError as error:
                    self._tell(file, Broken(line, f"column {name}: {_shown(cells[place])} {error}"))
                    return
        row = '","'.join(cells)
        if _has_breaks(row):
            cells = [self._unbroken(name, cell) for name, cell in zip(self._kinds, cells, strict=True)]
            row = '","'.join(cells)
        if row.count('"') != 2 * (len(cells) - 1):
            row = '","'.join([cell.replace('"', '""') for cell in cells])
        self._write(file, line, f'1,"{row}"\n')

    def _add(self, file: File, line: int, values: list[Any]) -> None:
        """A row of JSON or of a workbook, whose values have types."""
        cells = ["1"]  # so that a row of nothing is no empty line
        kinds: list[tuple[str, str]] = []
        for name, value in zip(self._kinds, values, strict=True):
            if value is None:
                cells.append("")
                continue
            try:
                text, kind = (value, "VARCHAR") if value.__class__ is str else text_of(value)
                if name in self._readings:
                    text = self._readings[name](text)
            except ValueError as error:
                self._tell(file, Broken(line, f"column {name}: {_shown(value)} {error}"))
                return
            if _has_breaks(text):
                text = self._unbroken(name, text)
            if kind not in self._kinds[name]:
                kinds.append((name, kind))
            cells.append('"' + text.replace('"', '""') + '"')
        if self._write(file, line, ",".join(cells) + "\n"):
            for name, kind in kinds:
                self._kinds[name].add(kind)

    def _unbroken(self, name: str, text: str) -> str:
        """A value without line breaks, so that DuckDB may read the file in pieces, and forget each piece."""
        if _has_breaks(text):
            self.escaped.add(name)
            for character, mark in ESCAPES.items():
                text = text.replace(character, ESCAPE + mark)
        return text

    def _write(self, file: File, line: int, row: str) -> bool:
        """Whether the row can be written down."""
        try:
            written = row.encode()
        except UnicodeEncodeError:
            reason = undecoded(file) if UNDECODED in row else "the row has half a character (a lone surrogate)"
        else:
            if len(written) < LONGEST_LINE and b"\0" not in written:
                self._rows.write(written)
                return True
            reason = "the row has a NUL character"
            if len(written) >= LONGEST_LINE:
                reason = f"the row is longer than {LONGEST_LINE:,} bytes"
        self._tell(file, Broken(line, reason))
        return False

    def _tell(self, file: File, broken: Broken) -> None:
        self._broken.write(json.dumps([file.place(broken.line), broken.reason]).encode() + b"\n")


def _has_breaks(text: str) -> bool:
    return "\n" in text or "\r" in text or ESCAPE in text


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
