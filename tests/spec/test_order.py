"""Reference order and cycles, over any graph."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from syncer.spec.order import cycles, in_reference_order

NAMES = "abcdef"
GRAPHS = st.dictionaries(st.sampled_from(NAMES), st.frozensets(st.sampled_from(NAMES)), min_size=1).map(
    lambda graph: {name: {parent for parent in parents if parent in graph} for name, parents in graph.items()}
)


@given(GRAPHS)
def test_parents_come_first_or_a_cycle_is_found(graph: dict[str, set[str]]) -> None:
    found = cycles(graph)
    for cycle in found:
        assert cycle[0] == cycle[-1]
        assert all(parent in graph[child] for child, parent in pairwise(cycle))
    if not found:
        order = in_reference_order(graph)
        assert sorted(order) == sorted(graph)
        assert all(
            order.index(parent) < order.index(child) for child in graph for parent in graph[child] if parent != child
        )


def test_independent_entities_keep_their_order() -> None:
    assert in_reference_order(dict.fromkeys("dbca", ())) == tuple("dbca")


def test_the_shortest_cycle_through_each_name_is_told() -> None:
    assert cycles({"a": ("b",), "b": ("c", "a"), "c": ("a",)}) == [("a", "b", "a"), ("c", "a", "b", "c")]
    assert cycles({"a": ("b",), "b": ("c",), "c": ("a",), "d": ("a",)}) == [("a", "b", "c", "a")]
