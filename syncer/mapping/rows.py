"""The mapping of one entity: rows in, keys and fields out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from syncer.mapping.batch import Batch, Row
from syncer.mapping.keys import Key, Keys
from syncer.model.change import RowProblem


class RowMapping:
    """Renders the rows of one entity. Rows are tuples of the columns it was compiled for; nothing is kept of them."""

    def __init__(
        self,
        *,
        keys: Batch,
        checks: Keys,
        fields: Batch,
        names: Sequence[str],
        unused: Sequence[str],
        masked: Iterable[str],
    ) -> None:
        self._keys = keys
        self._checks = checks
        self._fields = fields
        self._names = tuple(names)
        self.names = self._names
        self.masked_columns = frozenset(masked)
        """Columns that masked fields are made of."""
        self.unused = tuple(unused)
        """Columns of the query that no template uses."""

    def keys(self, rows: Sequence[Row]) -> list[Key]:
        """Per row its key, a RowProblem (`render`, `value`, `empty_key`, `bad_key`), or None when `when` is falsy."""
        return self._checks.check(self._keys.render(rows))

    def fields(self, rows: Sequence[Row]) -> list[dict[str, Any] | RowProblem]:
        """Per row its fields, those without a value left out, or a RowProblem.

        Values are as the templates give them; `Reference` objects stand for parents' ids.
        """
        names = self._names
        return [
            values
            if values.__class__ is RowProblem
            else dict(zip(names, values, strict=True))
            if None not in values
            else {name: value for name, value in zip(names, values, strict=True) if value is not None}
            for values in self._fields.render(rows)
        ]
