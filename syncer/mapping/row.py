"""`row` where a template uses it as a whole: `row[name]`, `for column in row`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from jinja2 import UndefinedError


class Row(Mapping[str, Any]):
    """The columns of one row by name. In a template its attributes are its columns and nothing else."""

    __slots__ = ("_places", "_values")

    def __init__(self, places: Mapping[str, int], values: tuple[Any, ...]) -> None:
        self._places = places
        self._values = values

    def __getitem__(self, name: str) -> Any:
        """The column's value; raises UndefinedError with the nearest names when there is none."""
        place = self._places.get(name) if isinstance(name, str) else None
        if place is None:
            raise UndefinedError(f"the query has no column {name!r}{nearest(name, self._places)}")
        return self._values[place]

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return "row"


def row_maker(columns: Sequence[str]) -> Callable[[tuple[Any, ...]], Row]:
    """What the compiled template calls for `row` as a whole."""
    places = {name: place for place, name in enumerate(columns)}
    return lambda values: Row(places, values)


def nearest(name: object, known: Mapping[str, Any] | Sequence[str]) -> str:
    """`; did you mean …?` for a message, empty when nothing is near."""
    lowered: dict[str, str] = {}
    for candidate in known:
        lowered.setdefault(candidate.lower(), candidate)
    found = get_close_matches(str(name).lower(), list(lowered), n=3, cutoff=0.6)
    return f"; did you mean {', '.join(lowered[match] for match in found)}?" if found else ""
