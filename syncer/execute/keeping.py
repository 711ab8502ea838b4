"""Keeping the lease: it is renewed well before it runs out, by the thread that owns the ledger.

Whatever sends looks at the lease too, by this process's own clock: a process that stood still while its lease ran out
finds out before the next request leaves, and without asking anybody.
"""

from __future__ import annotations

import time
from threading import Event
from typing import Final

from syncer.execute.failpoints import Failpoint, reached
from syncer.log import logger
from syncer.store import Hold, State

HEARTBEAT_SECONDS: Final = 10.0

_WITH_SLEEP: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


def clock() -> float:
    """Seconds that never go back and, where the system can tell, count the time it slept."""
    return time.monotonic() if _WITH_SLEEP is None else time.clock_gettime(_WITH_SLEEP)


class Keeper:
    """Renews a lease of `seconds` whenever a third of it has passed; `keep` costs nothing before that.

    `asked_at`: by `clock`, before the state was asked for the lease, which so runs a little longer than we think.
    """

    def __init__(self, state: State, hold: Hold, seconds: float, *, asked_at: float) -> None:
        self._state = state
        self._hold = hold
        self._seconds = seconds
        self._ends = asked_at + seconds
        self._next = asked_at + seconds / 3

    @property
    def patience(self) -> float:
        """How long a caller may wait for something else before it calls `keep` again."""
        return self._seconds / 3

    def wait(self, seconds: float, stop: Event) -> None:
        """Waits, the lease kept, with a sign of life every ten seconds; ends early when `stop` is set."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not stop.is_set():
            logger().info("run.settling", seconds_left=round(left))
            stop.wait(min(left, HEARTBEAT_SECONDS, self.patience))
            self.keep()

    def keep(self) -> None:
        """Raises StateLockedError when another run has taken the lease."""
        now = clock()
        if now >= self._next:
            self._state.lease.renew(self._hold, self._seconds)
            self._ends = now + self._seconds
            self._next = now + self._seconds / 3

    def may_leave(self) -> bool:
        """Whether a request may leave now: the lease is ours and runs. For any thread, right before it sends."""
        held = clock() < self._ends
        reached(Failpoint.REQUEST_LEAVES)
        return held

    def end(self) -> None:
        """Nothing leaves any more."""
        self._ends = 0.0
