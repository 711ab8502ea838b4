"""Signs of life of long work: a bar on a terminal, a log line every ten seconds elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from syncer.log import for_people, logger
from syncer.plan.plan import Target

HEARTBEAT_SECONDS = 10.0

Progress = Callable[[Target, int], None]


@contextmanager
def progress(event: str, *, total: int | None = None) -> Iterator[Progress]:
    """Gives a function to call with a target and its count of rows so far.

    With `total` the counts are increments towards it. `event` names the work in the log (`plan.reading`).
    """
    if total != 0 and for_people() and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _bar(event, total) as show:
            yield show
    else:
        yield _heartbeat(event, total)


def _heartbeat(event: str, total: int | None) -> Progress:
    counts: dict[int, int] = {}
    last = time.monotonic()

    def beat(target: Target, count: int) -> None:
        nonlocal last
        counts[target.index] = count if total is None else counts.get(target.index, 0) + count
        if time.monotonic() - last >= HEARTBEAT_SECONDS:
            last = time.monotonic()
            logger().info(event, entity=str(target.name), rows=counts[target.index])

    return beat


@contextmanager
def _bar(event: str, total: int | None) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    more = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) if total else (MofNCompleteColumn(),)
    with Bar(*columns, *more, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(event.partition(".")[2], total=total)

        def show(target: Target, count: int) -> None:
            bar.update(task, description=f"{event.partition('.')[2]} {target.name}")
            if total is None:
                bar.update(task, completed=count)
            else:
                bar.advance(task, count)

        yield show
