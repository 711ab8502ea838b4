"""Files as a source: each declared table is a view of DuckDB, and nothing else can be read through it.

Extensions are never fetched or loaded, and once the declared files are known to DuckDB it opens no others: not by
`read_csv('/etc/passwd')`, not over the network, and not by the name of a Python variable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb

from syncer.errors import SourceError
from syncer.source.exact import loads
from syncer.source.files.clean import ESCAPE, ESCAPES, CleanTable
from syncer.source.files.columns import sql_type
from syncer.source.files.lines import LONGEST_LINE, File
from syncer.source.files.paths import files_of, format_of, lines_of
from syncer.source.query import DUCKDB, Query
from syncer.source.rows import Cursor, Row, Source
from syncer.spec.problems import did_you_mean
from syncer.spec.written import FileTable

MEMORY: Final = "512MB"
"""What DuckDB may use; sorting and joining more goes to a private folder."""

_SETTINGS: Final = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": MEMORY,
    "threads": "2",
}


class FilesSource(Source):
    """Tables of files. Text files and workbooks are read when a query first needs them, and stay as they were then."""

    syntax = DUCKDB
    driver_errors = (duckdb.Error, UnicodeDecodeError)

    def __init__(self, name: str, tables: Mapping[str, FileTable], root: Path) -> None:
        """Relative paths start at `root`. Raises SourceError for a table without files."""
        super().__init__(name)
        self._where = f"source {name}"
        self._files = {
            table: files_of(written, root, f"{self._where}, table {table}") for table, written in tables.items()
        }
        kinds = {table: self._kind(table, files) for table, files in self._files.items()}
        self._parquet = {table for table, kind in kinds.items() if kind == "parquet"}
        self._tables = {table.casefold(): table for table in tables}
        self._ready: set[str] = set()
        self._leaving = ExitStack()
        folder = Path(self._leaving.enter_context(TemporaryDirectory(prefix="syncer-files-")))  # made with mode 0700
        try:
            self._clean = {
                table: CleanTable(written, folder, is_text=kinds[table] == "csv")
                for table, written in tables.items()
                if table not in self._parquet
            }
            for each in self._clean.values():
                self._leaving.callback(each.close)
            self._connection = self._connect(folder)
        except BaseException:
            self._leaving.close()
            raise

    def execute(self, query: Query, params: Mapping[str, Any]) -> Cursor:
        for table in self._needed(query):
            if table not in self._ready:
                self._prepare(table)
                self._ready.add(table)
        cursor = self._connection.cursor()
        cursor.execute(query.numbered(), [params[name] for name in query.names])
        return _Rows(cursor)

    def broken(self, query: Query) -> Iterator[str]:
        for table in self._needed(query):
            if table in self._clean:
                yield from (f"{place}: {reason}" for place, reason in self._clean[table].broken())

    def explain(self, error: Exception, query: Query, params: Mapping[str, Any], rows_read: int) -> tuple[str, str]:
        text = str(error).strip()
        if unknown := re.match(r"Catalog Error: Table with name (.+) does not exist!", text):
            return f"there is no table {unknown[1]}", did_you_mean(unknown[1], self._files)
        if isinstance(error, duckdb.PermissionException):
            return text, f"Only the files under `sources.{self.name}.files` can be read, each by its name."
        if isinstance(error, duckdb.ConversionException | duckdb.BinderException):
            return text, "A CSV file has text alone: give columns a type under `columns`, or CAST them in the query."
        return text, ""

    def recover(self) -> None:
        """Nothing to do: each query has a cursor of its own."""

    def close(self) -> None:
        self._connection.close()
        self._leaving.close()

    def _kind(self, table: str, files: Sequence[File]) -> str:
        kinds = sorted({format_of(file) for file in files})
        if len(kinds) > 1:
            raise SourceError(
                f"the table {table} has files of several kinds: {', '.join(kinds)}",
                hint="Make a table of each, and UNION ALL them in the query.",
                where=self._where,
            )
        return kinds[0]

    def _connect(self, folder: Path) -> duckdb.DuckDBPyConnection:
        paths = [each.path for each in self._clean.values()]
        paths += [str(file.path) for table in self._parquet for file in self._files[table]]
        connection = duckdb.connect(":memory:", config={**_SETTINGS, "temp_directory": str(folder)})
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET allowed_paths = {_list(paths)}")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection

    def _needed(self, query: Query) -> list[str]:
        """The declared tables that a query names."""
        found = self._connection.execute("SELECT json_serialize_sql($1)", [query.numbered()]).fetchone()
        named = {name.casefold() for name in _table_names(json.loads(found[0]))} if found is not None else set()
        return [table for folded, table in self._tables.items() if folded in named]

    def _prepare(self, table: str) -> None:
        try:
            if table in self._parquet:
                view = self._parquet_view(table)
            else:
                clean = self._clean[table]
                clean.fill((file, lines_of(file)) for file in self._files[table])
                view = _clean_view(clean)
            self._connection.execute(f"CREATE VIEW {_name(table)} AS {view}")
        except SourceError as error:
            error.where = f"{self._where}, table {table}, {error.where}"
            raise
        except duckdb.Error as error:
            raise SourceError(
                f"the table {table} cannot be read", detail=str(error).strip(), where=self._where
            ) from error

    def _parquet_view(self, table: str) -> str:
        files = self._files[table]
        rows = f"read_parquet({_list([str(file.path) for file in files])})"
        names = self._top_level(files[0])
        twice = [name for name in names if [each.casefold() for each in names].count(name.casefold()) > 1]
        if twice:
            raise files[0].unusable(f"two columns are named `{twice[0]}`")
        typed = files[0].table.columns
        for name in typed:
            if name not in names:
                raise files[0].unusable(
                    f"`columns` gives a type to `{name}`, which the file does not have", hint=did_you_mean(name, names)
                )
        casts = ", ".join(
            f"CAST({_name(name)} AS {sql_type(written)}) AS {_name(name)}" for name, written in typed.items()
        )
        return f"SELECT * {f'REPLACE ({casts}) ' if casts else ''}FROM {rows}"

    def _top_level(self, file: File) -> list[str]:
        """The names of a Parquet file's columns as they are, not made different as DuckDB would."""
        schema = self._connection.execute(
            "SELECT name, num_children FROM parquet_schema($1)", [str(file.path)]
        ).fetchall()
        names, left = [], 0
        for name, children in schema[1:]:
            if left == 0:
                names.append(name)
                left = 1
            left += (children or 0) - 1
        return names


