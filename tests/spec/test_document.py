"""YAML → nodes: types, places, and everything that a YAML file can be wrong in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from syncer.errors import SpecError
from syncer.spec import load_specs
from syncer.spec.document import Document, parse, typed
from syncer.spec.problems import Problems
from tests.spec.files import SPEC, findings, only, places, write


def parsed(text: str) -> tuple[Document, Problems]:
    problems = Problems()
    document = parse(text.encode(), "spec.yaml", problems)
    assert document is not None, problems.findings
    return document, problems


def value(text: str) -> Any:
    document, problems = parsed(f"key: {text}\n")
    assert not problems.findings
    return document.root.plain()["key"]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("12.50", 12.5),
        (".5", 0.5),
        ("-3.", -3.0),
        ("99999999999999999999", 99999999999999999999),
    ],
)
def test_words_and_plain_decimal_numbers_are_typed(text: str, meaning: object) -> None:
    assert value(text) == meaning
    assert type(value(text)) is type(meaning)


@pytest.mark.parametrize(
    "text",
    [
        "0123", "00", "-01", "00.5", "12:30", "12:30:45", "yes", "no", "on", "off", "y", "2020-01-01", "0x1F", "0o17",
        "0b1", "1_000", "1,000", "+7912", "+7.5", "1e3", "1E5", ".inf", ".nan", "--1", "1.2.3", "٣", "1" * 400,
    ],
)  # fmt: skip
def test_all_else_is_text(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize("text", ['"12"', "'true'", '"null"', "!!str 12", '!!str "x"', "|-\n  12", ">-\n  true"])
def test_quoted_block_and_tagged_scalars_are_text(text: str) -> None:
    assert isinstance(value(text), str)


@given(st.text(alphabet="0123456789+-.eE_xX:~ truefalsn", max_size=12))
def test_a_number_is_written_back_as_it_was(text: str) -> None:
    meaning = typed(text)
    if isinstance(meaning, bool) or meaning is None:
        assert text.lower() in {"true", "false", "null", "~", ""}
    elif isinstance(meaning, int):
        assert re.fullmatch("-?(0|[1-9][0-9]*)", text)
        assert text in {str(meaning), "-0"}
    elif isinstance(meaning, float):
        assert re.fullmatch(r"-?([0-9]*\.[0-9]*)", text)
        assert not re.match("-?0[0-9]", text)
    else:
        assert meaning == text


def test_every_value_and_key_knows_its_place() -> None:
    document, _ = parsed("a:\n  b: [1, {c: two}]\n  é: |\n    x\n")
    assert str(document.span("a", "b", 1, "c")) == "spec.yaml:2:14"
    assert str(document.key_span("a", "b", 1, "c")) == "spec.yaml:2:11"
    assert str(document.span("a", "é")) == "spec.yaml:3:6"
    assert str(document.key_span("a", "é")) == "spec.yaml:3:3"
    assert str(document.span("a", "nowhere", "below")) == "spec.yaml:2:3"


def _place(mark: Any) -> tuple[int, int]:
    return mark.line, mark.column


def test_the_parser_in_c_and_the_one_in_python_mark_alike() -> None:
    text = "a: >\n  x\n   y\n\n  z\nb: |2-\n   q\n# c\n\nd: [é, 'x\n  y', *k]\ne: p\n  q\nf: {g: 1}\n"
    text = text.replace("é", "&k é")

    def marks(loader: Any) -> list[tuple[object, ...]]:
        return [
            (type(event), _place(event.start_mark), getattr(event, "value", None))
            for event in yaml.parse(text, Loader=loader)
            if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent)
        ]

    assert marks(yaml.CBaseLoader) == marks(yaml.BaseLoader)


def test_a_duplicate_key_names_both_places(tmp_path: Path) -> None:
    found = only(findings(tmp_path, SPEC + "      phone: 1\n      title: again\n"))
    assert (found.code, found.span.line, found.span.column) == ("SYN004", 16, 7)
    assert "line 14, column 7" in found.message


def test_duplicate_keys_hide_nothing_else(tmp_path: Path) -> None:
    text = SPEC.replace("    source: erp\n", "    source: erp\n    source: erp\n    sorce: erp\n")
    assert [code for code, _, _ in places(findings(tmp_path, text))] == ["SYN004", "SYN101"]


def test_anchors_aliases_and_merge_keys() -> None:
    document, problems = parsed("one: &one {a: 1, b: 2}\ntwo: {<<: *one, b: 3}\nthree: {<<: [{a: 9}, *one], c: *one}\n")
    assert not problems.findings
    assert document.root.plain() == {
        "one": {"a": 1, "b": 2},
        "two": {"a": 1, "b": 3},
        "three": {"a": 9, "b": 2, "c": {"a": 1, "b": 2}},
    }


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: &a [*a]\n", (1, 8), "stands within"),
        ("a: &a {b: {c: *a}}\n", (1, 15), "stands within"),
        ("a: *nobody\n", (1, 4), "has no anchor"),
        ("a: {<<: 1}\n", (1, 5), "takes a mapping"),
        ("a: {<<: [1]}\n", (1, 5), "takes a mapping"),
    ],
)
def test_aliases_that_cannot_be(tmp_path: Path, text: str, place: tuple[int, int], words: str) -> None:
    found = next(each for each in findings(tmp_path, text) if each.code == "SYN007")
    assert (found.span.line, found.span.column) == place
    assert words in found.message


def test_a_billion_laughs_are_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    found = only(findings(tmp_path, "\n".join(lines)))
    assert found.code == "SYN007"
    assert "too large" in found.message


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused(tmp_path: Path, opening: str) -> None:
    found = findings(tmp_path, opening * 5000)
    assert found[0].code in {"SYN010", "SYN003"}


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("a:\n\tb: 1\n", (2, 1), "a tab", "indent with spaces"),
        ("\ta: 1\n", (1, 1), "a tab", "indent with spaces"),
        ("a: b: c\n", (1, 5), "mapping values", "quote text"),
        ("a: 'x\nb: 1\n", (1, 4), "found unexpected end of stream", "never closed"),
        ("a: [1, 2\n", (1, 4), "", "bracket"),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "did not find expected key", "same column"),
        ('a: "\\d"\n', (1, 5), "unknown escape", "single quotes"),
        ("a: @x\n", (1, 4), "cannot start any token", "quote"),
        ("a: {b: ${NAME}}\n", (1, 9), "", "put ${…} in quotes"),
        ("a: {{ row.x }} and\n", (1, 16), "", 'quotes: "{{ … }}"'),
    ],
)
def test_syntax_errors_come_with_place_and_advice(
    tmp_path: Path, text: str, place: tuple[int, int], message: str, hint: str
) -> None:
    found = next(each for each in findings(tmp_path, text) if each.code == "SYN003")
    assert (found.span.line, found.span.column) == place
    assert message in found.message
    assert hint in found.hint


def test_a_template_without_quotes_is_told_once(tmp_path: Path) -> None:
    found = only(findings(tmp_path, SPEC.replace('"{{ row.CustomerID }}"', "{{ row.CustomerID }}")))
    assert (found.code, found.span.line, found.span.column) == ("SYN009", 12, 15)
    assert '"{{ … }}"' in found.hint


def test_keys_are_text_as_written() -> None:
    document, problems = parsed("1: a\nyes: b\nnull: c\n2020-01-01: d\n")
    assert not problems.findings
    assert list(document.root.plain()) == ["1", "yes", "null", "2020-01-01"]


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (b"", "SYN005", (1, 1)),
        (b"# only a comment\n", "SYN005", (1, 1)),
        (b"---\n", "SYN005", (1, 1)),
        (b"- a\n- b\n", "SYN005", (1, 1)),
        (b"\n  just text\n", "SYN005", (2, 3)),
        (b"version: 1\nname: \xe9\n", "SYN002", (2, 7)),
        ("version: 1\n".encode("utf-16"), "SYN002", (1, 1)),
        (b"\x7fELF\x02\x01\x01\x00\x00", "SYN002", (1, 1)),
        (b"a: 1\nb: \x00\n", "SYN002", (2, 4)),
        (b"a: !!python/object/apply:os.system [ls]\n", "SYN008", (1, 4)),
        (b"a: !include x.yaml\n", "SYN008", (1, 4)),
        (b"[a]: 1\n", "SYN009", (1, 1)),
    ],
)
def test_files_that_are_no_spec(tmp_path: Path, content: bytes, code: str, place: tuple[int, int]) -> None:
    assert (code, *place) in places(findings(tmp_path, content))


def test_several_documents_are_refused_and_the_first_is_still_checked(tmp_path: Path) -> None:
    text = SPEC.replace("name: northwind", "name: 7") + "---\nversion: 1\n"
    assert places(findings(tmp_path, text)) == [("SYN102", 2, 7), ("SYN006", 15, 1)]


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + SPEC.replace("\n", "\r\n").encode()
    assert findings(tmp_path, content) == ()
    broken = content.replace(b"source: erp", b"sorce: erp")
    assert ("SYN101", 10, 5) in places(findings(tmp_path, broken))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_findings_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = write(tmp_path_factory.getbasetemp(), content, "arbitrary.yaml")
    with pytest.raises(SpecError):
        load_specs([path], {})


@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#?,~< \n\t$é{%}", max_size=60))
def test_arbitrary_punctuation_in_a_spec_gives_findings_at_most(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    indented = text.replace("\n", "\n        ")
    assert isinstance(findings(tmp_path_factory.getbasetemp(), f"{SPEC}      x: {indented}\n", {}), tuple)
