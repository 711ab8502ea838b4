"""A report as one HTML file that asks nobody for anything: a page to search, sort and filter, also offline.

Every text is escaped by the template engine, and a Content-Security-Policy forbids whatever is not this page's own
style and script, which it names by their hashes. Secrets are hidden before they are escaped, not after: a secret may
look like a word of the page.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from syncer.log import redact
from syncer.report.report import KEYS_LISTED, Report, Row, Section
from syncer.report.shares import shares
from syncer.report.text import KEYS_NAMED, shorten

ROWS: Final = 10_000
"""Rows of a page. With more a browser would be slow."""

CHARACTERS: Final = 20_000_000
"""Of all texts of rows in a page."""


BRIEF: Final = 100
"""Characters of a value in a row that is folded."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the page's table."""

    entity: str
    row: Row


def html(report: Report) -> Iterator[str]:
    """The page in pieces. No piece has to be redacted any more."""
    entries, cut = _entries(report)
    style, script = _text("page.css"), _text("page.js")
    return _template().generate(
        report=report,
        entries=entries,
        cut=cut,
        keys_named=KEYS_NAMED,
        keys_listed=KEYS_LISTED,
        actions=list(dict.fromkeys(each.row.action for each in entries)),
        entities=list(dict.fromkeys(each.entity for each in entries)),
        style=Markup(style),  # noqa: S704 -- a file of this package
        script=Markup(script),  # noqa: S704
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'",
    )


def _entries(report: Report) -> tuple[list[Entry], dict[str, int]]:
    """The rows to be shown, what wants to be looked at first; and how many of each action are left out."""
    wanted = {
        (number, action): count
        for number, section in enumerate(report.sections)
        for action, count in section.listed.items()
        if count
    }
    given = shares(wanted, ROWS)
    entries: list[Entry] = []
    room = CHARACTERS
    for number, section in enumerate(report.sections):
        mine = {action: count for (which, action), count in given.items() if which == number and count}
        for entry in _shown(section, mine):
            room -= _length(entry.row)
            if room < 0:
                break
            entries.append(entry)
            wanted[number, entry.row.action] -= entry.row.count
    entries.sort(key=lambda each: each.row.action not in report.first)
    cut: dict[str, int] = {}
    for (_, action), count in wanted.items():
        if count > 0:
            cut[action] = cut.get(action, 0) + count
    return entries, cut


def _length(row: Row) -> int:
    return len(row.note) + sum(map(len, row.keys)) + sum(len(name) + len(value) for name, value in row.fields)


def _shown(section: Section, wanted: dict[str, int]) -> Iterator[Entry]:
    """The first rows of each action, as many as wanted."""
    name = str(section.name)
    missing = sum(wanted.values())
    for row in section.rows() if missing else ():
        if wanted.get(row.action, 0):
            wanted[row.action] -= 1
            missing -= 1
            yield Entry(name, row)
        if not missing:
            return


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("syncer.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown_text,
    )
    environment.filters["words"] = lambda name: name.replace("_", " ")
    environment.filters["brief"] = lambda text: shorten(redact(text), BRIEF)
    environment.filters["count"] = lambda number: f"{number:,}"
    return environment.get_template("page.html.j2")


def _shown_text(value: Any) -> Any:
    """What goes into the page. Text has no secret left in it; the package's own files stay as they are."""
    return redact(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _text(name: str) -> str:
    return (files("syncer.report") / "page" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """As a Content-Security-Policy names an inline script or style: w3.org/TR/CSP3/#grammardef-hash-source"""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
