"""A private SQLite file: opened with its tables, gone with the process, its failures told in plain words."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from syncer.errors import SyncerError


class PrivateFile:
    """An SQLite file of mode 0600 in the temporary directory. Raises SyncerError when it cannot be used."""

    def __init__(self, schema: str) -> None:
        handle, name = tempfile.mkstemp(prefix="syncer-plan-", suffix=".db")  # made with mode 0600
        os.close(handle)
        self._path = Path(name)
        self._db = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
        with suppress(OSError):  # a system that keeps the names of open files: `close` takes it away
            self._path.unlink()  # at once: a run that is killed leaves no rows behind
        try:
            # A journal, or a disk that is full would leave a damaged file: what became of items is read from it.
            # The keys seen have a file of their own without one: to forget them would journal every page in memory.
            self._db.executescript(
                "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;"
                "PRAGMA temp_store=FILE; PRAGMA cache_size=-8000;" + schema
            )
        except sqlite3.DatabaseError as error:
            unusable = self._unusable(error)
            self.close()
            raise unusable from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()
        self._path.unlink(missing_ok=True)

    def define(self, name: str, function: Callable[[str], str | bool | float]) -> None:
        """Makes a function of one text known to statements."""
        self._db.create_function(name, 1, function, deterministic=True)

    def run(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, values)
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from error

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        try:
            self._db.execute("BEGIN")
            self._db.executemany(sql, rows)
            self._db.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: sqlite3.DatabaseError) -> SyncerError:
        if self._db.in_transaction:
            with suppress(sqlite3.DatabaseError):
                self._db.execute("ROLLBACK")
        return SyncerError(
            "the plan's temporary file cannot be written",
            detail=str(error),
            where=str(self._path.parent),
            hint="free some space there, or name another directory with TMPDIR, and run again",
        )
