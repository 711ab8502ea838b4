"""SQLite files as sources: opened read-only, never created."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL

from syncer.errors import SourceError
from syncer.source.query import SQLITE, Query
from syncer.source.rows import Cursor, Source
from syncer.spec.problems import did_you_mean

LOCK_SECONDS: Final = 10.0
"""How long to wait for a writer that has the file locked."""

TABLES: Final = 1000
"""Tables that one which does not exist is compared with."""

_LOGGED = "attempt to write a readonly database"  # what SQLite says when it may not make the files of a WAL


class SqliteSource(Source):
    """A database file, seen as it is when it is opened."""

    syntax = SQLITE
    driver_errors = (sqlite3.Error, sqlite3.Warning, OverflowError)

    def __init__(self, name: str, url: URL, root: Path) -> None:
        """A relative path starts at `root`. Raises SourceError."""
        super().__init__(name)
        where = f"source {name}"
        path = root / _path(url, where)
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            hint = f"Check `sources.{name}.url`; a relative path starts at {root}."
            raise SourceError(f"the SQLite file {path} {what}", hint=hint, where=where)
        try:
            self._connection = _connect(path)
        except sqlite3.Error as error:
            hint = (
                "A database in WAL mode needs its -wal and -shm files: let this user write to the folder, or "
                "switch the database over with `PRAGMA journal_mode = DELETE`."
                if _LOGGED in str(error)
                else ""
            )
            raise SourceError(
                f"the SQLite file {path} cannot be opened", detail=str(error), hint=hint, where=where
            ) from error

    def execute(self, query: Query, params: Mapping[str, Any]) -> Cursor:
        return self._connection.execute(query.text, params)

    def explain(self, error: Exception, query: Query, params: Mapping[str, Any], rows_read: int) -> tuple[str, str]:
        if "Could not decode to UTF-8" in str(error):
            return self._undecodable(query, params, rows_read) or str(error), (
                "Mend the text in the database, or select CAST(… AS BLOB) and leave it out."
            )
        missing = re.fullmatch(r"no such table: (?:\w+\.)?(.+)", str(error))
        return str(error), did_you_mean(missing[1], self._tables()) if missing else ""

    def _tables(self) -> list[str]:
        rows = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%' ORDER BY name"
        )
        return [str(name) for (name,) in rows.fetchmany(TABLES)]

    def recover(self) -> None:
        """Nothing to do: a failed query leaves the transaction as it was."""

    def close(self) -> None:
        self._connection.close()

    def _undecodable(self, query: Query, params: Mapping[str, Any], rows_read: int) -> str:
        """Reads again, within the same transaction, to tell the row that the driver does not."""
        self._connection.text_factory = _decoded
        try:
            cursor = self._connection.execute(query.text, params)
            for number, row in enumerate(cursor, 1):
                for column, value in zip(cursor.description, row, strict=True):
                    if number > rows_read and isinstance(value, UnicodeDecodeError):
                        return f"row {number}, column {column[0]}: {value.object[:40]!r} is not UTF-8"
            return ""
        finally:
            self._connection.text_factory = str


def _path(url: URL, where: str) -> str:
    if url.host or url.username:
        raise SourceError(
            "an SQLite URL names no host",
            hint="Write sqlite:///relative/path.db or sqlite:////absolute/path.db.",
            where=where,
        )
    if url.query:
        raise SourceError(
            f"an SQLite source has no options, but its URL sets {', '.join(sorted(url.query))}",
            hint="It is always opened read-only.",
            where=where,
        )
    if not url.database or url.database == ":memory:":
        raise SourceError("the SQLite URL names no file", hint="Write sqlite:///data/erp.sqlite.", where=where)
    return url.database


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=LOCK_SECONDS, isolation_level=None
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        # The first look into the file: it says whether this is a database, and starts the transaction.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _decoded(raw: bytes) -> str | UnicodeDecodeError:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        return error
