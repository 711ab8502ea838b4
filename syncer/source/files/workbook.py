"""XLSX workbooks, read row by row: the first row names the columns; a row with an error in it is told and left out."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from syncer.source.files.lines import Broken, Cells, File
from syncer.spec.problems import did_you_mean

_DAMAGED: Final = (
    *(BadZipFile, InvalidFileException, ParseError, zlib.error),
    *(KeyError, IndexError, ValueError, TypeError, AttributeError, EOFError),
)


def read(file: File) -> Iterator[Cells | Broken]:
    """The header, whose values are names, and then each row; rows without a value are left out.

    Formulas give the value that was last computed. Raises SourceError when there is no such sheet or no header, when
    the file is damaged, and OSError.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts of a workbook that have nothing to do with its values
            yield from _rows(file)
    except _DAMAGED as error:
        raise file.unusable(f"the file cannot be read as XLSX: {error}", hint="Save it again as .xlsx.") from error


def _rows(file: File) -> Iterator[Cells | Broken]:
    book = load_workbook(file.path, read_only=True, data_only=True, keep_links=False)
    try:
        sheet = _sheet(book, file)
        sheet.reset_dimensions()  # what the file says of them may be wrong
        names: list[Any] = []
        for number, row in enumerate(sheet.iter_rows(min_row=1), 1):
            values = [cell.value for cell in row]
            if number <= file.table.skip or all(value is None or value == "" for value in values):
                continue
            if not names:
                while values[-1] is None:
                    values.pop()
                titles = values if file.table.header else [None] * len(values)
                names = [f"column{place}" if name in (None, "") else str(name) for place, name in enumerate(titles, 1)]
                yield Cells(number, list(names))
                if file.table.header:
                    continue
            yield _row(number, row, names)
        if not names:
            raise file.unusable(f"the sheet {sheet.title!r} is empty: not even a row that names the columns")
    finally:
        book.close()


def _sheet(book: Any, file: File) -> Any:
    title = file.table.sheet
    if title is not None and title not in book.sheetnames:
        raise file.unusable(f"there is no sheet {title!r}", hint=did_you_mean(title, book.sheetnames))
    sheet = book[title] if title is not None else book.worksheets[0]
    if not hasattr(sheet, "iter_rows"):
        raise file.unusable(f"{sheet.title!r} is a chart, not a sheet with rows")
    return sheet


def _row(number: int, row: Sequence[Any], names: list[Any]) -> Cells | Broken:
    for place, cell in enumerate(row, 1):
        if getattr(cell, "data_type", "") == "e":
            return Broken(number, f"the cell {get_column_letter(place)}{number} holds the error {cell.value}")
        if place > len(names) and cell.value not in (None, ""):
            return Broken(number, f"the cell {get_column_letter(place)}{number} is beyond the columns that are named")
    values = [cell.value for cell in row[: len(names)]]
    return Cells(number, values + [None] * (len(names) - len(values)))
