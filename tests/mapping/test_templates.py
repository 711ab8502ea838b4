"""What a template gives: values, text, what is left out, and how failures are told."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from syncer.errors import PortalUnreachable
from syncer.model.change import Reason, Reference, RowProblem
from tests.mapping.entity import Directory, entity, render


@pytest.mark.parametrize(
    "value",
    [1, 1.5, Decimal("1.10"), True, "text", "+79161234567", "00123", "12e3", "[1]", "None", dt.date(2020, 1, 2), b"x"],
)
def test_one_expression_gives_the_value_itself(value: Any) -> None:
    rendered = render("{{ row.x }}", x=value)
    assert rendered == value
    assert type(rendered) is type(value)


def test_any_other_template_gives_text_with_none_as_empty() -> None:
    assert render("Order {{ row.x }}", x=5) == "Order 5"
    assert render("{{ row.x }}{{ row.y }}", x=1, y=2) == "12"
    assert render(" {{ row.x }}", x=None) == " "
    assert render("{% if row.x %}{{ row.x }}{% endif %}", x=7) == "7"
    assert render("{{ row.x }} {{ row.y }}", x=None, y="b") == " b"
    assert render("", x=1) == ""
    assert render("plain", x=1) == "plain"


def test_a_block_of_yaml_with_one_expression_gives_the_value() -> None:
    assert render("{{ row.x }}\n", x=5) == 5
    assert render("{# why #}{{ row.x }}", x=5) == 5


def test_scalars_of_yaml_are_constants() -> None:
    assert entity({"a": 5, "b": True, "c": None, "d": 1.5}).fields([(1, "x")]) == [{"a": 5, "b": True, "d": 1.5}]


def test_none_leaves_a_field_out_and_empty_text_does_not() -> None:
    mapping = entity({"a": "{{ row.id }}", "b": "{{ row.name }}"})
    assert mapping.fields([(None, ""), (0, None)]) == [{"b": ""}, {"a": 0}]


def test_an_if_without_else_leaves_the_field_out() -> None:
    assert render("{{ row.x if row.x > 2 }}", x=1) is None
    assert render("{{ row.x if row.x > 2 }}", x=3) == 3


def test_a_filter_of_text_leaves_none_alone() -> None:
    for name in ("upper", "lower", "trim", "title", "string", "replace('a', 'b')", "truncate(3)", "e"):
        assert render("{{ row.x|" + name + " }}", x=None) is None


def test_none_never_reads_none_in_text() -> None:
    assert render("{{ row.x ~ '-' ~ row.y }}", x=None, y=1) == "-1"
    assert render("{{ [row.x, row.y]|join('-') }}", x=None, y=1) == "-1"
    assert render("{{ '%s-%s' % (row.x, row.y) }}", x=None, y=1) == "-1"
    assert render("{{ '{}-{}'.format(row.x, row.y) }}", x=None, y=1) == "-1"


def test_nested_fields() -> None:
    mapping = entity(
        {
            "fm": [
                {"typeId": "PHONE", "valueType": "WORK", "value": "{{ row.id }}"},
                {"typeId": "EMAIL", "valueType": "WORK", "value": "{{ row.name }}"},
            ],
            "contactIds": ["{{ ref('companies', row.id) }}", "{{ ref('companies', row.name or none) }}", 3],
        }
    )
    assert mapping.fields([("+49", ""), (None, None), (None, "a@b")]) == [
        {
            "fm": [{"typeId": "PHONE", "valueType": "WORK", "value": "+49"}],
            "contactIds": [Reference("companies", "+49"), 3],
        },
        {"contactIds": [3]},
        {
            "fm": [{"typeId": "EMAIL", "valueType": "WORK", "value": "a@b"}],
            "contactIds": [Reference("companies", "a@b"), 3],
        },
    ]


def test_fm_from_one_template() -> None:
    template = "{{ [{'typeId': 'WEB', 'valueType': 'WORK', 'value': row.id}, {'value': ''}] }}"
    assert entity({"fm": template}).fields([("x.org", 1)]) == [
        {"fm": [{"typeId": "WEB", "valueType": "WORK", "value": "x.org"}]}
    ]


def test_lists_lose_their_nones_and_empty_ones_are_left_out() -> None:
    assert render("{{ [row.x, none, 2] }}", x=1) == [1, 2]
    assert render("{{ row.x.split(',')|map('trim')|select }}", x="a, b,") == ["a", "b"]
    assert render("{{ [none] }}", x=1) is None
    assert render([None, None], x=1) is None


def test_columns_of_lists_and_structures() -> None:
    assert render("{{ row.x }}", x=[1, None, "a"]) == [1, "a"]
    assert render("{{ row.x }}", x=(1, [None])) == [1]
    assert render("{{ row.x }}", x=[]) is None
    assert render("{{ row.x }}", x={"a": [None, 1]}) == {"a": [1]}


def test_a_portal_that_cannot_be_read_is_no_rows_fault() -> None:
    class Unreachable(Directory):
        def user(self, email: str) -> int:
            raise PortalUnreachable("no connection")

    with pytest.raises(PortalUnreachable):
        entity({"a": "{{ user('x') }}"}, directory=Unreachable()).fields([(1, 2)])


def test_reasons_are_short_and_can_be_printed() -> None:
    for value in ("x" * 10**6, "\ud800" * 100):
        problem = render("{{ row.x.index('y') }}{{ user('nobody' ~ row.x) }}{{ {}[row.x] }}", x=value)
        assert isinstance(problem, RowProblem)
        assert len(problem.message) < 600
        problem.message.encode()


def test_variables_are_values() -> None:
    mapping = entity({"a": "{{ vars.c }}", "b": "in {{ vars['c'] }}"}, variables={"c": "USD"})
    assert mapping.fields([(1, 2)]) == [{"a": "USD", "b": "in USD"}]


def test_columns_are_not_methods() -> None:
    columns = ["items", "keys", "get", "_private", "Order Date", "def"]
    mapping = entity(
        {
            "a": "{{ row.items }}{{ row.keys }}{{ row.get }}",
            "b": "{{ row._private }}",
            "c": "{{ row['Order Date'] }}",
            "d": "{{ row['it' ~ 'ems'] }}",
            "e": "{{ row['def'] }}",
            "f": "{{ row|list|length }}",
            "g": "{% set r = row %}{{ r.keys }}",
        },
        columns=columns,
        origin_id="{{ row.items }}",
    )
    assert mapping.fields([(1, 2, 3, 4, 5, 6)]) == [{"a": "123", "b": 4, "c": 5, "d": 1, "e": 6, "f": 6, "g": "2"}]


def test_a_dynamic_column_that_does_not_exist_is_told_with_the_nearest() -> None:
    problem = render("{{ row[row.x] }}", x="nam", name=1)
    assert isinstance(problem, RowProblem)
    assert "no column 'nam'; did you mean name?" in problem.message


def test_nothing_leaks_from_row_to_row_or_from_template_to_template() -> None:
    mapping = entity(
        {
            "a": "{% if row.id == 1 %}{% set x = 'leak' %}{% endif %}{{ x is defined }}",
            "b": "{% set x = row.name %}{{ x }}",
            "c": "{% set c0 = 1 %}{{ c0 }}{{ row.id }}",
        }
    )
    assert mapping.fields([(1, "p"), (2, "q")]) == [
        {"a": "True", "b": "p", "c": "11"},
        {"a": "False", "b": "q", "c": "12"},
    ]


def test_loops() -> None:
    template = (
        "{% for x in row.x.split(',') if x %}{{ loop.index }}{{ x }}{% if not loop.last %};{% endif %}{% endfor %}"
    )
    assert render(template, x="a,,b") == "1a;2b"
    assert render("{% for a in [1, 2] %}{% for b in [3] %}{{ a }}{{ b }} {% endfor %}{% endfor %}", x=1) == "13 23 "
    assert render("{% for a in [] %}x{% else %}none{% endfor %}", x=1) == "none"


def test_a_failing_row_stops_no_other_and_is_told_exactly() -> None:
    mapping = entity({"title": "{{ row.name }}", "probability": "{{ 100 // row.id }}"})
    rows = [(0 if n % 3 == 0 else n, f"n{n}") for n in range(10)]
    rendered = mapping.fields(rows)
    assert [isinstance(fields, RowProblem) for fields in rendered] == [n % 3 == 0 for n in range(10)]
    assert rendered[4] == {"title": "n4", "probability": 25}
    problem = rendered[0]
    assert isinstance(problem, RowProblem)
    assert problem.reason is Reason.RENDER
    for part in ("fields.probability", "specs/nw.yaml:10:7", "row.id", "by zero"):
        assert part in problem.message


def test_every_row_may_fail() -> None:
    rendered = entity({"x": "{{ row.id + 1 }}"}).fields([("a", 1)] * 3)
    assert all(isinstance(fields, RowProblem) for fields in rendered)
    assert len(rendered) == 3
    assert entity({"x": "{{ row.id }}"}).fields([]) == []


def test_a_null_column_is_named() -> None:
    problem = render("{{ row.a + row.b }}", a=1, b=None)
    assert isinstance(problem, RowProblem)
    assert "row.b is None" in problem.message


def test_the_line_within_a_template_is_told() -> None:
    problem = render("{% set a = 1 %}\n{% set b = row.x + 1 %}\n{{ b }}", x="t")
    assert isinstance(problem, RowProblem)
    assert "line 2 of the template" in problem.message


def test_masked_values_are_not_told() -> None:
    mapping = entity({"comments": "{{ row.name|money('USD') }}", "title": "{{ row.id }}"}, mask=["comments"])
    [problem] = mapping.fields([(1, "secret words")])
    assert isinstance(problem, RowProblem)
    assert "secret" not in problem.message
    assert "fields.comments" in problem.message


def test_what_has_no_text_is_an_error_in_text() -> None:
    for value in (b"x", [1], {"a": 1}, float("nan"), Decimal("Infinity")):
        assert isinstance(render("x{{ row.x }}", x=value), RowProblem)
    assert isinstance(render("x{{ ref('companies', row.x) }}", x=1), RowProblem)


def test_numbers_in_text_are_plain() -> None:
    assert render("x{{ row.x }}", x=Decimal("1E+2")) == "x100"
    assert render("x{{ row.x }}", x=1e22) == "x10000000000000000000000"
    assert render("x{{ row.x }}", x=Decimal("10.50")) == "x10.50"


def test_rendering_again_gives_the_same() -> None:
    mapping = entity({"a": "{{ row.id ~ row.name }}", "b": "{% set x = row.id %}{{ x }}"})
    rows = [(n, str(n)) for n in range(50)]
    assert mapping.fields(rows) == mapping.fields(rows) == [mapping.fields([row])[0] for row in rows]


def test_a_row_of_the_wrong_shape_is_no_row_problem() -> None:
    with pytest.raises(IndexError):
        entity({"a": "{{ row.name }}{{ row.id }}"}).fields([(1,)])
