"""The forms that plans and runs are shown in, and which of them a file gets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

Form = Literal["text", "json", "markdown", "html"]
FORMS: Final[tuple[Form, ...]] = ("text", "json", "markdown", "html")
ENDINGS: Final[Mapping[str, Form]] = {".md": "markdown", ".html": "html", ".json": "json", ".txt": "text"}


def check_place(file: Path) -> str | None:
    """What is wrong with a file to write a report to; None when nothing is."""
    if file.suffix.lower() not in ENDINGS:
        return f"{str(file)!r}: the format is known by the ending, which is one of: {', '.join(ENDINGS)}"
    if file.is_dir():
        return f"{str(file)!r} is a folder"
    if not file.parent.is_dir():
        return f"{str(file)!r}: there is no folder {str(file.parent)!r}"
    if not os.access(file.parent, os.W_OK):
        return f"{str(file)!r}: the folder cannot be written to"
    return None
