"""Markdown reports, read by a parser as a forge does: whatever rows hold, it stays text, and fits a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from syncer.report.markdown import LIMIT, code, markdown, prose
from syncer.report.report import Report, Row, Stored
from syncer.report.text import visible
from tests.report.shown import report

READER = MarkdownIt("gfm-like", {"html": True, "linkify": True})
HARMLESS = "word"
HOSTILE = st.one_of(
    st.sampled_from(
        [
            "a|b", "`", "``x``", "```", "````\n", "~~~", "<script>alert(1)</script>", "</details>", "<!--", "-->",
            "@octocat", "@org/team", "#123", "org/repo#1", "GH-1", "http://evil.example", "www.evil.example",
            "me@evil.example", "[a](http://evil.example)", "![a](http://evil.example/x.png)", "**bold**", "_it_",
            "# head", "> quote", "- item", "1. item", "\\", "\\|", "&amp;", "&#64;octocat", "&lt;b&gt;", "\n\n---\n\n",
            "|---|", ":tada:", "$x$", "0123456789abcdef0123456789abcdef01234567", "<https://evil.example>", "</pre>",
            "\u202e", "\u2028", "\r\n", "", " ",
        ]
    ),
    st.text(max_size=12),
    st.text(alphabet="`|<>@#\\[]()!*_~&;:/-. \nab", max_size=16),
)  # fmt: skip


NOTE, SENTENCE = 1, 5
"""Texts that stand outside of code where they are plain."""


def texts(make: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.lists(make, min_size=1, max_size=4).map("".join).map(visible), min_size=7, max_size=7)


def one(words: list[str]) -> Report:
    """A report with these texts wherever a row's text, or a portal's, may stand."""
    key, note, name, value, fact, sentence, example = words
    rows = [Row("create", key, fields=[(name, value)]), Row("blocked", key, note), Row("failed", example, note)]
    stored = [Stored("shop/e0", name, "changed", 2, example, example, example)]
    facts = [("Portal", fact)]
    return report(rows, stored=stored, sentences=[sentence], warnings=[note], facts=facts, command=fact)


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def skeleton(text: str) -> list[tuple[str, str, str]]:
    """What a reader makes of a text, apart from what is in code."""
    found = []
    for token in flat(READER.parse(text)):
        in_code = token.type in ("fence", "code_inline")
        content = "" if in_code or token.type == "inline" else token.content
        found.append((token.type, token.tag, content))
    return found


@given(texts(HOSTILE))
@settings(max_examples=300, deadline=None)
def test_no_text_of_a_row_is_more_than_text(words: list[str]) -> None:
    harmless = [HARMLESS] * 7
    for place in (NOTE, SENTENCE):
        harmless[place] = words[place] if prose(words[place]) == words[place] else "a`b"
    assert skeleton(markdown(one(words))) == skeleton(markdown(one(harmless)))


@given(texts(HOSTILE))
@settings(max_examples=100, deadline=None)
def test_every_text_is_there_to_be_read(words: list[str]) -> None:
    tokens = list(flat(READER.parse(markdown(one(words)))))
    read = "\n".join(token.content for token in tokens if token.type in ("fence", "code_inline"))
    key, note, name, value, *_ = words
    for text in (key, note, name, value):
        assert " ".join(text.split()) in " ".join(read.split())


@given(st.text(alphabet="abcXYZ019 .,:;()@#_*`[]<>&|\\/-!~$%^+={}\"'", max_size=30))
@settings(max_examples=300, deadline=None)
def test_prose_is_plain_or_in_code(text: str) -> None:
    tokens = [token for token in flat(READER.parse(prose(text))) if token.content and token.type != "inline"]
    assert all(token.type in ("text", "code_inline") for token in tokens)
    plain = "".join(token.content for token in tokens if token.type == "text")
    assert not re.search(r"[@#`<>\[\]*_|\\~&]|www\.|://", plain)


def test_code_in_a_table_keeps_its_cell() -> None:
    table = f"| a | b |\n|---|---|\n| {code('x|y`|``')} | c |\n"
    cells = [token.content for token in flat(READER.parse(table)) if token.type == "code_inline"]
    assert cells == ["x|y`|``"]


def test_what_does_not_fit_is_cut_and_told() -> None:
    many = [Row("create", f"K{number}", fields=[("title", f'"{"x" * 90}"')]) for number in range(3000)]
    few = [Row("create", "only", fields=[("title", '"y"')])]
    wrong = [Row("blocked", f"W{number}", "value: no number") for number in range(2000)]
    text = markdown(report([*many, *wrong], few))
    assert 60_000 < len(text) <= LIMIT
    assert "shop/e0" in text
    assert "3,000" in text
    assert "+ only" in text, "an entity is not crowded out by another"
    assert text.index("! W0") < text.index("+ K0"), "what is to be looked at comes first"
    cut = re.search(r"\*\*Cut\*\* to 65,000 characters: ([\d,]+) more blocked, ([\d,]+) more create are", text)
    assert cut is not None
    shown = text.count("\n+ K"), text.count("\n! W")
    assert [int(each.replace(",", "")) for each in cut.groups()] == [2000 - shown[1], 3000 - shown[0]]


def test_neither_long_texts_nor_many_entities_break_the_bound() -> None:
    long = "`" * 20_000
    rows = [Row("create", long, long, [(long, long)] * 50)]
    stored = [Stored("s" * 300 + "/e", long, "changed", 1, long, long, long)] * 500
    for text in (
        markdown(report(*[rows] * 400, stored=stored, warnings=[long] * 50, facts=[(HARMLESS, long)] * 90)),
        markdown(report(rows, command=long, sentences=[long] * 90)),
    ):
        assert len(text) <= LIMIT
        assert "more create are counted above and not listed" in text
