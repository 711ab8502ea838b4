"""PostgreSQL as a source: a server-side cursor in a read-only, repeatable-read transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from sqlalchemy import URL
from sqlalchemy.exc import ArgumentError

from syncer.errors import SourceError
from syncer.source.postgresql_types import Rows, prepare, set_styles
from syncer.source.query import POSTGRESQL, Query
from syncer.source.rows import Cursor, Source

_DEFAULTS: Final[dict[str, Any]] = {  # the URL may set others
    "connect_timeout": 10,
    "application_name": "syncer",
    "client_encoding": "utf8",
}
_CURSOR: Final = "syncer"
_DECLARE: Final = f'DECLARE "{_CURSOR}" CURSOR FOR '  # what psycopg puts before a query; positions count it


class PostgresqlSource(Source):
    """A database, seen as it is when the first query begins."""

    syntax = POSTGRESQL
    driver_errors = (psycopg.Error, UnicodeDecodeError)

    def __init__(self, name: str, url: URL) -> None:
        """Raises SourceError when there is no connection."""
        super().__init__(name)
        dialect = url.set(drivername="postgresql+psycopg").get_dialect()()
        try:
            _, options = dialect.create_connect_args(url)
            self._connection = psycopg.connect(**{**_DEFAULTS, **options})
        except (psycopg.Error, ArgumentError) as error:
            place = url.set(query={}).render_as_string(hide_password=True)
            raise SourceError(
                f"no connection to {place}",
                detail=str(error).strip(),
                hint=f"Check `sources.{name}.url`, and that the server is running.",
                where=f"source {name}",
            ) from error
        prepare(self._connection)
        self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self._connection.read_only = True

    def execute(self, query: Query, params: Mapping[str, Any]) -> Cursor:
        # Every row will be read, so the planner must not favour the first ones, as it does for cursors.
        self._connection.execute("SET LOCAL cursor_tuple_fraction = 1")
        set_styles(self._connection)
        cursor = psycopg.RawServerCursor(self._connection, _CURSOR)
        try:
            cursor.execute(query.numbered().encode(), [params[name] for name in query.names])
        except psycopg.Error:
            cursor.close()
            raise
        return Rows(self._connection, cursor)

    def explain(self, error: Exception, query: Query, params: Mapping[str, Any], rows_read: int) -> tuple[str, str]:
        if not isinstance(error, psycopg.Error) or not error.diag.message_primary:
            return str(error).strip(), ""
        lines = [error.diag.message_primary, error.diag.message_detail]
        position = int(error.diag.statement_position or 0) - 1 - len(_DECLARE)
        if position >= 0:
            lines.append(f"at {query.place(position)}")
        hint = error.diag.message_hint or ""
        if isinstance(error, psycopg.errors.CharacterNotInRepertoire):
            hint = "Say in the URL how the text is encoded, such as ?client_encoding=latin1."
        return "\n".join(line for line in lines if line), hint

    def recover(self) -> None:
        """A failed statement spoils its transaction: the next one begins anew."""
        if not self._connection.broken:
            self._connection.rollback()

    def close(self) -> None:
        self._connection.close()
