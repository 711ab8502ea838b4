"""Which files a table's path names, and of what kind they are."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from syncer.errors import SourceError
from syncer.source.files import objects, separated
from syncer.source.files.lines import Broken, Cells, File
from syncer.source.files.objects import Member
from syncer.spec.written import FileTable

_FORMATS: Final = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
}


def files_of(table: FileTable, root: Path, where: str) -> list[File]:
    """The files in the order of their names. Raises SourceError when there is none, or when one is no file."""
    literal = root / table.path
    try:
        if literal.is_file():
            found = [literal]
        else:
            pattern = str(Path(glob.escape(str(root))) / table.path)
            found = sorted(path for path in map(Path, glob.glob(pattern, recursive=True)) if path.is_file())  # noqa: PTH207
    except (OSError, ValueError) as error:
        raise SourceError(f"the path {table.path} cannot be used", detail=str(error), where=where) from error
    if not found:
        is_folder = "it is a folder: write a pattern such as " + f"{table.path.rstrip('/')}/*.csv"
        hint = is_folder if literal.is_dir() else f"A relative path starts at {root}."
        raise SourceError(f"there is no file {table.path}", hint=hint, where=where)
    return [File(path, _shown(path, root), table) for path in found]


def format_of(file: File) -> str:
    """`csv`, `json`, `jsonl`, `xlsx` or `parquet`: as the spec says, else by the name's ending."""
    if file.table.format is not None:
        return file.table.format
    name = file.path.name.lower().removesuffix(".gz")
    found = _FORMATS.get(Path(name).suffix)
    if found is None:
        raise file.unusable(
            "its name does not tell what kind of file it is",
            hint=f"Say `format: csv`, json, jsonl, xlsx or parquet. Known endings: {', '.join(_FORMATS)}.",
        )
    return found


def lines_of(file: File) -> Iterator[Cells | Member | Broken]:
    """The lines of a file of any kind but Parquet."""
    match format_of(file):
        case "csv":
            return separated.read(file)
        case "jsonl":
            return objects.read_lines(file)
        case "json":
            return objects.read(file)
        case _:
            from syncer.source.files import workbook  # the library that it needs takes long to load

            return workbook.read(file)


def _shown(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return str(path)
