"""What the spec's language has and this version cannot do yet. A line goes when its support comes."""

from __future__ import annotations

from typing import Final

from syncer.spec.codes import Code
from syncer.spec.document import Document
from syncer.spec.problems import Problems

ANY: Final = "*"
KEYS: Final[tuple[tuple[tuple[str, ...], object], ...]] = ((("portal", "oauth"), ANY),)
"""Paths into a spec, and the value that is not supported; `*` stands for any."""


def check(document: Document, problems: Problems) -> None:
    """A finding for every key that would not be obeyed."""
    for path, value in KEYS:
        _check(document, (), path, value, problems)


def _check(
    document: Document, above: tuple[str, ...], path: tuple[str, ...], value: object, problems: Problems
) -> None:
    if not path:
        found = document.root.get(*above)
        if found is not None and found.value is not None and value in (ANY, found.value):
            said = f"`{'.'.join(above)}`" if value == ANY else f"`{above[-1]}: {value}`"
            problems.add(
                Code.NOT_SUPPORTED_YET,
                document.key_span(*above),
                f"{said} is not supported by this version yet",
            )
        return
    node = document.root.get(*above)
    for key in node.mapping if node is not None else ():
        if path[0] in (ANY, key):
            _check(document, (*above, key), path[1:], value, problems)
