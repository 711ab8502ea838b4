"""Where lines of a terminal are broken, and what of a long value they show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.report.lines import broken, columns
from syncer.report.page_text import LINES_OF_A_VALUE, Page


def unpainted(text: str, _colour: str) -> str:
    return text


def lines_of(value: object, *, width: int = 40, wrap: bool = True) -> list[str]:
    return list(Page(width, unpainted, wrap).fields({"f": value}, (), lambda _field, _value: None))


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 20, ["one two three"]),
        ("one two three", 8, ["one two", "  three"]),
        ("one two three", 7, ["one two", "  three"]),
        ("a-very-long-command then", 8, ["a-very-long-command", "  then"]),
        ("鍵 鍵 鍵鍵", 6, ["鍵 鍵", "  鍵鍵"]),
    ],
)
def test_lines_are_broken_at_blanks(text: str, width: int, lines: list[str]) -> None:
    assert list(broken(text, width, "  ")) == lines


@given(st.text(alphabet="ab 鍵é\u0301", max_size=60), st.integers(4, 20))
def test_no_line_is_wider_and_nothing_but_blanks_is_lost(text: str, width: int) -> None:
    lines = list(broken(text, width, " ", within_words=True))
    assert all(columns(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_list_that_is_too_long_has_a_line_for_each_element() -> None:
    phone = {"typeId": "PHONE", "valueType": "WORK", "value": "+49 30 5550101"}
    for wrap in (True, False):
        assert lines_of([phone, phone | {"value": "+49 30 2"}], width=80, wrap=wrap) == [
            '      f  [{typeId: "PHONE", valueType: "WORK", value: "+49 30 5550101"},',
            '          {typeId: "PHONE", valueType: "WORK", value: "+49 30 2"}]',
        ]
    assert lines_of(["a", "b"]) == ['      f  ["a", "b"]']


def test_a_long_text_is_shown_whole_and_a_very_long_one_is_cut() -> None:
    text = "The quick brown fox jumps over the lazy dog."
    assert lines_of(text) == ['      f  "The quick brown fox jumps over', '          the lazy dog."']
    assert lines_of(text, wrap=False) == [f'      f  "{text}"'], "a log has it on one line"
    for value in ("word " * 10_000, "x" * 100_000, ["x"] * 100_000, ["x" * 100_000] * 9):
        lines = lines_of(value)
        assert len(lines) <= LINES_OF_A_VALUE
        assert lines[-1].endswith("…")
        assert all(columns(line) <= 40 for line in lines)
        assert sum(map(len, lines_of(value, wrap=False))) < 10_000
