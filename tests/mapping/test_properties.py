"""Text survives byte for byte, whatever is in it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from syncer.mapping import RowMapping
from tests.mapping.entity import entity

FIELDS = {
    "alone": "{{ row.a }}",
    "around": "<{{ row.a }}|{{ row.b }}>",
    "joined": "{{ row.a ~ row.b }}",
    "statement": "{% if true %}{{ row.a }}{% endif %}",
    "set": "{% set x = row.a %}{{ x }}",
    "looped": "{% for x in [row.a, row.b] %}{{ x }}{% endfor %}",
    "listed": ["{{ row.a }}", "{{ row.b }}"],
    "dynamic": "{{ row['a'] }}{{ row['b'~''] }}",
    "filtered": "{{ row.a|string }}",
}
MAPPING: RowMapping = entity(FIELDS, columns=["a", "b"], origin_id="{{ row.a }}")
texts = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("{}%#&<>'\"\\$\r\n\x00|")))


@given(st.lists(st.tuples(texts, texts)))
def test_text_survives_every_kind_of_template(rows: list[tuple[Any, ...]]) -> None:
    assert MAPPING.fields(rows) == [
        {
            "alone": a,
            "around": f"<{a}|{b}>",
            "joined": a + b,
            "statement": a,
            "set": a,
            "looped": a + b,
            "listed": [a, b],
            "dynamic": a + b,
            "filtered": a,
        }
        for a, b in rows
    ]


@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(), st.floats(), texts, st.binary()), texts)))
def test_a_batch_is_its_rows(rows: list[tuple[Any, ...]]) -> None:
    assert MAPPING.fields(rows) == [MAPPING.fields([row])[0] for row in rows]
