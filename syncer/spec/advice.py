"""What a YAML parser's complaint means to the person who wrote the file."""

from __future__ import annotations

import re
import unicodedata

import yaml

_STRANGE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OPEN_TEMPLATE = re.compile(r"""(?:[:\[,]|-)\s+\{\{""")

_HINTS = (
    ("mapping values are not allowed", "quote text that holds `: `, or mend the indentation of this line"),
    ("found unexpected end of stream", "a quote or bracket that was opened is never closed"),
    ("unexpected end of", "a quote or bracket that was opened is never closed"),
    (
        "could not find expected ':'",
        "a key is followed by `: ` and its value; text of several lines wants `|`",
    ),
    (
        "did not find expected key",
        "keys of one mapping start in the same column; quote text that starts with a quote",
    ),
    ("did not find expected '-' indicator", "elements of one list start in the same column, each with `- `"),
    (
        "expected <block end>",
        "keys of one mapping start in the same column; quote text that starts with a quote",
    ),
    (
        "did not find expected ',' or",
        "elements within brackets are separated by `, `, and the bracket is closed",
    ),
    ("expected ',' or", "elements within brackets are separated by `, `, and the bracket is closed"),
    ("cannot start any token", "quote text that starts with this character"),
    ("unknown escape character", "use single quotes, or write the backslash twice"),
    ("expected alphabetic or numeric character", "quote text that starts with `&` or `*`"),
    ("block sequence entries are not allowed", "start the list on a line of its own"),
    ("unexpected simple key", "mend the indentation of this line"),
)


def advice(error: yaml.MarkedYAMLError, text: str) -> tuple[str, str]:
    """What is wrong, and how to mend it."""
    problem = str(error.problem or "the YAML cannot be read").strip()
    context = str(error.context or "").strip()
    mark = error.problem_mark or error.context_mark
    message = f"YAML: {problem}" + (f" ({context})" if context else "")
    line = _line(text, mark.line) if mark is not None else ""
    started = _line(text, error.context_mark.line) if error.context_mark is not None else ""
    if mark is not None and "\t" in line[: mark.column + 1]:
        return "YAML: a tab cannot be used for indentation", "indent with spaces"
    if _OPEN_TEMPLATE.search(line) or _OPEN_TEMPLATE.search(started):
        return message, 'put the template in quotes: "{{ … }}"'
    if re.search(r"[{\[,]\s*(?:\w+:\s+)?\$\{", line):
        return message, "put ${…} in quotes within { } and [ ]"
    hint = next((hint for words, hint in _HINTS if words in problem), "")
    return message, hint or next((hint for words, hint in _HINTS if words in context), "")


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number] if number < len(lines) else ""


def not_text(text: str) -> tuple[int, int, str] | None:
    """Line, column and name of the first character that YAML does not allow."""
    hit = _STRANGE.search(text)
    if hit is None:
        return None
    before = text[: hit.start()]
    line = before.count("\n") + 1
    column = hit.start() - (before.rfind("\n") + 1) + 1
    name = unicodedata.name(hit.group(), f"U+{ord(hit.group()):04X}")
    return line, column, name
