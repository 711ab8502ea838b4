"""Templates, checked without a row: what they may say, and at which line of the file they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncer.spec.template import ALLOWED_FUNCTIONS, FILTERS
from tests.spec.files import SPEC, entity, findings, load, only, places


@pytest.mark.parametrize(
    "template",
    [
        "Order {{ row.OrderID }}",
        "{{ row['Order ID'] }}",
        "{{ vars.currency }}",
        "{{ vars['currency'] | lower }}",
        "{{ ref('companies2', row.x) }}",
        "{{ link('companies2', row.x if row.y else none) }}",
        "{{ status('INDUSTRY', row.x) if row.x else none }}",
        "{{ stage('Won', category='General') }}",
        "{{ row.Phone | phone('RU') }}{{ row.d | date }}{{ row.d | datetime('UTC') }}{{ row.v | money('USD') }}",
        "{% set x = row.a %}{% if x is none %}-{% elif x %}{{ x }}{% else %}+{% endif %}",
        "{% for part in row.a.split(',') %}{{ loop.index }}{{ part }}{% endfor %}",
        "{% for i in range(3) if row.a %}{{ i }}{% else %}none{% endfor %}{{ dict(a=1).a }}",
        "{% set x %}text{% endset %}{{ x }}",
        "{# a comment #}{{ [row.a, row.b] | select | join(', ') }}",
        "{% raw %}{{ not a template }}{% endraw %}",
        "plain } text { with braces",
    ],
)
def test_what_a_template_may_say(tmp_path: Path, template: str) -> None:
    other = SPEC.partition("entities:\n")[2].replace("companies", "companies2")
    text = entity("x: |-\n  " + template) + other
    assert findings(tmp_path, text) == ()


@pytest.mark.parametrize(
    ("template", "code", "words"),
    [
        ("{{ row.x", "SYN201", "close what is open"),
        ("{{ row. }}", "SYN201", ""),
        ("{% if row.x %}a", "SYN201", "endif"),
        ("{% include 'a' %}", "SYN202", "include"),
        ("{% import 'a' as b %}", "SYN202", "import"),
        ("{% from 'a' import b %}", "SYN202", "from … import"),
        ("{% extends 'a' %}", "SYN202", "extends"),
        ("{% block a %}{% endblock %}", "SYN202", "block"),
        ("{% macro a() %}{% endmacro %}", "SYN202", "macro"),
        ("{% call row.a() %}{% endcall %}", "SYN202", "call"),
        ("{% filter upper %}a{% endfilter %}", "SYN202", "filter"),
        ("{% with %}{% endwith %}", "SYN202", "with"),
        ("{% do row.a %}", "SYN202", "do"),
        ("{% for a in row.b recursive %}{% endfor %}", "SYN202", "recursive"),
        ("{% set a = row.b %}{% set a.b = 1 %}", "SYN202", "set a.b"),
        ("{{ stattus('A', 'b') }}", "SYN203", "did you mean `status`?"),
        ("{{ lipsum() }}", "SYN203", "lipsum"),
        ("{{ now() }}", "SYN203", "now"),
        ("{{ cycler(1) }}", "SYN203", "cycler"),
        ("{{ row.x | phnoe }}", "SYN204", "did you mean `phone`?"),
        ("{{ [1, 2] | random }}", "SYN204", "random"),
        ("{{ row | attr('x') }}", "SYN204", "attr"),
        ("{{ row.x is blank }}", "SYN204", "test `blank`"),
        ("{{ CompanyName }}", "SYN205", "row.CompanyName"),
        ("{{ ref }}", "SYN205", "is a function"),
        ("{% set f = status %}{{ f('A', 'b') }}", "SYN205", "is a function"),
        ("{% set row = 1 %}", "SYN205", "cannot be set"),
        ("{% for ref in [] %}{% endfor %}", "SYN205", "cannot be set"),
        ("{{ loop.index }}", "SYN205", "loop"),
        ("{{ ref('compnies', row.x) }}", "SYN206", "did you mean `companies`?"),
        ("{{ vars.curency }}", "SYN209", "did you mean `currency`?"),
        ("{{ vars['curency'] }}", "SYN209", "did you mean `currency`?"),
    ],
)
def test_what_a_template_may_not_say(tmp_path: Path, template: str, code: str, words: str) -> None:
    found = next(each for each in findings(tmp_path, entity("x: |-\n  " + template)) if each.code == code)
    assert words in f"{found.message} {found.hint}"
    assert found.span.line == 16


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("Customer {{ ref('other', row.x) }}", "SYN207"),
        ("{{ ref('other', row.x) }} ", "SYN207"),
        ("{{ ref('other', row.x) | int }}", "SYN207"),
        ("{{ [ref('other', row.x)] }}", "SYN207"),
        ("{% if row.x %}{{ link('other', row.x) }}{% endif %}", "SYN207"),
        ("{{ ref(row.entity, row.x) }}", "SYN208"),
        ("{{ ref('other') }}", "SYN208"),
        ("{{ ref(entity='other', originId=row.x) }}", "SYN208"),
    ],
)
def test_a_reference_is_a_whole_value_and_names_its_entity(tmp_path: Path, template: str, code: str) -> None:
    other = SPEC.partition("entities:\n")[2].replace("companies", "other")
    assert only(findings(tmp_path, entity(f'x: "{template}"') + other)).code == code


def test_a_condition_of_a_reference_goes_within(tmp_path: Path) -> None:
    other = SPEC.partition("entities:\n")[2].replace("companies", "other")
    found = only(findings(tmp_path, entity("x: \"{{ ref('other', row.x) if row.y }}\"") + other))
    assert (found.code, found.hint) == (
        "SYN207",
        "none gives none: write \"{{ ref('ENTITY', row.key if …) }}\", the condition within",
    )


@pytest.mark.parametrize(
    "field", ["x: [\"{{ ref('other', row.x) }}\"]", "x: {y: [{z: \"{{ ref('other', row.x) }}\"}]}"]
)
def test_a_reference_may_be_an_element(tmp_path: Path, field: str) -> None:
    other = SPEC.partition("entities:\n")[2].replace("companies", "other")
    assert load(tmp_path, entity(field) + other).order == ("other", "companies")


def test_a_key_comes_from_the_row_alone(tmp_path: Path) -> None:
    text = SPEC.replace("{{ row.CustomerID }}", "{{ status('A', row.x) }}")
    found = only(findings(tmp_path, text))
    assert found.message == "status() asks the portal, and a key must come from the row alone"


def test_when_cannot_ask_for_an_item(tmp_path: Path) -> None:
    text = SPEC.replace("    fields:", "    when: \"{{ ref('companies', row.x) }}\"\n    fields:")
    assert {code for code, _, _ in places(findings(tmp_path, text))} == {"SYN207"}


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ('x: "{{ nope }}"', (15, 10)),
        ("x: |\n  one\n\n  two {{ nope }}\n", (18, 9)),
        ("x: |2-\n    one\n   {{ nope }}\n", (17, 10)),
        ("x: >\n  one\n  two\n\n  {{ row.x\n   | nope }}\n", (20, 10)),
        ("x: one\n  two\n  {{ nope }}\n", (17, 9)),
        ('x: "one\n  two\n  {{ nope }}"\n', (17, 9)),
        ("x: ['one\n  {{ nope }}']\n", (16, 9)),
        ("x:\n  - a\n  - {y: '{{ nope }}'}\n", (17, 15)),
    ],
)
def test_findings_stand_at_their_line_of_the_file(tmp_path: Path, lines: str, place: tuple[int, int]) -> None:
    found = only(findings(tmp_path, entity(lines)))
    assert (found.span.line, found.span.column) == place


def test_every_fault_of_a_template_is_told(tmp_path: Path) -> None:
    lines = "x: |\n  {{ a | nope }}\n  {{ b() }}\n  {% include 'c' %}\n"
    assert places(findings(tmp_path, entity(lines))) == [
        ("SYN204", 16, 9),
        ("SYN205", 16, 9),
        ("SYN203", 17, 9),
        ("SYN202", 18, 9),
    ]


@pytest.mark.parametrize("template", ["{{ " + "(" * 5000 + " }}", "{{ " + "-" * 5000 + "1 }}"])
def test_a_template_nested_beyond_reason_is_a_finding(tmp_path: Path, template: str) -> None:
    assert only(findings(tmp_path, entity(f'x: "{template}"'))).code == "SYN201"


def test_the_names_that_mapping_gives_a_meaning_to() -> None:
    assert {"ref", "link", "status", "stage", "category", "enum", "user", "currency", "file"} == ALLOWED_FUNCTIONS
    assert {"phone", "date", "datetime", "money", "join", "default"} < FILTERS
    assert "random" not in FILTERS
