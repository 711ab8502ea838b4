"""No template and no value of a row can eat memory or time: what asks for too much is a row error, and a quick one."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from syncer.model.change import RowProblem
from tests.mapping.entity import entity, render

BIG = "x" * 1_000_000
GREEDY = [
    "{{ 'x' * 10**9 }}",
    "{{ 10**9 * 'x' }}",
    "{{ [1] * 10**9 }}",
    "{{ (1, 2) * 10**9 }}",
    "{{ 2 ** (10**9) }}",
    "{{ 9 ** (9 ** 9) }}",
    "{{ (2 ** 4000) * (2 ** 4000) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%-1000000000s' % 1 }}",
    "{{ '%.1000000000f' % 1 }}",
    "{{ '%*d' % (1000000000, 1) }}",
    "{{ '%(a)1000000000d' % {'a': 1} }}",
    "{{ ('%s' * 1000) % ((row.big,) * 1000) }}",
    "{{ ('%(a)s' * 1000) % {'a': row.big} }}",
    "{{ '%1000000000d'|format(1) }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ '{:{}}'.format(1, 1000000000) }}",
    "{{ '{:.1000000000f}'.format(1) }}",
    "{{ ('{0}' * 1000).format(row.big) }}",
    "{{ 'x'|center(10**9) }}",
    "{{ 'x'.center(10**9) }}",
    "{{ 'x'.ljust(10**9) }}",
    "{{ 'x'.rjust(10**9, 'y') }}",
    "{{ 'x'.zfill(10**9) }}",
    "{{ '\t'.expandtabs(10**9) }}",
    "{{ ('\t' * 1000).expandtabs(10**6) }}",
    "{{ 'a\nb'|indent(10**9) }}",
    "{{ ('\n' * 10000)|indent(10000, blank=true) }}",
    "{{ ('\n' * 10000)|indent(row.big, blank=true) }}",
    "{{ range(10**9)|list }}",
    "{{ range(100000)|join(row.big) }}",
    "{{ ([row.big] * 10000)|join }}",
    "{{ row.big.join([''] * 10000) }}",
    "{{ row.big.replace('x', row.big) }}",
    "{{ row.big.replace('', row.big) }}",
    "{{ row.big|replace('x', row.big) }}",
    "{{ row.big|wordwrap(1, wrapstring=row.big) }}",
    "{{ row.big|wordwrap(1) }}",
    "{{ ('<!-- -->' * 100000)|striptags }}",
    "{{ [1]|batch(10**9, 0)|list }}",
    "{{ [1]|slice(10**9)|list }}",
    "{{ 1.5|round(10**9, 'floor') }}",
    "{{ 15|round(-10**9) }}",
    "{{ ([[1] * 1000] * 10000)|sum(start=[])|length }}",
    "{{ ([[1] * 1000] * 10000)|tojson }}",
    "{{ [row.big] * 10000 }}",
    "{{ [1]|tojson(indent=1000000000) }}",
    "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    "{% for a in range(100000) %}{{ row.big }}{% endfor %}",
    "{% for a in range(100000) %}" + "y" * 1000 + "{% endfor %}",
    "{% for a in range(100000) %}{% set b = row.big|upper %}{% endfor %}",
    "{% for a in range(100000) if range(100000)|list %}{% endfor %}",
    "{% set a = 'xx' %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "{% set a = 'xx' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "{% set a = 'xx' %}" + "{% set a = [a, a]|join %}" * 40 + "{{ a }}",
    "{% set a = [1, 1] %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "{% set a %}xx{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 40 + "{{ a }}",
    "{% set a = 99 %}" + "{% set a = a * a %}" * 40 + "{{ a }}",
    "{{ row.big ~ row.big }}",
    "{{ row.big|escape|urlencode|center(2000000) }}",
]


@pytest.mark.parametrize("template", GREEDY)
def test_greed_is_a_row_error(template: str) -> None:
    tracemalloc.start()
    started = time.process_time()
    rendered = render(template, big=BIG)
    seconds = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(rendered, RowProblem)
    assert len(rendered.message) < 1000
    assert seconds < 20  # of our own, under tracemalloc; unbounded, these take minutes or all memory
    assert peak < 200 * 2**20


def test_what_is_reasonable_passes() -> None:
    assert len(render("{{ row.big }}", big=BIG)) == 1_000_000
    assert render("{{ 'ab' * 3 }}{{ 2 ** 10 }}", big=1) == "ababab1024"
    assert render("{{ range(1000)|sum }}", big=1) == 499500
    assert render("{{ [[1], [2]]|sum(start=[]) }}", big=1) == [1, 2]
    assert render("{{ '%10.2f' % 1.5 }}", big=1) == "      1.50"
    assert render("{{ 'a b c'|wordwrap(1) }}", big=1) == "a\nb\nc"
    assert render("{{ 'a\nb'|indent }}", big=1) == "a\n    b"
    assert render("{{ 'Hello world, you'|truncate(9) }}", big=1) == "Hello..."
    assert render("{{ '<p>a</p> <!-- x -->b'|striptags }}", big=1) == "a b"
    assert render("{{ 2.567|round(1) }}", big=1) == 2.6
    assert render("{{ {'b': 'é', 'a': none}|tojson }}", big=1) == '{"b": "é", "a": null}'


def test_the_budget_is_per_row() -> None:
    assert [len(render("{{ 'x' * 900000 }}")) for _ in range(3)] == [900_000] * 3
    mapping = entity({"f": "{% for x in range(10000) %}{{ x }}{% endfor %}"})
    assert all(not isinstance(fields, RowProblem) for fields in mapping.fields([(n, n) for n in range(50)]))
