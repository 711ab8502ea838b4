"""A file that keeps what the state could not: sealed tokens, for their owner alone, until the state takes them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


class Refuge:
    """The first of `folders` that can be written. `name` tells one portal's tokens from another's."""

    def __init__(self, folders: Sequence[Path], name: str) -> None:
        self._files = tuple(folder / f"syncer-{name[:16]}.tokens" for folder in folders)

    def keep(self, sealed: str, *, instead_of: str | None) -> Path | None:
        """Writes the file, to be taken in place of what the state has; None where no folder lets it."""
        text = json.dumps({"sealed": sealed, "instead_of": digest(instead_of)})
        for file in self._files:
            fresh = file.with_suffix(".new")
            with suppress(OSError):
                file.parent.mkdir(parents=True, exist_ok=True)
                fresh.unlink(missing_ok=True)
                with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:  # noqa: PTH123
                    opened.write(text)
                    opened.flush()
                    os.fsync(opened.fileno())
                fresh.replace(file)
                return file
            with suppress(OSError):  # a full disk leaves an empty one
                fresh.unlink(missing_ok=True)
        return None

    def instead_of(self, row: str | None) -> str | None:
        """What a file keeps in place of this row of the state; None when there is none, or the row is a newer one."""
        for file in self._files:
            with suppress(OSError, ValueError, TypeError, KeyError):
                if file.stat().st_uid != os.geteuid():  # the system's folder for temporary files is everybody's
                    continue
                found = json.loads(file.read_text())
                if found["instead_of"] == digest(row):
                    return str(found["sealed"])
        return None

    def clear(self) -> None:
        """The state has taken them."""
        for file in self._files:
            with suppress(OSError):
                file.unlink(missing_ok=True)


def digest(*texts: str | None) -> str:
    """A name for texts that tells nothing of them."""
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()
