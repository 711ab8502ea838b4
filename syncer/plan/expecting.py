"""What a spec expects of the rows of a query: counted and noted as they pass, judged after the last one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from syncer.errors import Finding
from syncer.model.change import RowProblem
from syncer.plan.plan import Target
from syncer.plan.values import Values
from syncer.plan.workspace import Workspace
from syncer.spec import Code, EntitySpec, Spec
from syncer.spec.problems import did_you_mean, quoted

NAMED: Final = 5
"""Rows, or values, that a finding names; of all others it tells the count."""


@dataclass(slots=True)
class _Missing:
    """Rows without a value in a column."""

    count: int = 0
    first: list[str] = field(default_factory=list)


class Expecting:
    """The expectations of one entity. Values go to the workspace, so that no table is held."""

    def __init__(self, target: Target, columns: Sequence[str], workspace: Workspace) -> None:
        """The columns must be known: see `unknown_columns`."""
        expect = target.entity.expect
        self._target, self._values = target, Values(workspace)
        self._rows = 0
        self._unique = [_together(each) for each in expect.unique]
        self._unique_at = [[columns.index(name) for name in names] for names in self._unique]
        self._missing = [(name, columns.index(name), _Missing()) for name in expect.not_null]

    def see(self, rows: Sequence[tuple[Any, ...]], keys: Sequence[str | RowProblem | None]) -> None:
        """Notes a batch; `keys` are the rows' originIds, where they have one."""
        for _, place, missing in self._missing:
            for number, row in enumerate(rows):
                if row[place] is None:
                    missing.count += 1
                    if len(missing.first) < NAMED:
                        missing.first.append(self._named(keys[number], number))
        for index, places in enumerate(self._unique_at):
            self._values.note(
                (index, value, self._named(keys[number], number))
                for number, row in enumerate(rows)
                if (value := _value(row, places)) is not None
            )
        self._rows += len(rows)

    def findings(self) -> Iterator[Finding]:
        """What is not as expected, after the last row."""
        yield from self._row_count()
        for place, (name, _, missing) in enumerate(self._missing):
            if missing.count:
                rows = _rows(missing.count)
                text = f"{rows} without {name}: {_listed(missing.first, missing.count)}"
                yield self._finding(Code.NULL_VALUE, ("not_null", place), text, "mend the rows, or leave them out")
        for place, names in enumerate(self._unique):
            values, found = self._values.shared(place, NAMED)
            if values:
                shared = f"{values:,} value{'' if values == 1 else 's'} of {' and '.join(names)}"
                told = _listed([self._shared(value, keys, count) for value, keys, count in found], values)
                text = f"{shared} in several rows: {told}"
                yield self._finding(Code.NOT_UNIQUE, ("unique", place), text, "mend the rows, or tell them apart")
        self._values.forget()

    def _row_count(self) -> Iterator[Finding]:
        rows = self._target.entity.expect.rows
        if rows is None:
            return
        if rows.min is not None and self._rows < rows.min:
            text = f"the query gives {_rows(self._rows)}, at least {rows.min:,} are expected"
            yield self._finding(Code.ROW_COUNT, ("rows", "min"), text)
        if rows.max is not None and self._rows > rows.max:
            text = f"the query gives {_rows(self._rows)}, at most {rows.max:,} are expected"
            yield self._finding(Code.ROW_COUNT, ("rows", "max"), text)

    def _finding(self, code: Code, path: tuple[str | int, ...], text: str, hint: str = "") -> Finding:
        entity = self._target.entity.name
        span = self._target.spec.span("entities", entity, "expect", *path)
        return Finding(code.value, "error", span, f"{entity}: {text}", hint)

    def _shared(self, value: str, keys: Sequence[str], count: int) -> str:
        told = _listed(keys, count)
        return told if self._target.spec.mask else f"{quoted(value)} ({told})"  # it may be what a masked field shows

    def _named(self, key: str | RowProblem | None, number: int) -> str:
        return key if isinstance(key, str) else f"row {self._rows + number + 1:,}"


def unknown_columns(spec: Spec, entity: EntitySpec, columns: Sequence[str]) -> list[Finding]:
    """A finding for each column that the entity expects something of and the query does not give."""
    expect = entity.expect
    wanted = [("not_null", place, name) for place, name in enumerate(expect.not_null)]
    wanted += [("unique", place, name) for place, each in enumerate(expect.unique) for name in _together(each)]
    return [
        Finding(
            Code.UNKNOWN_COLUMN.value,
            "error",
            spec.span("entities", entity.name, "expect", key, place),
            f"the query has no column {name!r}",
            did_you_mean(name, columns),
        )
        for key, place, name in wanted
        if name not in columns
    ]


def _together(columns: str | tuple[str, ...]) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else columns


def _value(row: tuple[Any, ...], places: Sequence[int]) -> str | None:
    """What is compared: None where one of the values is NULL, which equals nothing."""
    values = [row[place] for place in places]
    if None in values:
        return None
    texts = [_text(value) for value in values]
    return texts[0] if len(texts) == 1 else json.dumps(texts, ensure_ascii=False)


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case Decimal() if value.is_finite():
            return format(value.normalize(), "f")
        case float() if value.is_integer():
            return str(int(value))
        case bytes():
            return value.hex()
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
        case _:
            return str(value)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _listed(first: Sequence[str], count: int) -> str:
    more = count - len(first)
    return ", ".join(first) + (f" and {more:,} more" if more else "")
