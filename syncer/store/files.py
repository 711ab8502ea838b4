"""A state in a SQLite file: made for its owner alone, read without writing, one file again at the end."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from syncer.errors import StateError
from syncer.store import schema
from syncer.store.database import Database, driver_error, entered, told
from syncer.store.lease import refuse_held
from syncer.store.mounts import mount_table, network_file_system
from syncer.store.tables import HEAD

BUSY_SECONDS = 10.0  # less than half a lease: a run that waits here for another's commit still renews in time
HEADER_BYTES = 20
WAL_VERSION = 2  # at 18 and 19 of the header: sqlite.org/fileformat2.html#file_format_version_numbers

# A process that closes a file loses all its locks on it (fcntl(2)), also those of SQLite's connections: another
# process then takes the log away from under them. So no file is opened that a connection of ours has open.
_opening: Final = Lock()
_open_here: Final = Counter[tuple[int, int]]()


def open_nothing(place: str, leaving: ExitStack) -> Database:
    """An empty state in memory, in place of one that does not exist."""
    database = entered(leaving, _sqlite(lambda: sqlite3.connect(":memory:", isolation_level=None), place))
    schema.create_in_memory(database)
    with told(place):
        database.connection.exec_driver_sql("PRAGMA query_only = ON")
    return database


def open_for_writing(file: Path, place: str, leaving: ExitStack) -> tuple[Database, str | None]:
    """Opens a SQLite file at our version, and tells the version it had."""
    _refuse_network(file)
    _make(file)
    database = entered(leaving, _connect(file, place, writable=True))
    found = schema.revision(database)  # before the first byte is written: it may be someone else's database
    if found is not None:
        schema.refuse_newer(found, place)
    with told(place):
        run = database.connection.exec_driver_sql
        run("PRAGMA foreign_keys = ON")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA journal_mode = WAL")
    leaving.callback(_fold, database)
    if found is not None and found < HEAD:
        refuse_held(database)
        with _copying(place):
            _copied(file, file.with_name(f"{file.name}.bak-{found}"))
    if found != HEAD:
        schema.migrate(database)
    return database, found


def _fold(database: Database) -> None:
    """Makes one file of database and log. While another process has it open it stays two."""
    with suppress(DBAPIError):
        run = database.connection.exec_driver_sql
        run("PRAGMA busy_timeout = 0")
        run("PRAGMA wal_checkpoint(TRUNCATE)")
        run("PRAGMA journal_mode = DELETE")


def open_for_reading(file: Path, place: str, leaving: ExitStack) -> Database:
    """Opens a SQLite file and writes nothing, nowhere near it; a missing or empty one is an empty state."""
    _refuse_network(file)
    with _readable(place):
        if _is_empty(file):
            return open_nothing(place, leaving)
        if _reading_would_write(file):
            return _private(_copied_as_it_lies, file, place, leaving)
    database = entered(leaving, _connect(file, place, writable=False))
    found = schema.revision(database)
    if found is None:
        return open_nothing(place, leaving)
    schema.refuse_newer(found, place)
    return database if found == HEAD else _private(_copied, file, place, leaving)


def open_beside(file: Path, place: str, leaving: ExitStack) -> Database:
    """A state that exists, to write a row while this or another process has it open; how it keeps its log stays."""
    _refuse_network(file)
    return entered(leaving, _connect(file, place, writable=True))


def exists(file: Path, place: str, leaving: ExitStack) -> bool:
    """Whether a file is a state, of whatever version. Raises StateError when it is someone else's database."""
    _refuse_network(file)
    with _readable(place):
        if _is_empty(file):
            return False
        if _reading_would_write(file):  # a state that was left with its log
            return True
    return schema.revision(entered(leaving, _connect(file, place, writable=False))) is not None


def _is_empty(file: Path) -> bool:
    return not file.exists() or file.stat().st_size == 0


