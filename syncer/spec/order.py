"""The order of entities: parents before the children that refer to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def in_reference_order(refs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """The names, each after those it refers to; among equals in the order given.

    `refs` maps every name to the names it refers to, all of them keys of `refs`, without a cycle. A name may refer to
    itself: the order within it is that of its rows.
    """
    waiting = dict(refs)
    placed: dict[str, None] = {}
    while waiting:
        name = next(
            name for name, parents in waiting.items() if all(parent in placed or parent == name for parent in parents)
        )
        del waiting[name]
        placed[name] = None
    return tuple(placed)


def cycles(refs: Mapping[str, Collection[str]]) -> list[tuple[str, ...]]:
    """The cycles, closed (`a, b, a`): for each name in one, the shortest unless another told it. A name that refers to
    itself is none.
    """
    found: list[tuple[str, ...]] = []
    others = {name: [parent for parent in parents if parent != name] for name, parents in refs.items()}
    told: set[str] = set()
    for name in others:
        if name in told:
            continue
        way = _way_back(name, others)
        if way:
            found.append(way)
            told.update(way)
    return found


def _way_back(start: str, refs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """The shortest way from a name to itself; empty when there is none."""
    came_from: dict[str, str] = {}
    border = [start]
    while border:
        reached: list[str] = []
        for name in border:
            for parent in refs.get(name, ()):
                if parent == start:
                    way = [start, name]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return tuple(reversed(way))
                if parent in refs and parent not in came_from:
                    came_from[parent] = name
                    reached.append(parent)
        border = reached
    return ()
