"""The embedded portal of `portal.sandbox`: a server of its own, started for the command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from syncer.errors import PortalUnreachable
from syncer.spec import WebhookUrl


@contextmanager
def embedded_portal(file: Path) -> Iterator[tuple[WebhookUrl, str]]:
    """Starts the sandbox on a file; gives its webhook and its UUID.

    It ends with the command, however that ends: it listens to the end of its stdin.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(file, f"{error.filename}: {error.strerror}") from error
    process = subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, "-m", "syncer.sandbox", "--port", "0", "--db", str(file), "--follow-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the command: what is in flight is finished first
    )
    try:
        assert process.stdout is not None
        url = _told(process, process.stdout, "PORTAL ", file)
        uuid = _told(process, process.stdout, "UUID ", file)
        yield WebhookUrl(url), uuid
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=30)


def _told(process: subprocess.Popen[str], lines: IO[str], word: str, file: Path) -> str:
    line = lines.readline().strip()
    if not line.startswith(word):
        assert process.stderr is not None
        raise _unusable(file, process.stderr.read().strip().removeprefix("syncer sandbox: ") or line)
    return line.removeprefix(word)


def _unusable(file: Path, why: str) -> PortalUnreachable:
    return PortalUnreachable(
        f"the embedded portal cannot use {file}",
        detail=why,
        hint="name a file of a sandbox, or one that does not exist yet, in `portal.sandbox` or --portal sandbox:PATH",
    )
