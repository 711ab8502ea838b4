"""Keys: what is one, what is not, and that a batch is checked as a row is."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.mapping.keys import Keys
from syncer.model.change import Reason, RowProblem
from syncer.model.identity import Stamp
from tests.mapping.entity import STAMP, entity

ID = UUID("12345678-1234-5678-1234-567812345678")


def key(value: Any, template: str = "{{ row.id }}", stamp: Stamp = STAMP) -> Any:
    [made] = entity(origin_id=template, stamp=stamp).keys([(value, "n")])
    return made.reason if isinstance(made, RowProblem) else made


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ALFKI", "ALFKI"),
        ("Val2 ", "Val2 "),
        (" x", " x"),
        ("00123", "00123"),
        ("Ключ №1", "Ключ №1"),
        (10248, "10248"),
        (-1, "-1"),
        (10**18, str(10**18)),
        (ID, str(ID)),
        (10248.0, "10248"),
        (-0.0, "0"),
        (Decimal("10248.00"), "10248"),
        (Decimal("1E+3"), "1000"),
    ],
)
def test_keys(value: Any, expected: str) -> None:
    assert key(value) == expected


@pytest.mark.parametrize("value", [None, "", " ", "\t\n", "\u00a0"])
def test_empty_keys(value: Any) -> None:
    assert key(value) is Reason.EMPTY_KEY


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        1e300,
        float(2**53),
        float("nan"),
        float("inf"),
        Decimal("1.5"),
        Decimal("NaN"),
        Decimal("1E+999999999"),
        True,
        False,
        dt.date(2020, 1, 1),
        dt.datetime(2020, 1, 1),
        b"key",
        [1],
        10**400,
        "a\nb",
        "a\x00b",
        "a\x7f",
        "a\x85b",
        "a\ud800b",
        "x" * 256,
    ],
)
def test_bad_keys(value: Any) -> None:
    assert key(value) is Reason.BAD_KEY


def test_the_advice_is_to_format() -> None:
    [problem] = entity().keys([(dt.date(2020, 1, 1), "n")])
    assert isinstance(problem, RowProblem)
    assert "format it in the template" in problem.message
    assert "specs/nw.yaml:3:7" in problem.message


def test_the_stamp_counts() -> None:
    stamp = Stamp("xmlId", "erp")
    assert key("x" * 251, stamp=stamp) == "x" * 251
    assert key("x" * 252, stamp=stamp) is Reason.BAD_KEY
    assert key("x" * 255) == "x" * 255
    assert key(5, stamp=Stamp("xmlId", "e" * 254)) is Reason.BAD_KEY


def test_when_filters_before_the_key_is_rendered() -> None:
    mapping = entity(origin_id="{{ 10 // row.id }}", when="{{ row.id }}")
    assert mapping.keys([(0, "a"), (5, "b"), (None, "c")]) == [None, "2", None]
    assert entity(when="{{ row.name }}{{ row.id }}").keys([(None, ""), (1, "")]) == [None, "1"]
    assert entity(when=True).keys([(1, "a")]) == ["1"]
    assert entity(when=False).keys([(1, "a")]) == [None]


def test_when_that_fails_blocks_the_row() -> None:
    first, second = entity(when="{{ row.name > 1 }}").keys([(1, "a"), (2, 3)])
    assert isinstance(first, RowProblem)
    assert "when (specs/nw.yaml:4:7, row.name)" in first.message
    assert second == "2"


def test_templates_for_keys() -> None:
    assert key("A", "C{{ row.id }}") == "CA"
    assert key(7, "{{ row.id }}-{{ row.name }}") == "7-n"
    assert key("a", "{% if row.id %}{{ row.id|upper }}{% endif %}") == "A"
    assert key(5, "constant") == "constant"
    assert entity(origin_id=5).keys([(1, 2)]) == ["5"]


def test_one_bad_key_of_a_batch() -> None:
    keys = entity().keys([("a", 1), (None, 1), (3, 1), ("b\n", 1), ("c", 1)])
    assert [made if isinstance(made, str) else made and made.reason for made in keys] == [
        "a",
        Reason.EMPTY_KEY,
        "3",
        Reason.BAD_KEY,
        "c",
    ]


def test_no_rows() -> None:
    assert entity().keys([]) == []


scalars = st.one_of(
    st.text(max_size=300),
    st.text(alphabet=st.characters(categories=["Cc", "Cs", "Zs", "L"]), max_size=5),
    st.integers(),
    st.uuids(),
    st.none(),
    st.booleans(),
    st.floats(),
    st.decimals(),
)


@given(st.one_of(st.lists(scalars), st.lists(st.text()), st.lists(st.integers()), st.lists(st.uuids())))
def test_a_batch_is_checked_as_its_rows_are(values: list[Any]) -> None:
    checks = Keys(Stamp("xmlId", "erp"), "originId")
    assert checks.check(values) == [checks.check([value])[0] for value in values]


@given(st.lists(scalars))
def test_a_key_is_sound_or_told(values: list[Any]) -> None:
    for value, made in zip(values, Keys(STAMP, "originId").check(values), strict=True):
        if isinstance(made, str):
            assert made.strip()
            assert len(made) <= 255
            assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in made)
            made.encode()
            if isinstance(value, str):
                assert made == value
        else:
            assert isinstance(made, RowProblem)
