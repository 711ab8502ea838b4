"""What every source is: one connection for one command, read query by query in one read-only transaction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from types import TracebackType
from typing import Any, ClassVar, Final, Protocol, Self

from syncer.errors import SourceError
from syncer.source.query import Query, Syntax, parse
from syncer.spec.codes import Code

BATCH_ROWS: Final = 5000

Row = tuple[Any, ...]
"""The values of one row in the order of the columns, as the driver makes them."""


class Cursor(Protocol):
    """What is used of a driver's cursor."""

    @property
    def description(self) -> Sequence[Sequence[Any]] | None: ...

    def fetchmany(self, size: int, /) -> list[Row]: ...

    def close(self) -> object: ...


class Source(ABC):
    """An open source. Its queries are read one after the other, and all see it at one moment in time.

    After a SourceError it can still be read, so that the problems of several queries can be told at once, but
    then what is read may be newer.
    """

    syntax: ClassVar[Syntax]
    driver_errors: ClassVar[tuple[type[Exception], ...]]

    def __init__(self, name: str) -> None:
        self.name = name

    def read(
        self,
        entity: str,
        query: str,
        params: Mapping[str, Any] | None = None,
        *,
        batch_rows: int = BATCH_ROWS,
    ) -> RowStream:
        """Sends a query, which has a `:name` for each of `params`; its rows come as they are asked for.

        Raises SourceError, which names the source and the entity.
        """
        where = f"source {self.name}, entity {entity}"
        statement = parse(query, self.syntax, where)
        statement.check(params or {}, where)
        return RowStream(self, statement, params or {}, where, batch_rows)

    @abstractmethod
    def execute(self, query: Query, params: Mapping[str, Any]) -> Cursor:
        """A cursor before the first row of the query; raises one of `driver_errors`."""

    def broken(self, query: Query) -> Iterator[str]:
        """What of the query's tables could not be read as rows, each with its place; known when the rows were read."""
        return iter(())

    @abstractmethod
    def explain(self, error: Exception, query: Query, params: Mapping[str, Any], rows_read: int) -> tuple[str, str]:
        """What the database says of a failure, and a hint (may be empty)."""

    @abstractmethod
    def recover(self) -> None:
        """Makes the source usable for the next query after one that failed."""

    @abstractmethod
    def close(self) -> None:
        """Ends the transaction and the connection."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RowStream:
    """The rows of one query: the names of its `columns`, and batches of plain tuples, to be read once."""

    def __init__(self, source: Source, query: Query, params: Mapping[str, Any], where: str, batch_rows: int) -> None:
        self._source, self._query, self._params, self._where = source, query, params, where
        self._batch_rows = batch_rows
        self._batch = self._rows_read = 0
        try:
            self._cursor = source.execute(query, params)
        except source.driver_errors as error:
            raise self._failure(error) from error
        try:
            self.columns = _columns(self._cursor, where)
        except SourceError:
            self.close()
            raise

    def __iter__(self) -> Iterator[list[Row]]:
        """Batches of at most `batch_rows` rows. Raises SourceError when the database fails on the way."""
        while True:
            self._batch += 1
            try:
                rows = self._cursor.fetchmany(self._batch_rows)
            except self._source.driver_errors as error:
                raise self._failure(error) from error
            if not rows:
                return
            self._rows_read += len(rows)
            yield rows

    def broken(self) -> Iterator[list[str]]:
        """What could not be read as a row, each with its place, in batches; known after the last row."""
        found = self._source.broken(self._query)
        while some := list(islice(found, self._batch_rows)):
            yield some

    def close(self) -> None:
        with suppress(*self._source.driver_errors):  # a lost connection was told already
            self._cursor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _failure(self, error: Exception) -> SourceError:
        detail, hint = self._source.explain(error, self._query, self._params, self._rows_read)
        self._source.recover()
        summary = (
            f"reading failed in batch {self._batch}, after {self._rows_read} rows"
            if self._batch
            else "the query failed"
        )
        return SourceError(summary, detail=detail, hint=hint, where=self._where)


def _columns(cursor: Cursor, where: str) -> tuple[str, ...]:
    columns = tuple(str(column[0]) for column in cursor.description or ())
    if not columns:
        raise SourceError("the query returns no columns", where=where)
    places: dict[str, list[str]] = {}
    for position, name in enumerate(columns, 1):
        places.setdefault(name, []).append(str(position))
    twice = [f"`{name}` (columns {', '.join(at)})" for name, at in places.items() if len(at) > 1]
    if twice:
        raise SourceError(
            f"the query returns several columns of one name: {'; '.join(twice)}",
            hint="Name them apart with AS.",
            where=where,
            code=Code.COLUMN_TWICE.value,
        )
    return columns
