"""What PostgreSQL's values are in a row, where psycopg would refuse them, change them, or not know their type.

A value that Python's types cannot hold (`infinity`, a year before 1 or after 9999, 24:00:00) comes as PostgreSQL writes
it, so that it blocks its own row and not the query. So does an interval with months, which have no length of their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import psycopg
from psycopg.adapt import AdaptersMap, Buffer, Loader, Transformer
from psycopg.types import TypeInfo
from psycopg.types.datetime import DateLoader, TimeLoader, TimestampLoader, TimestamptzLoader, TimetzLoader
from psycopg.types.json import set_json_loads
from psycopg.types.string import TextLoader

from syncer.source.exact import loads
from syncer.source.rows import Row

_RANGES: Final = ("int4", "int8", "num", "ts", "tstz", "date")
_AS_TEXT: Final = ("inet", "cidr", *(f"{kind}{what}" for kind in _RANGES for what in ("range", "multirange")))
"""Types whose values are not of Python's own: they come as PostgreSQL writes them."""
_SPAN: Final = re.compile(r"(?:([-+]?\d+) days? ?)?(?:([-+]?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?", re.ASCII)
_STYLES: Final = ("DateStyle = ISO", "IntervalStyle = postgres")
"""How moments and spans are written, for those who read them; the order of day and month in a query stays."""
_UNKNOWN: Final = """
SELECT t.oid, t.typname, t.typarray, t.typdelim::text, t.typbasetype
FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE t.typarray <> 0 AND (t.typtype IN ('b', 'd', 'e', 'm', 'r') OR t.typtype = 'c' AND c.relkind = 'c')
"""
"""Types that may stand in arrays, those of tables' rows left out."""


def prepare(connection: psycopg.Connection[Row]) -> None:
    """Teaches the connection the types of its database, in a transaction of its own."""
    for kind in _AS_TEXT:
        connection.adapters.register_loader(kind, TextLoader)
    connection.adapters.register_loader("interval", _SpanLoader)
    set_json_loads(loads, connection)
    with suppress(psycopg.Error):  # a server that is like PostgreSQL, and has no such tables: arrays are text there
        _know_arrays(connection)
    connection.rollback()


def _know_arrays(connection: psycopg.Connection[Row]) -> None:
    adapters = connection.adapters
    found = {row[0]: row for row in connection.execute(_UNKNOWN).fetchall()}
    for oid, name, array, delimiter, base in found.values():
        if adapters.types.get(oid) is not None:
            continue
        TypeInfo(name, oid, array, delimiter=delimiter).register(connection)
        while base in found and found[base][4]:
            base = found[base][4]
        if base and (loader := adapters.get_loader(base, psycopg.pq.Format.TEXT)):
            adapters.register_loader(oid, loader)  # within an array a domain is not told as its base type


def set_styles(connection: psycopg.Connection[Row]) -> None:
    """For the transaction alone, whatever the database, the role or the URL say."""
    for style in _STYLES:
        connection.execute(f"SET LOCAL {style}".encode())


class Rows:
    """A cursor that gives what Python's types cannot hold as text."""

    def __init__(self, connection: psycopg.Connection[Row], cursor: psycopg.RawServerCursor[Row]) -> None:
        self._connection = connection
        self._cursor = cursor

    @property
    def description(self) -> Sequence[Sequence[Any]] | None:
        return self._cursor.description

    def fetchmany(self, size: int, /) -> list[Row]:
        try:
            return self._cursor.fetchmany(size)
        except psycopg.DataError as error:
            result = self._cursor.pgresult
            if error.diag.message_primary is not None or result is None:  # the server's own
                raise
        patient = Transformer(_Patient(self._connection))
        patient.set_pgresult(result)
        return patient.load_rows(0, result.ntuples, tuple)

    def close(self) -> None:
        self._cursor.close()


class _Patient:
    """How the rows of a batch are read once more: by loaders that are slower, and refuse nothing."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self.connection = connection
        self.adapters = AdaptersMap(connection.adapters)
        for kind, loader in _LOADERS.items():
            self.adapters.register_loader(kind, loader)


class _SpanLoader(Loader):
    """A timedelta, or the text of a span that has no length of its own, or too much of it."""

    def load(self, data: Buffer) -> timedelta | str:
        text = bytes(data).decode("ascii", "replace")
        match = _SPAN.fullmatch(text)
        if not text or match is None:
            return text
        days, sign, hours, minutes, seconds, rest = match.groups()
        try:
            whole = timedelta(days=int(days or 0))
            clock = timedelta(hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0))
            clock += timedelta(microseconds=int((rest or "").ljust(6, "0")))
            return whole - clock if sign == "-" else whole + clock
        except OverflowError:
            return text


def _patient(strict: type[Loader]) -> type[Loader]:
    class Patient(strict):  # type: ignore[misc, valid-type]
        def load(self, data: Buffer) -> Any:
            try:
                return super().load(data)
            except psycopg.DataError:
                return bytes(data).decode("ascii", "replace")

    return Patient


_LOADERS: Final = {
    "date": _patient(DateLoader),
    "time": _patient(TimeLoader),
    "timetz": _patient(TimetzLoader),
    "timestamp": _patient(TimestampLoader),
    "timestamptz": _patient(TimestamptzLoader),
}
