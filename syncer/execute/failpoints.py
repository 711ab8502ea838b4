"""Points at which a run can be made to die or to stand still, so that tests see what the next run makes of it.

    SYNCER_FAILPOINT=intended               the process kills itself (SIGKILL) when it gets there
    SYNCER_FAILPOINT=answered:2             … when it gets there after two times that it passed
    SYNCER_FAILPOINT=request_leaves:0:stop  it stands still (SIGSTOP) there until somebody sends it SIGCONT

The variable is read once, when the module is loaded; `arm` reads it again after a fork. In a process without it
`reached` does nothing, and no spec, option or file can turn a point on.
"""

from __future__ import annotations

import os
import signal
import threading
from enum import StrEnum
from itertools import count

from syncer.errors import UsageError

VARIABLE = "SYNCER_FAILPOINT"


class Failpoint(StrEnum):
    """The points, in the order a run comes by them. Each has a row in tests/faults/test_failpoints.py."""

    LEASE_TAKEN = "lease_taken"
    PLANNING = "planning"  # some rows are planned, under the lease
    ADOPTED = "adopted"  # what the portal had before is recorded
    INTENDING = "intending"  # a batch is made, and its intents are not committed yet
    INTENDED = "intended"  # … and now they are
    SUBMITTED = "submitted"  # the batch may be waiting for its turn, may have left, may be answered
    REQUEST_LEAVES = "request_leaves"  # nothing is asked any more between here and the first byte
    ANSWERED = "answered"  # the answer is here, and not recorded yet
    RECORDED = "recorded"  # … and now it is
    LOOKED_UP = "looked_up"  # the portal told what became of lost answers; nothing of it is recorded
    SETTLED = "settled"  # … and now it is
    SWEEPING = "sweeping"  # everything is sent; what was created is looked up next
    SWEPT = "swept"
    RELEASING = "releasing"  # the lease is given back next


def reached(point: Failpoint) -> None:
    """The run is here."""
    if _armed is not None:
        _armed.reached(point)


class _Armed:
    """The one point at which this process ends or stops. Several threads may come by."""

    def __init__(self, setting: str) -> None:
        name, _, rest = setting.partition(":")
        passes, _, action = rest.partition(":")
        if name not in set(Failpoint) or not (passes or "0").isdecimal() or action not in ("", "stop"):
            raise UsageError(
                f"{VARIABLE} is {setting!r}; write POINT, POINT:PASSES or POINT:PASSES:stop",
                detail=f"the points are {', '.join(Failpoint)}",
            )
        self._point = Failpoint(name)
        self._passes = int(passes or "0")
        self._signal = signal.SIGSTOP if action else signal.SIGKILL
        self._times = count()

    def reached(self, point: Failpoint) -> None:
        if point is self._point and next(self._times) == self._passes:
            # to this thread, which therefore runs no further; the rest of the process follows it
            signal.pthread_kill(threading.get_ident(), self._signal)


_armed: _Armed | None = None


def arm() -> None:
    """Reads the variable. Raises UsageError for what names no point."""
    global _armed  # noqa: PLW0603 -- one point a process
    _armed = _Armed(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None


arm()
