"""A file that a row attaches: where it lies and what is in it, never the content itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

LARGEST: Final = 32_000_000
"""Bytes that the files of one row have together, at most: a request holds them whole, in memory here and there."""


class NoAttachment(Exception):
    """A file that cannot be sent, or is not the one that was planned; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file below the spec's `attachments`: its path there, `sha256:…` of its content, and its bytes."""

    path: str
    digest: str
    size: int

    @property
    def name(self) -> str:
        """The file's own name, under which the portal keeps it."""
        return self.path.rpartition("/")[2]


def attached(fields: Mapping[str, Any]) -> Iterator[Attachment]:
    """Every file in the fields of a row."""
    for value in fields.values():
        if value.__class__ is Attachment:
            yield value
        elif value.__class__ is list:
            yield from (inner for inner in value if inner.__class__ is Attachment)


def with_content(fields: Mapping[str, Any], content: Callable[[Attachment], str]) -> dict[str, Any]:
    """The fields as a portal takes them: `[name, base64]` for each file.

    Source: api-reference/files/how-to-upload-files.md.
    """

    def one(value: Any) -> Any:
        return [value.name, content(value)] if value.__class__ is Attachment else value

    return {
        name: [one(inner) for inner in value] if value.__class__ is list else one(value)
        for name, value in fields.items()
    }
