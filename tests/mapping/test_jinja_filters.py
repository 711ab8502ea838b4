"""Jinja's own filters do what Jinja says, on values of a row."""

from __future__ import annotations

from typing import Any

import pytest

from syncer.model.change import RowProblem
from tests.mapping.entity import render

PEOPLE = [{"name": "b", "age": 2}, {"name": "a", "age": 1}, {"name": "c", "age": 2}]


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("{{ row.x|abs }}", -1, 1),
        ("{{ row.x|batch(2, 0) }}", [1, 2, 3], [[1, 2], [3, 0]]),
        ("{{ row.x|capitalize }}", "aBC", "Abc"),
        ("{{ row.x|center(5) }}", "a", "  a  "),
        ("{{ row.x|count }}", "abc", 3),
        ("{{ row.x|default('d', true) }}", "", "d"),
        ("{{ row.x|dictsort }}", {"b": 1, "a": 2}, [["a", 2], ["b", 1]]),
        ("{{ row.x|e }}", "<&", "&lt;&amp;"),
        ("{{ row.x|filesizeformat }}", 1500, "1.5 kB"),
        ("{{ row.x|first }}", [1, 2], 1),
        ("{{ row.x|float }}", "1.5", 1.5),
        ("{{ row.x|format(1, 'b') }}", "%03d%s", "001b"),
        ("{{ row.x|format(a=1) }}", "%(a)s", "1"),
        ("{{ row.x|groupby('age') }}", PEOPLE, [[1, [PEOPLE[1]]], [2, [PEOPLE[0], PEOPLE[2]]]]),
        ("{% for g in row.x|groupby('age') %}{{ g.grouper }}{{ g.list|length }}{% endfor %}", PEOPLE, "1122"),
        ("{{ row.x|indent(2, first=true) }}", "a\nb", "  a\n  b"),
        ("{{ row.x|int }}", "42.9", 42),
        ("{{ row.x|items }}", {"a": 1}, [["a", 1]]),
        ("{{ row.x|join('-', attribute='name') }}", PEOPLE, "b-a-c"),
        ("{{ row.x|last }}", [1, 2], 2),
        ("{{ row.x|length }}", [1, 2], 2),
        ("{{ row.x|list }}", "ab", ["a", "b"]),
        ("{{ row.x|lower }}", "AB", "ab"),
        ("{{ row.x|map('upper') }}", ["a", "b"], ["A", "B"]),
        ("{{ row.x|map(attribute='age') }}", PEOPLE, [2, 1, 2]),
        ("{{ row.x|max }}", [1, 3, 2], 3),
        ("{{ row.x|min }}", [2, 1], 1),
        ("{{ row.x|reject('odd') }}", [1, 2], [2]),
        ("{{ row.x|rejectattr('age', 'eq', 2) }}", PEOPLE, [PEOPLE[1]]),
        ("{{ row.x|replace('a', 'b', 1) }}", "aaa", "baa"),
        ("{{ row.x|replace(1, 2) }}", "a1", "a2"),
        ("{{ row.x|reverse }}", "abc", "cba"),
        ("{{ row.x|round(1) }}", 1.25, 1.2),
        ("{{ row.x|round(0, 'ceil') }}", 1.2, 2.0),
        ("{{ row.x|select }}", [0, 1], [1]),
        ("{{ row.x|selectattr('age', 'lt', 2) }}", PEOPLE, [PEOPLE[1]]),
        ("{{ row.x|slice(2) }}", [1, 2, 3], [[1, 2], [3]]),
        ("{{ row.x|sort(reverse=true) }}", [1, 2], [2, 1]),
        ("{{ row.x|string }}", 5, "5"),
        ("{{ row.x|sum(attribute='age') }}", PEOPLE, 5),
        ("{{ row.x|title }}", "ab cd", "Ab Cd"),
        ("{{ row.x|tojson }}", {"d": {"ä": 1}}, '{"d": {"ä": 1}}'),
        ("{{ row|tojson }}", 1, '{"x": 1}'),
        ("{{ row.x|trim }}", " a ", "a"),
        ("{{ row.x|trim('-') }}", "-a-", "a"),
        ("{{ row.x|truncate(5, true, '…', 0) }}", "abcdefgh", "abcd…"),
        ("{{ row.x|unique }}", ["a", "A", "b"], ["a", "b"]),
        ("{{ row.x|upper }}", "aß", "ASS"),
        ("{{ row.x|urlencode }}", "a b/ü", "a%20b/%C3%BC"),
        ("{{ row.x|wordcount }}", "a b", 2),
        ("{{ row.x|wordwrap(3) }}", "abcdef g", "abc\ndef\ng"),
        ("{{ row.x[1:3] }}", "abcd", "bc"),
        ("{{ row.x[-1] }}", "abcd", "d"),
        ("{{ row.x is divisibleby 2 }}", 4, True),
        ("{{ 'b' in row.x and row.x != 'c' }}", "abc", True),
        ("{{ row.x // 2 + row.x % 2 - -row.x }}", 5, 8),
        ("{{ '\t'.expandtabs(2) ~ 'a'.ljust(2, '.') ~ ','.join(['b', 1]) ~ row.x.replace('x', '') }}", "x", "  a.b,1"),
    ],
)
def test_filters(template: str, value: Any, expected: Any) -> None:
    rendered = render(template, x=value)
    assert rendered == expected
    assert type(rendered) is type(expected)


@pytest.mark.parametrize(
    "template", ["{{ row.x % 1 }}", "{{ row.x|upper }}", "{{ row.x ~ 'a' }}", "{{ '%s' % row.x }}"]
)
def test_bytes_are_never_text(template: str) -> None:
    assert isinstance(render(template, x=b"%d"), RowProblem)
