"""What a plan saw of one row, kept while it is made, so that the row can be explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from syncer.mapping import Converter, RowMapping
from syncer.model import wire
from syncer.model.change import Reference, RowProblem
from syncer.plan.parents import Parents

MOST_ROWS = 10
"""Rows of one key that are kept."""
MOST_OTHERS = 20_000
"""Keys that are kept, to tell what the one that no row has was meant to be."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One source row of the key. `rendered` is as the templates gave it, `converted` as it would be sent, references
    that are known by their ids; a problem in place of either tells why there is none. `filtered`: `when` leaves it out.
    """

    row: Mapping[str, Any]
    masked_columns: frozenset[str]
    rendered: Mapping[str, Any] | RowProblem
    converted: Mapping[str, Any] | RowProblem
    references: Mapping[Reference, int | None]
    """What the row refers to, with the item's id where there is one already."""
    filtered: bool = False


@dataclass(slots=True)
class Witness:
    """Watches for the rows of one key of one entity. `unfiltered` gives the keys of rows that `when` leaves out."""

    index: int
    key: str
    unfiltered: RowMapping | None = None
    count: int = 0
    sightings: list[Sighting] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """The first of the source's other keys."""

    def watch(
        self,
        columns: Sequence[str],
        keys: Sequence[Any],
        rows: Sequence[tuple[Any, ...]],
        mapping: RowMapping,
        converter: Converter,
        parents: Parents,
    ) -> None:
        """Looks through a batch of the entity's rows."""
        out = [row for key, row in zip(keys, rows, strict=True) if key is None]
        left_out = zip(self.unfiltered.keys(out), out, strict=True) if self.unfiltered is not None and out else ()
        for some, filtered in ((zip(keys, rows, strict=True), False), (left_out, True)):
            for key, row in some:
                if key != self.key:
                    if isinstance(key, str) and len(self.others) < MOST_OTHERS:
                        self.others.append(key)
                    continue
                self.count += 1
                if len(self.sightings) < MOST_ROWS:
                    self.sightings.append(_sighting(columns, row, mapping, converter, parents, filtered=filtered))


def _sighting(
    columns: Sequence[str],
    row: tuple[Any, ...],
    mapping: RowMapping,
    converter: Converter,
    parents: Parents,
    *,
    filtered: bool,
) -> Sighting:
    (rendered,) = mapping.fields([row])
    converted = rendered if isinstance(rendered, RowProblem) else converter.convert(dict(rendered))
    references: dict[Reference, int | None] = {}
    if not isinstance(converted, RowProblem):
        found = set(wire.references(converted))
        resolved = parents.resolve(found)
        references = {each: resolved.ids.get((each.entity, each.origin_id)) for each in found}
        converted = wire.resolve(converted, resolved.ids)
    named = dict(zip(columns, row, strict=True))
    return Sighting(named, mapping.masked_columns, rendered, converted, references, filtered)
