"""A command on a terminal: a pseudo-terminal that controls its session, so that Ctrl-C is a signal."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time

from tests.commands.installed import Desk, environment
from tests.forks import SYNCER

SECONDS = 120.0
_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def plain(shown: str) -> str:
    """What a person reads: without colours and movements of the cursor."""
    return _SEQUENCE.sub("", shown).replace("\r\n", "\n")


def on_terminal(desk: Desk, *arguments: str, answer: str = "", **more: str) -> tuple[int, str]:
    """Runs a command, and types `answer` once it asks; its exit code, and all that the terminal was sent."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [SYNCER, *arguments],
        cwd=desk.folder,
        env=environment(TERM="xterm", **more),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=lambda: os.login_tty(theirs),  # noqa: PLW1509 -- nothing else goes on in these tests
    )
    os.close(theirs)
    try:
        shown = _conversation(ours, answer)
        return process.wait(timeout=SECONDS), shown
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _conversation(terminal: int, answer: str) -> str:
    shown, end = b"", time.monotonic() + SECONDS
    while select.select([terminal], [], [], max(0.0, end - time.monotonic()))[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other end is closed
            return shown.decode()
        if not piece:
            return shown.decode()
        shown += piece
        if answer and b"[y/N]: " in shown:
            os.write(terminal, answer.encode())
            answer = ""
    raise AssertionError(f"the command does not end:\n{shown.decode()}")
