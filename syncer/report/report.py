"""A plan or a run as Markdown and HTML show it: what they have in common, before either has a form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from syncer.model.change import EntityName

KEYS_LISTED: Final = 1000
"""Keys that a row may have which stands for several."""


@dataclass(frozen=True, slots=True)
class Row:
    """One source row. `key` is its originId; `note` says why, or what it is; texts show no control characters.

    `fields` are names and values as text, in the order of the spec. One that stands for several rows, alike in all
    that is said of them, has their `count` and the first of their `keys`.
    """

    action: str
    key: str
    note: str = ""
    fields: Sequence[tuple[str, str]] = ()
    count: int = 1
    keys: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One entity. `listed` counts its `rows` by action; `counts` are those of all its source rows."""

    name: EntityName
    kind: str
    counts: Mapping[str, int]
    listed: Mapping[str, int]
    rows: Callable[[], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Stored:
    """A field that the portal stored otherwise than it was sent, with the key of an item and its two values."""

    entity: str
    field: str
    kind: str
    count: int
    example: str
    sent: str
    stored: str

    @property
    def texts(self) -> tuple[str, str, str]:
        """An item and its values: what a row of the source and the portal have written."""
        return self.example, self.sent, self.stored


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be shown. `title` is `Plan` or `Run`; `tally` counts rows by what becomes of them.

    `facts` are names and values (portal, digest …), `sentences` are for reading, `warnings` for acting. `command` is
    the next one, when there is one. All but the names of entities may hold text of rows.
    """

    title: str
    tally: Mapping[str, int]
    facts: Sequence[tuple[str, str]]
    sentences: Sequence[str]
    sections: Sequence[Section]
    warnings: Sequence[str] = ()
    stored: Sequence[Stored] = ()
    command: str | None = None
    first: Sequence[str] = ()
    """Actions to be looked at first."""

    @property
    def columns(self) -> list[str]:
        """Names of the counts that are not zero everywhere."""
        return [name for name, count in self.tally.items() if count]
