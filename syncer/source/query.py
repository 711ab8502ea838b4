"""The text of a query before it is sent: one statement that reads, and the `:name` parameters in it.

Strings, quoted names and comments are read as the database itself would, so that a colon in `'12:30'`, a cast
`::date` or a `;` in a comment is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from syncer.errors import SourceError

READ_ONLY: Final = "Sources are only read, never written."


@dataclass(frozen=True, slots=True)
class Syntax:
    """One database's SQL: its tokens, whether `/* /* */ */` nests, the words a query may begin with.

    `writes` matches what would write in spite of that, where no read-only transaction forbids it; `executed` the
    start of a comment that the database executes.
    """

    tokens: re.Pattern[str]
    nested_comments: bool
    first_words: tuple[str, ...]
    writes: re.Pattern[str] | None = None
    executed: tuple[str, ...] = ()


# A doubled quote within a string needs no care: 'it''s' is skipped as two strings side by side.
_TOKENS = r"""(?:'[^']*'|"[^"]*"%s)|(?P<comment>--[^\n]*|/\*)|::|(?<![\w:]):(?P<name>[^\W\d]\w*)|(?P<end>;)"""

SQLITE: Final = Syntax(
    tokens=re.compile(_TOKENS % r"|`[^`]*`|\[[^\]]*\]"),
    nested_comments=False,
    first_words=("SELECT", "WITH", "VALUES"),
)
POSTGRESQL: Final = Syntax(
    tokens=re.compile(
        _TOKENS % r"|(?<![\w$])[eE]'(?:[^'\\]|\\.)*'|(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$",
        re.DOTALL,
    ),
    nested_comments=True,
    first_words=("SELECT", "WITH", "VALUES", "TABLE"),
)
DUCKDB: Final = Syntax(
    tokens=POSTGRESQL.tokens, nested_comments=True, first_words=("SELECT", "WITH", "VALUES", "FROM", "TABLE")
)
MYSQL: Final = Syntax(
    tokens=re.compile(
        r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`)|(?P<comment>--(?=\s|$)[^\n]*|\#[^\n]*|/\*)|"""
        r"(?<![\w:]):(?P<name>[^\W\d]\w*)|(?P<end>;)",
        re.DOTALL,
    ),
    nested_comments=False,
    first_words=("SELECT", "WITH", "VALUES", "TABLE"),
    writes=re.compile(r"\bINTO\b", re.IGNORECASE),  # INTO OUTFILE writes a file on the server
    executed=("/*!", "/*M!"),
)
ANY: Final = Syntax(
    tokens=re.compile(_TOKENS % r"|\[[^\]]*\]|`[^`]*`"),
    nested_comments=False,
    first_words=("SELECT", "WITH", "VALUES"),
    # SQL Server takes several statements without a `;`, and has no transaction that only reads.
    writes=re.compile(
        r"\b(?:INTO|INSERT|UPDATE|DELETE|MERGE|TRUNCATE|CREATE|ALTER|DROP|GRANT|EXEC|EXECUTE|CALL)\b", re.IGNORECASE
    ),
)
"""Databases of which nothing more is known."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A `:name` in a query, at `start` up to `end` of its text."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Query:
    """One reading statement and where its parameters stand."""

    text: str
    parameters: tuple[Parameter, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters' names, each once, in the order they first appear."""
        return tuple(dict.fromkeys(parameter.name for parameter in self.parameters))

    def numbered(self) -> str:
        """The text with `$1`, `$2` … for the parameters, in the order of `names`.

        Each is padded to the length of what it replaces, so that positions in the database's messages hold.
        """
        number = {name: f"${index}" for index, name in enumerate(self.names, 1)}
        return self.rendered(lambda name: number[name].ljust(len(name) + 1), str)

    def rendered(self, parameter: Callable[[str], str], text: Callable[[str], str]) -> str:
        """The text with each parameter's name, and each piece between them, as the functions write it."""
        pieces, position = [], 0
        for each in self.parameters:
            pieces += [text(self.text[position : each.start]), parameter(each.name)]
            position = each.end
        return "".join([*pieces, text(self.text[position:])])

    def check(self, params: Mapping[str, Any], where: str) -> None:
        """Every parameter has a value and every value a parameter, else SourceError."""
        missing = [f":{name}" for name in self.names if name not in params]
        unused = [str(name) for name in params if name not in self.names]
        if missing:
            raise SourceError(
                f"the query has {', '.join(missing)}, which `params` does not set",
                hint="Set it under `params`, or put a blank after a colon that starts no parameter.",
                where=where,
            )
        if unused:
            raise SourceError(
                f"`params` sets {', '.join(unused)}, which the query does not use",
                hint=f"Write :{unused[0]} in the query where the value belongs, or take it out of `params`.",
                where=where,
            )

    def place(self, position: int) -> str:
        """Line, column and text of the line at a 0-based position, for a message."""
        line = self.text.count("\n", 0, position)
        column = position - self.text.rfind("\n", 0, position)
        return f"line {line + 1}, column {column} of the query: {self.text.split(chr(10))[line].strip()}"


def parse(text: str, syntax: Syntax, where: str) -> Query:
    """The one statement in a text; comments and a `;` at its end are fine.

    Raises SourceError for a text without a statement, with several, or with one that does not read.
    """
    parameters: list[Parameter] = []
    bare = list(text)  # the text with its comments blanked out
    words = list(text)  # … and its strings and quoted names
    end = None
    for match, stop in _tokens(text, syntax):
        blank = " " * (stop - match.start())
        words[match.start() : stop] = blank
        if match["comment"]:
            if syntax.executed and text.startswith(syntax.executed, match.start()):
                raise SourceError(
                    f"the query has a comment that the database executes: {_start(text[match.start() : stop])}",
                    hint=READ_ONLY,
                    where=where,
                )
            bare[match.start() : stop] = blank
        elif match["end"]:
            bare[match.start()] = " "
            end = match.start() if end is None else end
        elif match["name"] and end is None:
            parameters.append(Parameter(match["name"], match.start(), stop))
    statement, rest = "".join(bare[:end]), "".join(bare[end:]) if end is not None else ""
    if rest.strip():
        raise SourceError(
            "the query has several statements", detail=f"after the first `;`: {_start(rest)}", where=where
        )
    _check_reads(statement, syntax, where)
    if syntax.writes is not None and (writing := syntax.writes.search("".join(words[:end]))):
        raise SourceError(f"the query has the word {writing[0].upper()}", hint=READ_ONLY, where=where)
    return Query(text[:end].rstrip(), tuple(parameters))


def _tokens(text: str, syntax: Syntax) -> Iterator[tuple[re.Match[str], int]]:
    position = 0
    while match := syntax.tokens.search(text, position):
        position = match.end()
        if match["comment"] == "/*":
            position = _comment_end(text, match.start(), nested=syntax.nested_comments)
        yield match, position


def _comment_end(text: str, start: int, *, nested: bool) -> int:
    depth = 0
    for mark in re.finditer(r"/\*|\*/", text[start:]):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0 or (mark[0] == "*/" and not nested):
            return start + mark.end()
    return len(text)


def _check_reads(statement: str, syntax: Syntax, where: str) -> None:
    if not statement.strip():
        raise SourceError("the query is empty", where=where)
    word = re.match(r"[\s(]*(\w*)", statement)
    assert word is not None
    if word[1].upper() not in syntax.first_words:
        raise SourceError(
            f"the query begins with `{_start(statement)}` and not with {', '.join(syntax.first_words)}",
            hint=READ_ONLY,
            where=where,
        )


def _start(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 30 else words[:30] + "…"
