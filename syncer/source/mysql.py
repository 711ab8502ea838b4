"""MySQL and MariaDB as sources: an unbuffered cursor in a read-only transaction with a consistent snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions, convert_datetime
from pymysql.cursors import SSCursor
from sqlalchemy import URL
from sqlalchemy.exc import ArgumentError

from syncer.errors import SourceError
from syncer.source.exact import loads
from syncer.source.query import MYSQL, Query
from syncer.source.rows import Cursor, Row, Source

_DEFAULTS: Final[dict[str, Any]] = {  # the URL may set others
    "connect_timeout": 10,
    "charset": "utf8mb4",
    "program_name": "syncer",
}
_BEGIN: Final = (
    # A plan may look at the portal between two batches; the server would hang up after a minute.
    "SET SESSION net_write_timeout = 3600, time_zone = '+00:00'",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)


class MysqlSource(Source):
    """A database, seen as it is when it is opened."""

    syntax = MYSQL
    driver_errors = (pymysql.Error, UnicodeDecodeError, ValueError)

    def __init__(self, name: str, url: URL) -> None:
        """Raises SourceError when there is no connection."""
        super().__init__(name)
        dialect = url.set(drivername="mysql+pymysql").get_dialect()()
        try:
            _, options = dialect.create_connect_args(url)
            self._options = {**_DEFAULTS, **options, "conv": _CONVERSIONS, "autocommit": False}
            self._connection = self._connect()
        except (pymysql.Error, ArgumentError, TypeError, OSError, RuntimeError) as error:
            raise SourceError(
                f"no connection to {url.set(query={}).render_as_string(hide_password=True)}",
                detail=_told(error),
                hint=f"Check `sources.{name}.url`, and that the server is running.",
                where=f"source {name}",
            ) from error

    def execute(self, query: Query, params: Mapping[str, Any]) -> Cursor:
        if not self._connection.open:
            self._connection = self._connect()
        cursor = self._connection.cursor(SSCursor)
        try:
            if query.names:  # without parameters the driver leaves % alone
                text = query.rendered(lambda name: f"%({name})s", lambda piece: piece.replace("%", "%%"))
                cursor.execute(text, dict(params))
            else:
                cursor.execute(query.text)
        except self.driver_errors:
            cursor.close()
            raise
        return _Unbuffered(cursor, self._connection.close)

    def explain(self, error: Exception, query: Query, params: Mapping[str, Any], rows_read: int) -> tuple[str, str]:
        return _told(error), ""

    def recover(self) -> None:
        """A statement that failed leaves the transaction; one that broke off on the way is ended by its cursor."""

    def close(self) -> None:
        if self._connection.open:
            self._connection.close()

    def _connect(self) -> pymysql.Connection[Any]:
        connection = pymysql.connect(**self._options)
        try:
            with connection.cursor() as cursor:
                for statement in _BEGIN:
                    cursor.execute(statement)
        except pymysql.Error:
            connection.close()
            raise
        return connection


class _Unbuffered:
    """A cursor whose rows come from the server as they are asked for."""

    def __init__(self, cursor: SSCursor, hang_up: Callable[[], None]) -> None:
        self._cursor: Any = cursor
        self._hang_up = hang_up
        self._ended = False

    @property
    def description(self) -> Sequence[Sequence[Any]] | None:
        return self._cursor.description  # type: ignore[no-any-return]

    def fetchmany(self, size: int, /) -> list[Row]:
        rows = list(self._cursor.fetchmany(size))
        self._ended = not rows
        return rows

    def close(self) -> None:
        """Closing the cursor would read what is left of the table: the connection goes instead."""
        if not self._ended:
            if self._cursor._result is not None:
                self._cursor._result.unbuffered_active = False
            self._cursor.connection = None
            self._hang_up()
        self._cursor.close()


def _told(error: Exception) -> str:
    """What the server or the driver says, with the server's number."""
    if isinstance(error, pymysql.Error) and len(error.args) == 2:
        return f"{error.args[1]} ({error.args[0]})"
    return str(error).strip()


def _moment(text: str) -> datetime | str:
    """A TIMESTAMP, which is a moment and which the session gets in UTC."""
    moment: Any = convert_datetime(text)
    return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) else text


_CONVERSIONS: Final[dict[Any, Any]] = {
    **conversions,
    FIELD_TYPE.TIMESTAMP: _moment,
    FIELD_TYPE.JSON: loads,
    FIELD_TYPE.BIT: int.from_bytes,
}
