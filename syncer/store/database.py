"""One connection to the state database: statements, transactions, and drivers' errors in our words.

The connection commits by itself unless `transaction` says otherwise: reading holds no transaction open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from syncer.errors import StateError, StateLockedError
from syncer.log import redact
from syncer.store.dialect import Dialect, dialect_of

AnyRow: TypeAlias = "sa.Row[*tuple[Any, ...]]"

_LOST = "Restore the file from a copy, or remove it: the next apply looks up what the portal has and adopts it."

_HINTS: tuple[tuple[str, str, str], ...] = (
    ("malformed", "is damaged", _LOST),
    ("not a database", "is not a state database", "Check the path given as `state`."),
    (
        "disk is full",
        "cannot be written: the disk is full",
        "Make room and run again; what was recorded is kept.",
    ),
    ("disk i/o error", "cannot be written or read", "Check the disk and its free space, then run again."),
    (
        "readonly database",
        "is not writable",
        "Check the owner and the permissions of the file and its folder.",
    ),
    ("read-only", "is not writable", "Check the permissions of the database user."),
    ("unable to open", "cannot be opened", "Check the path, and the permissions of the file and its folder."),
    ("permission denied", "cannot be used", "Grant the database user the right to make and use tables."),
    ("authentication failed", "cannot be reached", "Check user and password in the `state` URL."),
    ("connection", "cannot be reached", "Check the `state` URL, and that the server is running."),
)


def driver_error(error: Exception, place: str) -> StateError:
    """A driver's error, told in words; the driver's own follow as the detail."""
    told = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    detail = redact(str(told)).strip()
    lowered = detail.lower()
    if "database is locked" in lowered or "lock timeout" in lowered:
        return StateLockedError(
            f"the state {place} is locked by another process",
            detail=detail,
            hint="Wait until it is done, or give `--wait SECONDS`.",
        )
    for mark, what, hint in _HINTS:
        if mark in lowered:
            return StateError(f"the state {place} {what}", detail=detail, hint=hint)
    return StateError(f"the state {place} cannot be used", detail=detail)


@contextmanager
def told(place: str) -> Iterator[None]:
    """Errors of SQLAlchemy and its drivers become a `StateError` about `place`."""
    try:
        yield
    except SQLAlchemyError as error:
        raise driver_error(error, place) from None


class Database:
    """The connection. Used by one thread."""

    def __init__(self, connection: sa.Connection, place: str) -> None:
        """`place` names the database in messages and holds no secret."""
        self.connection = connection
        self.place = place
        self.dialect: Dialect = dialect_of(connection.dialect.name)

    def read(self, statement: sa.Executable, values: Mapping[str, Any] | None = None) -> Sequence[AnyRow]:
        """All rows of a statement, fetched, so that no cursor stays open."""
        with told(self.place):
            return self.connection.execute(statement, values).fetchall()

    def one(self, statement: sa.Executable, values: Mapping[str, Any] | None = None) -> AnyRow | None:
        rows = self.read(statement, values)
        return rows[0] if rows else None

    def scalar(self, statement: sa.Executable, values: Mapping[str, Any] | None = None) -> Any:
        row = self.one(statement, values)
        return None if row is None else row[0]

    def write(self, statement: sa.Executable, values: Mapping[str, Any] | None = None) -> int:
        """Executes a statement and gives the number of rows it changed."""
        with told(self.place):
            kept = {"preserve_rowcount": True}  # or an INSERT's is not told
            return int(self.connection.execute(statement, values, execution_options=kept).rowcount)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on SQLite the only writer from its start."""
        self._run(self.dialect.begin)
        try:
            yield
            self._run("COMMIT")
        except BaseException:
            with suppress(Exception):  # the first error tells more; a dead connection has rolled back already
                self._run("ROLLBACK")
            raise

    def _run(self, command: str) -> None:
        with told(self.place):
            self.connection.exec_driver_sql(command)


def entered(leaving: ExitStack, database: Database) -> Database:
    """The database, to be disconnected when `leaving` is closed."""
    leaving.callback(_disconnect, database)
    return database


def _disconnect(database: Database) -> None:
    with suppress(DBAPIError):  # a dead connection has nothing left to close
        database.connection.close()
