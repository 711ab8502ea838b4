"""A run is told to stop as soon as a fault has struck."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from tests.plan.project import Project


@contextmanager
def stopping(project: Project, stop: Event) -> Iterator[None]:
    """Sets `stop` when the portal has spoiled a request and the run has written down that the answer is lost."""

    def watch() -> None:
        until = time.monotonic() + 120
        while not any(each.status == "unknown" for each in project.known().values()):
            assert time.monotonic() < until, "nothing was lost"
            time.sleep(0.01)
        stop.set()

    thread = Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        thread.join()