@contextmanager
def _readable(place: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(
            f"the state {place} cannot be read",
            detail=error.strerror or "",
            hint="Check the path, and the permissions of the file and its folder.",
        ) from None


def _private(copy: Callable[[Path, Path], None], file: Path, place: str, leaving: ExitStack) -> Database:
    """A copy of a file for us alone, at our version, gone when the state is closed."""
    own = Path(leaving.enter_context(TemporaryDirectory(prefix="syncer-"))) / "syncer.db"
    with _copying(place):
        copy(file, own)
    database = entered(leaving, _connect(own, place, writable=True))
    found = schema.revision(database)
    if found is None:
        return open_nothing(place, leaving)
    schema.refuse_newer(found, place)
    if found < HEAD:
        schema.migrate(database)
    return database


def _reading_would_write(file: Path) -> bool:
    """Whether SQLite would make files beside this one to read it: it was left, or copied, with a log."""
    with _opening:
        if _open_here[_identity(file)]:  # then its log is there already, if it has one
            return False
        with file.open("rb") as opened:
            header = opened.read(HEADER_BYTES)
    logged = WAL_VERSION in header[18:20]
    return logged and not all(file.with_name(file.name + ending).exists() for ending in ("-wal", "-shm"))


def _copied(file: Path, target: Path) -> None:
    """A consistent copy of a file that may be in use."""
    fresh = target.with_name(target.name + ".new")
    fresh.unlink(missing_ok=True)
    _make(fresh)
    with (
        closing(sqlite3.connect(_address(file, "ro"), uri=True)) as source,
        closing(sqlite3.connect(fresh)) as copy,
    ):
        source.backup(copy)
    fresh.replace(target)


def _copied_as_it_lies(file: Path, target: Path) -> None:
    """A copy, byte by byte, of a file that nobody has open, and of its log."""
    with _opening:
        for ending in ("", "-wal"):
            source = file.with_name(file.name + ending)
            if source.exists():
                shutil.copyfile(source, target.with_name(target.name + ending))


@contextmanager
def _copying(place: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise driver_error(error, place) from None


def _refuse_network(file: Path) -> None:
    """Raises StateError when a file lies, or would lie, on a network file system."""
    kind = network_file_system(file, mount_table())
    if kind is not None:
        raise StateError(
            f"the state {file} is on a network file system ({kind}), where SQLite loses what it has written",
            hint="Keep the file on a local disk, or keep the state in PostgreSQL.",
        )


def _make(file: Path) -> None:
    """Creates an empty file that only its owner can read, and the folders above it, unless it is there."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _opening:
            if not (file.exists() and _open_here[_identity(file)]):
                os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StateError(
            f"the state {file} cannot be opened for writing",
            detail=error.strerror or "",
            hint="Check the path, and the owner and permissions of the file and its folder.",
        ) from None


def _connect(file: Path, place: str, *, writable: bool) -> Database:
    """A SQLite file that exists, named `place` in messages."""
    name = _address(file, "rw" if writable else "ro")

    def connection() -> sqlite3.Connection:
        with _opening:
            made = sqlite3.connect(name, uri=True, timeout=BUSY_SECONDS, isolation_level=None, factory=_Connection)
            made.opened(_identity(file))
        return made

    return _sqlite(connection, place)


class _Connection(sqlite3.Connection):
    """A connection that is counted while it is open."""

    _file: tuple[int, int] | None = None

    def opened(self, file: tuple[int, int]) -> None:
        self._file = file
        _open_here[file] += 1

    def close(self) -> None:
        super().close()
        with _opening:
            if self._file is not None:
                _open_here[self._file] -= 1
            self._file = None


def _identity(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_dev, found.st_ino


def _address(file: Path, mode: str) -> str:
    return f"file:{quote(str(file.absolute()))}?mode={mode}"


def _sqlite(connection: Callable[[], sqlite3.Connection], place: str) -> Database:
    engine = sa.create_engine("sqlite://", creator=connection, poolclass=NullPool, hide_parameters=True)
    with told(place):
        return Database(engine.connect().execution_options(isolation_level="AUTOCOMMIT"), place)
