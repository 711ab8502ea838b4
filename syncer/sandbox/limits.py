"""The limits of a portal: a leaky bucket of requests, seconds of work per method, and its own workers.

limits.md (= settings/performance/limits.md). What it leaves open: calls shorter than 0.1 s show `operating`
0 in the documented samples, so measured time counts from there; simulated cost always counts.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from syncer.sandbox.options import Settings
from syncer.sandbox.refusal import Refusal

COUNTED_FROM = 0.1
BUCKETS = 10


class LeakyBucket:
    """Requests of the whole portal: they drain at a steady rate, and one that does not fit is refused."""

    def __init__(self) -> None:
        self.level = 0.0
        self._at = time.monotonic()

    def admit(self, settings: Settings) -> None:
        """Counts a request. Raises 503 QUERY_LIMIT_EXCEEDED, without counting it, when the bucket is full."""
        if not settings.limits:
            return
        now = time.monotonic()
        self.level = max(0.0, self.level - (now - self._at) * settings.requests_per_second)
        self._at = now
        if self.level + 1 > settings.burst:
            raise Refusal("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)
        self.level += 1


class OperatingBudget:
    """Seconds of work per method in ten buckets, each gone a window after its first call."""

    def __init__(self) -> None:
        self._buckets: dict[str, deque[list[float]]] = {}  # method -> [first call, seconds], oldest first

    def admit(self, method: str, settings: Settings) -> None:
        """Raises 429 OPERATION_TIME_LIMIT while the method's sum is at its limit."""
        if settings.limits and self.spent(method, settings) >= settings.operating_seconds:
            raise Refusal("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit", 429)

    def spend(self, method: str, seconds: float, measured: float, settings: Settings) -> None:
        """Counts `seconds` of simulated and, when long enough, of measured work."""
        counted = seconds + (measured if measured >= COUNTED_FROM else 0.0)
        if not counted:
            return
        now = time.time()
        buckets = self._buckets.setdefault(method, deque())
        if not buckets or now - buckets[-1][0] >= settings.operating_window / BUCKETS:
            buckets.append([now, 0.0])
        buckets[-1][1] += counted

    def spent(self, method: str, settings: Settings) -> float:
        """The sum a call of the method finds."""
        buckets = self._buckets.get(method)
        if not buckets:
            return 0.0
        now = time.time()
        while buckets and now - buckets[0][0] >= settings.operating_window:
            buckets.popleft()
        return sum(seconds for _, seconds in buckets)

    def reset_at(self, method: str, settings: Settings) -> int:
        """When the oldest bucket leaves, as a unix time."""
        buckets = self._buckets.get(method)
        return int((buckets[0][0] if buckets else time.time()) + settings.operating_window)

    def clear(self) -> None:
        """Forgets everything spent."""
        self._buckets.clear()


class Workers:
    """Requests that are worked on at the same time; others stand in line, as before a web server's processes.

    The documentation names no number; a portal has one all the same.
    """

    def __init__(self) -> None:
        self._busy = 0
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def one(self, most: int) -> AsyncIterator[None]:
        """A worker, once fewer than `most` are busy (0: at once)."""
        async with self._freed:
            await self._freed.wait_for(lambda: not most or self._busy < most)
            self._busy += 1
        try:
            yield
        finally:
            async with self._freed:
                self._busy -= 1
                self._freed.notify()
