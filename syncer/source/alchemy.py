"""Any other database that SQLAlchemy has a dialect for, through the driver that the user installs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from syncer.errors import SourceError
from syncer.source.query import ANY, Query
from syncer.source.rows import Cursor, Row, Source

PACKAGES: Final = {
    "MySQLdb": "mysqlclient",
    "cx_Oracle": "cx_Oracle",
    "oracledb": "oracledb",
    "pymssql": "pymssql",
    "pyodbc": "pyodbc",
}
"""Modules of drivers, and the packages that have them."""

_READ_ONLY: Final = {"oracle": "SET TRANSACTION READ ONLY"}


class AlchemySource(Source):
    """A database behind an SQLAlchemy dialect. Its transaction is rolled back in the end, and reads only where the
    database has such transactions.
    """

    syntax = ANY
    driver_errors = (SQLAlchemyError, UnicodeDecodeError)

    def __init__(self, name: str, url: URL) -> None:
        """Raises SourceError: no such dialect, no driver, no connection."""
        super().__init__(name)
        place = url.set(query={}).render_as_string(hide_password=True)
        where = f"source {name}"
        try:
            engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        except NoSuchModuleError as error:
            raise SourceError(
                f"a database of the kind `{url.drivername}` cannot be read",
                detail=str(error),
                hint="Write the URL as SQLAlchemy does, such as mssql+pyodbc://… or oracle+oracledb://…",
                where=where,
            ) from error
        except ImportError as error:
            package = PACKAGES.get(error.name or "", error.name or url.drivername)
            raise SourceError(
                f"{url.drivername} needs the driver {error.name or package}, which is not installed",
                detail=str(error),
                hint=f"pip install {package}",
                where=where,
            ) from error
        except (ArgumentError, TypeError, ValueError) as error:
            raise SourceError(f"{place} cannot be used", detail=str(error), where=where) from error
        try:
            self._connection = engine.connect().execution_options(stream_results=True, no_parameters=True)
            self._begin()
        except (SQLAlchemyError, OSError) as error:
            raise SourceError(
                f"no connection to {place}",
                detail=_told(error),
                hint=f"Check `sources.{name}.url`, and that the server is running.",
                where=where,
            ) from error

    def execute(self, query: Query, params: Mapping[str, Any]) -> Cursor:
        statement, values = bound(query, params, self._connection.dialect.paramstyle)
        return _Rows(self._connection.exec_driver_sql(statement, values))

    def explain(self, error: Exception, query: Query, params: Mapping[str, Any], rows_read: int) -> tuple[str, str]:
        return _told(error), ""

    def recover(self) -> None:
        """A failed statement may have spoilt its transaction: the next one begins anew."""
        self._connection.rollback()
        self._begin()

    def close(self) -> None:
        self._connection.close()

    def _begin(self) -> None:
        statement = _READ_ONLY.get(self._connection.dialect.name)
        if statement is not None:
            self._connection.execute(text(statement))


class _Rows:
    """SQLAlchemy's result as a cursor of plain tuples."""

    def __init__(self, result: Any) -> None:
        self._result = result
        self.description: Sequence[Sequence[Any]] | None = result.cursor.description if result.returns_rows else None

    def fetchmany(self, size: int, /) -> list[Row]:
        return [tuple(row) for row in self._result.fetchmany(size)]

    def close(self) -> None:
        self._result.close()


def bound(query: Query, params: Mapping[str, Any], style: str) -> tuple[str, Any]:
    """The query and its values in one of the styles of PEP 249; a query without parameters is sent as it is."""
    by_name = {name: params[name] for name in query.names}
    by_place = tuple(params[each.name] for each in query.parameters)
    if not by_name:
        return query.text, None
    match style:
        case "qmark":
            return query.rendered(lambda _: "?", str), by_place
        case "named":
            return query.rendered(lambda name: f":{name}", str), by_name
        case "format":
            return query.rendered(lambda _: "%s", _doubled), by_place
        case "pyformat":
            return query.rendered(lambda name: f"%({name})s", _doubled), by_name
        case _:
            mark = "$" if style == "numeric_dollar" else ":"
            number = {name: f"{mark}{place}" for place, name in enumerate(by_name, 1)}
            return query.rendered(number.__getitem__, str), tuple(by_name.values())


def _doubled(piece: str) -> str:
    return piece.replace("%", "%%")


def _told(error: Exception) -> str:
    """What the driver says, without the statement that SQLAlchemy repeats."""
    return str(getattr(error, "orig", None) or error).strip()
