"""What is known to be wrong before a row is read, all of it at once."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from syncer.errors import SpecError
from syncer.spec.template import ALLOWED_FUNCTIONS, FILTERS, JINJA_FUNCTIONS, TESTS
from tests.mapping.entity import entity


def findings(**kwargs: Any) -> list[str]:
    with pytest.raises(SpecError) as raised:
        entity(**kwargs)
    return [f"{finding.span.line} {finding.message} | {finding.hint}" for finding in raised.value.findings]


def test_unknown_columns_are_told_all_at_once_with_the_nearest() -> None:
    told = findings(
        fields={"a": "{{ row.nmae }}", "b": ["{{ row.ID }}", {"c": "{{ row['nane'] }}"}]},
        origin_id="{{ row.idd }}",
        when="{{ row.zzz }}",
    )
    assert len(told) == 5
    assert "3 originId: the query has no column 'idd'; did you mean id? | it has id, name" in told
    assert "4 when: the query has no column 'zzz' | it has id, name" in told
    assert "10 fields.a: the query has no column 'nmae'; did you mean name? | it has id, name" in told
    assert "10 fields.b[0]: the query has no column 'ID'; did you mean id? | it has id, name" in told
    assert any("fields.b[1].c" in line and "did you mean name?" in line for line in told)


def test_a_missing_column_is_an_error_even_with_a_default() -> None:
    assert findings(fields={"a": "{{ row.x|default('') }}", "b": "{{ row.y is defined }}"})


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ name }}", "'name' is undefined"),
        ("{{ vars.colour }}", "vars has no 'colour'; did you mean color?"),
        ("{{ refs('companies', 1) }}", "there is no function 'refs'; did you mean ref?"),
        ("{{ ref }}", "ref is a function"),
        ("{{ row.id|uper }}", "there is no filter 'uper'; did you mean upper?"),
        ("{{ row.id|random }}", "there is no filter 'random'"),
        ("{{ row.id is evn }}", "there is no test 'evn'; did you mean even?"),
        ("{{ row.id if }}", "unexpected 'end of print statement' (line 1)"),
        ("{% if row.id %}", "Unexpected end of template"),
        ("{{ loop.index }}", "'loop' is undefined"),
        ("{% set row = 1 %}", "'row' cannot be set"),
        ("{% for vars in [1] %}{% endfor %}", "'vars' cannot be set"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "cannot be read"),
        ("{{ " + "9" * 5000 + " }}", "cannot be read"),
    ],
)
def test_mistakes(template: str, told: str) -> None:
    [line] = findings(fields={"a": template}, variables={"color": 1})
    assert told in line


@pytest.mark.parametrize(
    "template",
    [
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% block b %}{% endblock %}",
        "{% macro m() %}{% endmacro %}",
        "{% call row.id() %}{% endcall %}",
        "{% filter upper %}{% endfilter %}",
        "{% with a = 1 %}{% endwith %}",
        "{% autoescape true %}{% endautoescape %}",
        "{% set ns.x = 1 %}",
        "{% for x in [1] recursive %}{% endfor %}",
        "{% do row.id %}",
        "{% debug %}",
    ],
)
def test_other_statements_are_refused(template: str) -> None:
    assert findings(fields={"a": template})


def test_templates_nested_beyond_what_can_be_compiled() -> None:
    [loops] = findings(fields={"a": "{% for x in [1] %}" * 30 + "{% endfor %}" * 30})
    assert "cannot be compiled" in loops
    assert findings(fields={"a": "{{ " + "1 + (" * 250 + "1" + ")" * 250 + " }}"})


def test_what_the_spec_allows_is_what_there_is() -> None:
    for name in FILTERS:
        assert "there is no filter" not in str(told_of("{{ row.id|" + name + " }}"))
    for name in TESTS:
        assert "there is no test" not in str(told_of("{{ row.id is " + name + " }}"))
    for name in ALLOWED_FUNCTIONS | JINJA_FUNCTIONS:
        assert "there is no function" not in str(told_of("{{ " + name + "(1) }}"))


def told_of(template: str) -> SpecError | None:
    try:
        entity({"a": template})
    except SpecError as error:
        return error
    return None


def test_a_missing_library_is_told_before_a_row_is_read() -> None:
    program = """
import sys
sys.modules["phonenumbers"] = None
from syncer.errors import SpecError
from tests.mapping.entity import entity
entity({"a": "{{ row.id }}"})
try:
    entity({"a": "{{ row.id|phone('DE') }}"})
except SpecError as error:
    print(error)
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "install syncer with its extra: syncer[phone]" in told
