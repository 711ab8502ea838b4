"""A report as Markdown for a pull request: the summary first, details folded, never longer than a comment may be.

Text of rows stands in code alone, where Markdown has no markup, no links, no mentions and no references; a fence is
longer than any run of backticks in it. Of the rest only what is plainly harmless stands outside of code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from syncer.report.report import Report, Row, Section
from syncer.report.text import counted, shorten

LIMIT: Final = 65_000
"""Characters of a report: a comment on GitHub has 65,536 at most."""

ENTITIES_SHOWN: Final = 100
STORED_SHOWN: Final = 50
FACTS_SHOWN: Final = 20
LONGEST_LINE: Final = 300
LONGEST_COMMAND: Final = 4000
FOR_THE_NOTE: Final = 400
FOR_A_FOLD: Final = 200
"""Characters kept free for the note of what was cut, and for what is around the rows of a fold."""

_SIGNS: Final = {
    "create": "+",
    "adopt": "=",
    "blocked": "!",
    "unknown": "?",
    "failed": "-",
    "ambiguous": "?",
    "changed": "~",
    "deleted": "-",
}
_PLAIN: Final = re.compile(r"[A-Za-z0-9 ,:;()·%]*(?:\.\d[A-Za-z0-9 ,:;()·%]*)*\.?")
_LOOKS_LIKE_A_COMMIT: Final = re.compile(r"[0-9a-f]{7,}|:\w+:")


def markdown(report: Report) -> str:
    """The report, of at most `LIMIT` characters, with a note that says what was cut."""
    head, room = [], LIMIT - FOR_THE_NOTE
    for piece in _head(report):
        if len(piece) <= room:
            head.append(piece)
            room -= len(piece)
    folds, left_out = _folds(report, room)
    return "".join([*head, *folds, _cut(left_out) if left_out else ""])


def code(text: str) -> str:
    """Text in a code span, within a table too."""
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{ticks}{pad}{text.replace('|', chr(92) + '|')}{pad}{ticks}"


def prose(text: str) -> str:
    """A sentence that may hold text of a row: as it is when nothing in it can mean anything, else in code."""
    harmless = _PLAIN.fullmatch(text) and not _LOOKS_LIKE_A_COMMIT.search(text)
    return text if harmless else code(text)


def fence(lines: Sequence[str], language: str = "") -> str:
    """Lines in a block of code that nothing in them can end."""
    ticks = "`" * max(3, *(_longest_run(line) + 1 for line in lines))
    return "\n".join([f"{ticks}{language}", *lines, ticks]) + "\n"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _head(report: Report) -> Iterator[str]:
    counts = " · ".join(f"{count:,} {_words(name)}" for name, count in report.tally.items() if count)
    yield f"### syncer {report.title.lower()}: {counts or 'no rows'}\n\n"
    for warning in report.warnings[:FACTS_SHOWN]:
        yield f"**Warning:** {prose(shorten(warning, 4 * LONGEST_LINE))}\n\n"
    yield from _table(report)
    for sentence in report.sentences[:FACTS_SHOWN]:
        yield f"{prose(shorten(sentence, 4 * LONGEST_LINE))}\n\n"
    yield from _stored(report)
    yield from (f"* {name}: {code(shorten(text, LONGEST_LINE))}\n" for name, text in report.facts[:FACTS_SHOWN])
    if report.command is not None and len(report.command) <= LONGEST_COMMAND:
        yield f"\nNext:\n\n{fence([report.command], 'sh')}"


def _table(report: Report) -> Iterator[str]:
    if not report.sections:
        return
    columns = report.columns
    yield f"| entity | type |{''.join(f' {_words(name)} |' for name in columns)}\n"
    yield f"|---|---|{'--:|' * len(columns)}\n"
    for section in report.sections[:ENTITIES_SHOWN]:
        counts = "".join(f" {section.counts[name]:,} |" if section.counts[name] else " |" for name in columns)
        yield f"| {code(shorten(str(section.name), 120))} | {prose(section.kind)} |{counts}\n"
    if (more := len(report.sections) - ENTITIES_SHOWN) > 0:
        yield f"\n… and {counted(more, 'more entity', 'more entities')}.\n"
    yield "\n"


def _stored(report: Report) -> Iterator[str]:
    if not report.stored:
        return
    yield "Stored otherwise than sent:\n\n| entity | field | how | items | such as | sent | stored |\n"
    yield "|---|---|---|--:|---|---|---|\n"
    for each in report.stored[:STORED_SHOWN]:
        field, *texts = (code(shorten(each.field, 100)), *(code(shorten(text, 60)) for text in each.texts))
        yield f"| {code(each.entity)} | {field} | {each.kind} | {each.count:,} | {' | '.join(texts)} |\n"
    if len(report.stored) > STORED_SHOWN:
        yield f"\n… and {counted(len(report.stored) - STORED_SHOWN, 'more field')}.\n"
    yield "\n"


@dataclass(slots=True)
class _Fold:
    """Rows of an entity below one line that opens them."""

    section: Section
    actions: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        return {name: self.section.listed[name] for name in self.actions if self.section.listed[name]}

    def text(self, room: int) -> tuple[str, dict[str, int]]:
        """As much as there is room for, and how many rows of each action are left out."""
        left = self.counts
        summary = " · ".join(f"{count:,} {_words(name)}" for name, count in left.items())
        name = escape(shorten(str(self.section.name), 120))
        top = f"\n<details><summary><code>{name}</code>: {summary}</summary>\n\n"
        bottom = "\n</details>\n"
        room -= len(top) + len(bottom) + FOR_A_FOLD
        lines, longest = [], 0
        wanted = sum(left.values())
        for row in self.section.rows():
            if not wanted:
                break
            if row.action not in left:
                continue
            more = list(_lines(row))
            longest = max(longest, *map(_longest_run, more))
            room -= sum(len(line) + 1 for line in more)
            if room < 2 * longest:
                break
            lines += more
            left[row.action] -= row.count
            wanted -= row.count
        left = {name: count for name, count in left.items() if count}
        if not lines:
            return "", left
        if left:
            lines.append(f"… and {_told(left)}")
        return top + fence(lines, "diff") + bottom, left


def _folds(report: Report, room: int) -> tuple[list[str], dict[str, int]]:
    """What is to be looked at first, then the rest, and how many rows of each action are left out.

    The shortest folds get their room first, and each an equal part of what is left: a long one crowds out no other.
    """
    listed = tuple(dict.fromkeys(name for section in report.sections for name in section.listed))
    first = tuple(name for name in listed if name in report.first)
    rest = tuple(name for name in listed if name not in first)
    folds = [_Fold(section, actions) for actions in (first, rest) for section in report.sections]
    folds = [fold for fold in folds if fold.counts]
    texts = [""] * len(folds)
    left_out = dict.fromkeys((*first, *rest), 0)
    shortest = sorted(range(len(folds)), key=lambda place: sum(folds[place].counts.values()))
    for done, place in enumerate(shortest):
        texts[place], left = folds[place].text(room // (len(folds) - done))
        room -= len(texts[place])
        for name, count in left.items():
            left_out[name] += count
    return texts, {name: count for name, count in left_out.items() if count}


def _lines(row: Row) -> Iterator[str]:
    sign = _SIGNS.get(row.action, "·")
    note = f"  {row.note}" if row.note else ""
    yield f"{sign} {row.key}{note}"
    longest = max((len(name) for name, _ in row.fields), default=0)
    for name, value in row.fields:
        yield f"    {name:<{longest}}  {shorten(value, LONGEST_LINE)}"


def _cut(left_out: dict[str, int]) -> str:
    return (
        f"\n**Cut** to {LIMIT:,} characters: {_told(left_out)} are counted above and not listed. "
        "An HTML report lists more, and JSON lists all.\n"
    )


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} more {_words(name)}" for name, count in counts.items())


def _words(name: str) -> str:
    return name.replace("_", " ")