class _Rows:
    """DuckDB's result, streamed; JSON comes as the values that it stands for."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self.description: Sequence[Sequence[Any]] | None = cursor.description
        self._json = [place for place, each in enumerate(cursor.description or ()) if str(each[1]) == "JSON"]

    def fetchmany(self, size: int, /) -> list[Row]:
        rows = self._cursor.fetchmany(size)
        return [self._parsed(row) for row in rows] if self._json else rows

    def close(self) -> None:
        self._cursor.close()

    def _parsed(self, row: Row) -> Row:
        values = list(row)
        for place in self._json:
            values[place] = None if values[place] is None else loads(values[place])
        return tuple(values)


def _clean_view(table: CleanTable) -> str:
    filler = "0"
    while filler in table.types:
        filler += "0"
    types = {filler: "BIGINT"} | table.types
    columns = ", ".join(f"{_text(name)}: {_text(kind)}" for name, kind in types.items())
    shown = ", ".join(_unescaped(name) if name in table.escaped else _name(name) for name in table.types)
    options = [
        *("auto_detect = false", "header = false", "new_line = '\\n'"),
        *("delim = ','", "quote = '\"'", "escape = '\"'", "nullstr = ''"),
        f"allow_quoted_nulls = {table.is_text}",
        # Of JSON a column may show up late: the rows before it are shorter.
        *(
            "null_padding = true",
            f"max_line_size = {LONGEST_LINE}",
            f"buffer_size = {2 * LONGEST_LINE}",
            f"columns = {{{columns}}}",
        ),
    ]
    return f"SELECT {shown} FROM read_csv({_text(table.path)}, {', '.join(options)})"  # noqa: S608 -- all is quoted


def _unescaped(name: str) -> str:
    text = _name(name)
    for character, mark in reversed(ESCAPES.items()):
        text = f"replace({text}, chr({ord(ESCAPE)}) || '{mark}', chr({ord(character)}))"
    return f"{text} AS {_name(name)}"


def _table_names(tree: Any) -> Iterator[str]:
    """The tables in the tree of a statement, those of its WITH too."""
    if isinstance(tree, dict):
        if tree.get("type") == "BASE_TABLE":
            yield str(tree["table_name"])
        tree = list(tree.values())
    for each in tree if isinstance(tree, list) else ():
        yield from _table_names(each)


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
