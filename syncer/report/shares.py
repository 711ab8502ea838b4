"""Who gets how much of what is not enough for all."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

Group = TypeVar("Group", bound=Hashable)


def shares(wanted: Mapping[Group, int], room: int) -> dict[Group, int]:
    """Each group's part of `room`: what it wants where that is little, and else as much as every other group."""
    given: dict[Group, int] = {}
    waiting = sorted(wanted, key=lambda group: wanted[group])
    for number, group in enumerate(waiting):
        given[group] = min(wanted[group], room // (len(waiting) - number))
        room -= given[group]
    return given
