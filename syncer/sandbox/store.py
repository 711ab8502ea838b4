"""The portal's file: one SQLite database with the items, their look-up values, and the portal's document.

Several servers may have the same file open; what one keeps in memory is read again when another wrote.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from syncer.sandbox.options import SandboxError
from syncer.sandbox.schema import Document, seed

APPLICATION_ID = 0x42323453  # "B24S" in the file's header
_TABLES = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sequence (name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE item (type INTEGER NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (type, id));
CREATE TABLE lookup (
    type INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, id INTEGER NOT NULL,
    PRIMARY KEY (type, field, value, id)
) WITHOUT ROWID;
CREATE INDEX lookup_item ON lookup (type, id);
CREATE TABLE file (id INTEGER PRIMARY KEY, name TEXT NOT NULL, content BLOB NOT NULL);
"""

Lookups = Sequence[tuple[str, str]]  # (field, value as compared)


class Store:
    """The open file. Writes belong to a transaction that `commit` ends; the first write begins it."""

    def __init__(self, path: Path, zone: str) -> None:
        """Opens `path`, making it when it is missing or empty. Raises SandboxError when it cannot be used."""
        self.path = path
        self._sequences: dict[str, int] = {}
        self._used: set[str] = set()
        try:
            path.absolute().parent.mkdir(parents=True, exist_ok=True)
            self.db = sqlite3.connect(path, isolation_level=None, timeout=30.0)
            self._open(zone)
        except (sqlite3.Error, OSError) as error:
            raise SandboxError(f"cannot use {path} as a sandbox: {error}") from error
        self._version = self._data_version()
        self._outdated = False

    def _open(self, zone: str) -> None:
        self.db.execute("PRAGMA busy_timeout = 30000")
        (found,) = self.db.execute("PRAGMA application_id").fetchone()
        (tables,) = self.db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if found != APPLICATION_ID and (found or tables):
            raise SandboxError(f"{self.path} is a database, but not one of a sandbox")
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.execute("PRAGMA cache_size = -65536")
        self.db.execute("BEGIN IMMEDIATE")
        (found,) = self.db.execute("PRAGMA application_id").fetchone()
        if found != APPLICATION_ID:
            self._make(zone)
        self.db.execute("COMMIT")

    def _make(self, zone: str) -> None:
        for statement in _TABLES.split(";"):
            self.db.execute(statement)
        self.db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self.put_setting("uuid", str(uuid.uuid4()))
        self.put_setting("code", secrets.token_hex(8))
        self.put_setting("zone", zone)
        self.put_setting("document", seed())

    def _data_version(self) -> int:
        return int(self.db.execute("PRAGMA data_version").fetchone()[0])

    def outdated(self) -> bool:
        """Whether another server wrote since this was last asked."""
        self._look_around()
        found, self._outdated = self._outdated, False
        return found

    def _look_around(self) -> None:
        version = self._data_version()
        if version != self._version:
            self._version = version
            self._sequences.clear()
            self._outdated = True

    def begin(self) -> None:
        """Begins a transaction unless one is open."""
        if not self.db.in_transaction:
            self.db.execute("BEGIN IMMEDIATE")
            self._look_around()

    def commit(self) -> None:
        """Keeps what was written since `begin`."""
        if not self.db.in_transaction:
            return
        rows = [(name, self._sequences[name]) for name in self._used]
        self.db.executemany("INSERT OR REPLACE INTO sequence VALUES (?, ?)", rows)
        self._used.clear()
        self.db.execute("COMMIT")

    def roll_back(self) -> None:
        """Forgets what was written since `begin`."""
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")
        self._sequences.clear()
        self._used.clear()

    def clear(self) -> None:
        """Makes the file as good as new; its code, UUID and zone stay."""
        self.begin()
        for table in ("item", "lookup", "file", "sequence"):
            self.db.execute(f"DELETE FROM {table}")  # noqa: S608
        self._sequences.clear()
        self._used.clear()
        self.put_setting("document", seed())
        self.commit()

    def close(self) -> None:
        """Ends the work and folds the write-ahead log into the file."""
        self.commit()
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()

    def setting(self, name: str) -> Any:
        """A value kept under a name."""
        return json.loads(self.db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()[0])

    def put_setting(self, name: str, value: str | Document) -> None:
        """Keeps a value under a name."""
        text = json.dumps(value, ensure_ascii=False)
        self.db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, text))

    def next_id(self, sequence: str) -> int:
        """The next number of a sequence; never given twice, not even after a deletion."""
        self.begin()
        last = self._last(sequence) + 1
        self._sequences[sequence] = last
        self._used.add(sequence)
        return last

    def set_last_id(self, sequence: str, last: int) -> None:
        """Makes the next number of a sequence `last` + 1. Raises SandboxError when numbers came already."""
        self.begin()
        if last < self._last(sequence):
            raise SandboxError(f"{sequence} has already given {self._last(sequence)}")
        self._sequences[sequence] = last
        self._used.add(sequence)

    def _last(self, sequence: str) -> int:
        if sequence not in self._sequences:
            row = self.db.execute("SELECT last FROM sequence WHERE name = ?", (sequence,)).fetchone()
            self._sequences[sequence] = row[0] if row else 0
        return self._sequences[sequence]

    def insert(self, type_id: int, item_id: int, body: str, lookups: Lookups) -> None:
        """A new item: its JSON body, and the values it is found by."""
        self.begin()
        self.db.execute("INSERT INTO item VALUES (?, ?, ?)", (type_id, item_id, body))
        self._put_lookups(type_id, item_id, lookups)

    def replace(self, type_id: int, item_id: int, body: str, lookups: Lookups) -> None:
        """A changed item."""
        self.begin()
        self.db.execute("UPDATE item SET body = ? WHERE type = ? AND id = ?", (body, type_id, item_id))
        self.db.execute("DELETE FROM lookup WHERE type = ? AND id = ?", (type_id, item_id))
        self._put_lookups(type_id, item_id, lookups)

    def delete(self, type_id: int, item_id: int) -> None:
        """Removes an item."""
        self.begin()
        self.db.execute("DELETE FROM item WHERE type = ? AND id = ?", (type_id, item_id))
        self.db.execute("DELETE FROM lookup WHERE type = ? AND id = ?", (type_id, item_id))

    def _put_lookups(self, type_id: int, item_id: int, lookups: Lookups) -> None:
        if lookups:
            rows = [(type_id, name, value, item_id) for name, value in lookups]
            self.db.executemany("INSERT OR IGNORE INTO lookup VALUES (?, ?, ?, ?)", rows)

    def exists(self, type_id: int, item_id: int) -> bool:
        """Whether there is such an item."""
        row = self.db.execute("SELECT 1 FROM item WHERE type = ? AND id = ?", (type_id, item_id)).fetchone()
        return row is not None

    def body(self, type_id: int, item_id: int) -> dict[str, Any] | None:
        """The fields of an item that are not empty, or None without such an item."""
        row = self.db.execute("SELECT body FROM item WHERE type = ? AND id = ?", (type_id, item_id)).fetchone()
        return json.loads(row[0]) if row else None

    def bodies(self, type_id: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """All items of a type by id."""
        rows = self.db.execute("SELECT id, body FROM item WHERE type = ? ORDER BY id", (type_id,))
        for item_id, body in rows:
            yield item_id, json.loads(body)

    def found_by(self, type_id: int, field: str, values: Iterable[str]) -> list[int]:
        """Ids of the items whose look-up value of `field` is one of `values`."""
        wanted = list(values)
        marks = ",".join("?" * len(wanted))
        query = f"SELECT DISTINCT id FROM lookup WHERE type = ? AND field = ? AND value IN ({marks}) ORDER BY id"  # noqa: S608
        return [row[0] for row in self.db.execute(query, (type_id, field, *wanted))]

    def latest(self, type_id: int, field: str) -> str:
        """The greatest text of a field among the items of a type; "" without items."""
        query = "SELECT max(json_extract(body, ?)) FROM item WHERE type = ?"
        return self.db.execute(query, (f"$.{field}", type_id)).fetchone()[0] or ""

    def counts(self) -> dict[int, int]:
        """How many items each type has."""
        return dict(self.db.execute("SELECT type, count(*) FROM item GROUP BY type").fetchall())

    def add_file(self, file_id: int, name: str, content: bytes) -> None:
        """Keeps an uploaded file."""
        self.begin()
        self.db.execute("INSERT INTO file VALUES (?, ?, ?)", (file_id, name, content))

    def file(self, file_id: int) -> tuple[str, bytes] | None:
        """Name and content of an uploaded file."""
        row = self.db.execute("SELECT name, content FROM file WHERE id = ?", (file_id,)).fetchone()
        return (row[0], row[1]) if row else None
