"""The one room where SQLite and PostgreSQL differ: the clock, sets of rows as parameters, upserts, locks."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

Upsert = sqlite.Insert | postgresql.Insert

BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that is compared and ordered by its bytes, as SQLite does by itself."""

BIG = sa.BigInteger()
BIG_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SECONDS: sa.Double[float] = sa.Double()


class Now(FunctionElement[float]):
    """Epoch seconds by the database's own clock, as they are when the statement runs."""

    type = SECONDS
    inherit_cache = True


@compiles(Now, "sqlite")
def _sqlite_now(*_: Any, **__: Any) -> str:
    # unixepoch('subsec') is younger (3.42) than the SQLite of many systems
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(Now, "postgresql")
def _postgresql_now(*_: Any, **__: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"


class Dialect(ABC):
    """What differs. `rows` turns a list of tuples into one parameter set, whatever their number."""

    name: str
    begin: str

    @abstractmethod
    def rows(self, name: str, columns: Mapping[str, sa.types.TypeEngine[Any]]) -> sa.FromClause:
        """A table of the given columns, filled by `values` when the statement is executed."""

    @abstractmethod
    def values(self, name: str, width: int, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """The parameters that fill `rows(name, …)` of that many columns."""

    @abstractmethod
    def upsert(self, table: sa.Table) -> Upsert:
        """An INSERT that can say what is done where the row is there already."""


class SqliteDialect(Dialect):
    name = "sqlite"
    begin = "BEGIN IMMEDIATE"

    def rows(self, name: str, columns: Mapping[str, sa.types.TypeEngine[Any]]) -> sa.FromClause:
        source = sa.func.json_each(sa.bindparam(name, type_=sa.Text())).table_valued(
            sa.column("value", sa.Text()), name=f"{name}_json"
        )
        if len(columns) == 1:
            (only,) = columns
            return sa.select(source.c.value.label(only)).subquery(name)
        cells = [
            sa.func.json_extract(source.c.value, sa.literal_column(f"'$[{position}]'"), type_=kind).label(column)
            for position, (column, kind) in enumerate(columns.items())
        ]
        return sa.select(*cells).subquery(name)

    def values(self, name: str, width: int, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        cells: Sequence[Any] = [row[0] for row in rows] if width == 1 else rows
        return {name: json.dumps(cells, ensure_ascii=False)}

    def upsert(self, table: sa.Table) -> Upsert:
        return sqlite.insert(table)


class PostgresqlDialect(Dialect):
    name = "postgresql"
    begin = "BEGIN"

    def rows(self, name: str, columns: Mapping[str, sa.types.TypeEngine[Any]]) -> sa.FromClause:
        arrays = [
            sa.bindparam(f"{name}_{position}", type_=postgresql.ARRAY(kind))
            for position, kind in enumerate(columns.values())
        ]
        cells = [sa.column(column, kind) for column, kind in columns.items()]
        return sa.func.unnest(*arrays).table_valued(*cells, name=name).render_derived()

    def values(self, name: str, width: int, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        return {f"{name}_{position}": [row[position] for row in rows] for position in range(width)}

    def upsert(self, table: sa.Table) -> Upsert:
        return postgresql.insert(table)


def dialect_of(name: str) -> Dialect:
    return PostgresqlDialect() if name == "postgresql" else SqliteDialect()
