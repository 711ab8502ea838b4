"""Templates reach columns, variables and functions, and nothing of Python, of the clock or of the machine."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from syncer.model.change import Reason, RowProblem
from tests.mapping.entity import refused, render

PAYLOADS = [
    "{{ row.__class__ }}",
    "{{ row['__class__'] }}",
    "{{ row['__cla' ~ 'ss__'] }}",
    "{{ row|attr('__class__') }}",
    "{{ row.x.__class__ }}",
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ ['']|map(attribute='__class__')|list }}",
    "{{ ['']|map('attr', '__class__')|list }}",
    "{{ ['']|groupby('__class__')|list }}",
    "{{ ['']|sort(attribute='__class__.__name__')|list }}",
    "{{ ['']|selectattr('__class__')|list }}",
    "{{ ['']|sum(attribute='__class__') }}",
    "{{ ['', '']|max(attribute='__class__') }}",
    "{{ [].append }}",
    "{{ {}.update }}",
    "{{ {}.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ namespace(x=1).x }}",
    "{{ lipsum.__globals__['os'] }}",
    "{{ lipsum() }}",
    "{{ url_for.__globals__ }}",
    "{{ get_flashed_messages }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ self }}",
    "{{ config }}",
    "{{ request }}",
    "{{ environment }}",
    "{{ context }}",
    "{{ caller() }}",
    "{{ varargs }}",
    "{{ __builtins__ }}",
    "{{ range.__init__ }}",
    "{{ range(1).__class__ }}",
    "{{ dict.__base__ }}",
    "{{ dict(a=1).__class__ }}",
    "{{ ref.__globals__ }}",
    "{{ ref('companies', 1).__class__ }}",
    "{{ ref('companies', 1).entity }}",
    "{{ ref.__func__.__globals__ }}",
    "{% for x in [1] %}{{ loop.__class__ }}{% endfor %}",
    "{% for x in [1] %}{{ loop._iterator }}{% endfor %}",
    "{% for x in [1] %}{{ loop([1]) }}{% endfor %}",
    "{{ (x for x in [1]) }}",
    "{{ ([1]|map('string')).gi_frame }}",
    "{{ 'a'.upper.__self__ }}",
    "{{ 'a'.upper.__func__ }}",
    "{{ 'a'.join.func }}",
    "{{ 'a'.join.args }}",
    "{{ '{0.__class__}'.format(row.x) }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(row) }}",
    "{{ '{0[__class__]}'.format(row.x) }}",
    "{{ '{x.__class__}'.format(x=1) }}",
    "{{ '{0.format}'.format('a') }}",
    "{{ '{0!r}'.format(row) }}",
    "{{ '%s'.format_map({}) }}",
    "{{ '{x}'.format_map({'x': 1}) }}",
    "{{ 'a'.encode() }}",
    "{{ 'a'.translate({97: 'bb'}) }}",
    "{{ row.x.maketrans('a', 'b') }}",
    "{{ (1).to_bytes(4, 'big') }}",
    "{{ (1).from_bytes('a') }}",
    "{{ (1).numerator }}",
    "{{ row.x.0xc0 }}",
    "{{ '0ref'() }}",
    "{{ 0row }}",
    "{{ [1]|map('0whole')|list }}",
    "{{ row.x() }}",
    "{{ 'a'() }}",
    "{{ none() }}",
    "{{ dict }}",
    "{{ vars.__class__ }}",
    "{{ vars.get }}",
    "{{ vars.x.y }}",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_known_ways_out_are_refused(payload: str) -> None:
    assert refused(payload, x="a")


@pytest.mark.parametrize(
    ("value", "attributes"),
    [
        (dt.date(2020, 1, 1), ["today", "fromtimestamp", "ctime", "__class__", "min"]),
        (
            dt.datetime(2020, 1, 1),
            ["now", "utcnow", "today", "timestamp", "astimezone", "fromtimestamp", "strptime", "timetuple"],
        ),
        (Decimal(1), ["sqrt", "exp", "scaleb", "__class__", "from_float"]),
        (UUID(int=1), ["bytes", "__class__", "fields"]),
        (b"abc", ["decode", "hex", "fromhex"]),
        ({"a": 1}, ["pop", "clear", "__class__", "fromkeys"]),
        ([1], ["append", "sort", "pop", "__class__"]),
    ],
)
def test_values_of_rows_show_what_is_listed_alone(value: Any, attributes: list[str]) -> None:
    for attribute in attributes:
        assert refused("{{ row.x." + attribute + " }}", x=value)
        assert refused("{{ row.x." + attribute + "() }}", x=value)


def test_no_clock_in_any_format() -> None:
    assert refused("{{ row.x.strftime('%s') }}", x=dt.datetime(2020, 1, 1))
    assert refused("{{ row.x.strftime('%1000000000Y') }}", x=dt.datetime(2020, 1, 1))
    assert refused("{{ '{:%9999999999d}'.format(row.x) }}", x=dt.datetime(2020, 1, 1))


def test_what_is_listed_works() -> None:
    moment = dt.datetime(2020, 1, 2, 3, 4)
    assert render("{{ row.x.strftime('%d.%m.%Y') }}", x=moment) == "02.01.2020"
    assert render("{{ row.x.year }}", x=moment) == 2020
    assert render("{{ '{:%Y}/{:>4}/{a}'.format(row.x, 7, a='é') }}", x=moment) == "2020/   7/é"
    assert render("{{ row.x.split('-')[1].strip().upper() }}", x="a- b ") == "B"
    assert render("{{ row.x.a ~ row.x['b'] }}", x={"a": 1, "b": 2}) == "12"
    assert render("{{ row.x.items()|list }}", x={"a": 1}) == [["a", 1]]
    assert render("{% for k, v in row.x|dictsort %}{{ k }}{{ v }}{% endfor %}", x={"b": 1, "a": 2}) == "a2b1"
    assert render("{{ (row.x - row.x).days }}", x=moment) == 0
    assert render("{{ '%05.1f|%s' % (row.x, 'a') }}", x=1.25) == "001.2|a"
    assert render("{{ '%(a)s' % {'a': row.x} }}", x="%s") == "%s"


def test_markup_in_values_stays_text() -> None:
    text = "{{ 7*7 }}{% if %}<b>&amp;'\""
    assert render("{{ row.x }}", x=text) == text
    assert render("a{{ row.x }}", x=text) == f"a{text}"
    assert render("{{ row.x|upper|lower }}", x="<b>&") == "<b>&"
    assert render("{{ row.x|e ~ '<' }}", x="<") == "&lt;<"
    assert type(render("{{ row.x|e }}", x="<")) is str
    assert type(render("{{ row.x|safe }}", x="<")) is str


def test_what_is_undefined_is_an_error_wherever_it_stands() -> None:
    for template in (
        "{{ row.x.nothing }}",
        "{{ [row.x.nothing] }}",
        "{{ {'a': row.x.nothing} }}",
        "{{ row.x.nothing ~ 'a' }}",
        "{{ row.x.nothing }}a",
        "{% if row.x.nothing %}{% endif %}",
        "{{ row.x[5] }}",
        "{{ {}.nothing|upper }}",
        "{{ [row.x.nothing]|join }}",
        "{{ []|first }}",
        "{% if row.x == 'b' %}{% set y = 1 %}{% endif %}{{ y }}",
    ):
        problem = render(template, x="a")
        assert isinstance(problem, RowProblem), template
        assert problem.reason is Reason.RENDER
    assert render("{{ row.x.nothing|default('d') }}", x="a") == "d"
    assert render("{{ row.x.nothing is defined }}", x="a") is False
