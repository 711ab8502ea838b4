"""The findings of a load, gathered so that all are told at once, and the words they are told in."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from syncer.errors import Finding, Span
from syncer.spec.codes import Code

LONGEST_QUOTE = 40


class Problems:
    """Findings in the order they were met; `SpecError` sorts them by place."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._told: set[Finding] = set()
        self._broken: set[Span] = set()

    def add(self, code: Code, span: Span, message: str, hint: str = "") -> None:
        """Records an error, unless it is told already or follows from broken YAML at the same place."""
        finding = Finding(code.value, "error", span, message, hint)
        if finding not in self._told and span not in self._broken:
            self.findings.append(finding)
            self._told.add(finding)
        if code.value < Code.UNKNOWN_KEY.value:
            self._broken.add(span)


KNOWN = 50
"""Names that are listed where none is near."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The advice for a misspelt name: the nearest known one, else all of them, or the first of very many."""
    names = list(known)
    folded = {_fold(each): each for each in reversed(names)}
    near = get_close_matches(_fold(name), folded, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{folded[near[0]]}`?"
    more = ", …" if len(names) > KNOWN else ""
    return f"known here: {', '.join(names[:KNOWN])}{more}" if names else ""


def _fold(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def found(value: Any, *, private: bool) -> str:
    """A value in words; a private one (it may be a secret) by its kind alone."""
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number" if private else f"the number {value}"
        case str():
            return "text" if private else f"the text {quoted(value)}"
        case list():
            return "a list"
        case _:
            return "a mapping"


def quoted(text: str) -> str:
    """Text within a message: one line, quoted, not too long."""
    cut = text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
    return repr(cut)
