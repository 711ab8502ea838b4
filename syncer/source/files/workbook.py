"""XLSX workbooks, read row by row: the first row names the columns; a row with an error in it is told and left out."""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import repeat
from typing import Any, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from syncer.source.files.lines import Broken, Cells, File
from syncer.spec.problems import did_you_mean

_DAMAGED: Final = (
    *(BadZipFile, InvalidFileException, ParseError, zlib.error),
    *(KeyError, IndexError, ValueError, TypeError, AttributeError, EOFError),
)

_CHUNK: Final = 1 << 20
_FORMULA: Final = re.compile(rb"<f[ />]")


def read(file: File) -> Iterator[Cells | Broken]:
    """The header, whose values are names, and then each row; rows without a value are left out.

    Formulas give the value that was last computed; where none ever was the row is told, too. Raises SourceError when
    there is no such sheet or no header, when the file is damaged, and OSError.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts of a workbook that have nothing to do with its values
            yield from _rows(file)
    except _DAMAGED as error:
        raise file.unusable(f"the file cannot be read as XLSX: {error}", hint="Save it again as .xlsx.") from error


def _rows(file: File) -> Iterator[Cells | Broken]:
    with ExitStack() as leaving:
        sheet = _sheet(file, leaving, data_only=True)
        rows = sheet.iter_rows(min_row=1)
        as_written = repeat(())
        if _has_formulas(file):
            as_written = _sheet(file, leaving, data_only=False).iter_rows(min_row=1)
        names: list[Any] = []
        for number, (row, written) in enumerate(zip(rows, as_written, strict=False), 1):
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
            yield _row(number, row, written, names)
        if not names:
            raise file.unusable(f"the sheet {sheet.title!r} is empty: not even a row that names the columns")


def _sheet(file: File, leaving: ExitStack, *, data_only: bool) -> Any:
    """`data_only`: cells with formulas have their values; else they have the formulas."""
    book = load_workbook(file.path, read_only=True, data_only=data_only, keep_links=False)
    leaving.callback(book.close)
    title = file.table.sheet
    if title is not None and title not in book.sheetnames:
        raise file.unusable(f"there is no sheet {title!r}", hint=did_you_mean(title, book.sheetnames))
    sheet = book[title] if title is not None else book.worksheets[0]
    if not hasattr(sheet, "iter_rows"):
        raise file.unusable(f"{sheet.title!r} is a chart, not a sheet with rows")
    sheet.reset_dimensions()  # what the file says of them may be wrong
    return sheet


def _has_formulas(file: File) -> bool:
    """Whether a sheet may have some: to read a workbook twice takes twice as long."""
    with ZipFile(file.path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/"):
                with archive.open(name) as sheet:
                    end = b""
                    while chunk := sheet.read(_CHUNK):
                        if _FORMULA.search(end + chunk):
                            return True
                        end = chunk[-3:]
    return False


def _row(number: int, row: Sequence[Any], written: Sequence[Any], names: list[Any]) -> Cells | Broken:
    for place, (cell, formula) in enumerate(zip(row, written, strict=False), 1):
        if formula.data_type == "f" and cell.value is None and cell.data_type == "n":  # empty text is a value, "str"
            where = f"{get_column_letter(place)}{number}"
            return Broken(number, f"the cell {where} has a formula and no value: compute the workbook and save it")
    for place, cell in enumerate(row, 1):
        if getattr(cell, "data_type", "") == "e":
            return Broken(number, f"the cell {get_column_letter(place)}{number} holds the error {cell.value}")
        if place > len(names) and cell.value not in (None, ""):
            return Broken(number, f"the cell {get_column_letter(place)}{number} is beyond the columns that are named")
    values = [cell.value for cell in row[: len(names)]]
    return Cells(number, values + [None] * (len(names) - len(values)))
