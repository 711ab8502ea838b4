"""What SIGINT and SIGTERM do to a command that writes."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Final, Self

SHOW_CURSOR: Final = b"\x1b[?25h"


class Signals:
    """The first lets what is in flight finish; the second leaves at once, also safely. Within `with` alone."""

    def __init__(self) -> None:
        self.stop = Event()
        """Set by the first."""
        self._number = 0
        self._asking = False

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._caught) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def exit_code(self, code: int) -> int:
        """The command's exit code, in place of which a signal puts its own."""
        return 128 + self._number if self._number else code

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While a person is asked: a signal ends the question, as nothing is in flight."""
        self._asking = True
        try:
            yield
        finally:
            self._asking = False

    def answer(self) -> str:
        """The line that the person asked types; empty at the end of input.

        Not `input()`, which misses a signal that comes just before it begins to wait, and waits on.
        """
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        before = signal.set_wakeup_fd(writer)
        try:
            select.select([sys.stdin, reader], [], [])
            return sys.stdin.readline()
        finally:
            signal.set_wakeup_fd(before)
            os.close(reader)
            os.close(writer)

    def _caught(self, number: int, _frame: FrameType | None) -> None:
        if self._number:
            if os.isatty(2):
                os.write(2, SHOW_CURSOR)  # a progress bar hides it
            os._exit(128 + number)
        self._number = number
        self.stop.set()
        if self._asking:
            raise KeyboardInterrupt
        os.write(2, b"stopping: what is in flight is finished first; once more leaves at once\n")
