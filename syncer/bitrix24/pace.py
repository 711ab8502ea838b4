"""When a request may leave, so that the portal refuses none.

Two budgets, as the portal counts them (limits.md): a leaky bucket of requests for the whole portal, and
operating seconds a method. The bucket is kept here as the portal keeps its own, a little below the brim,
because requests sent apart may arrive together. What others spend of either shows as a refusal, and the
refusal corrects our picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Event, Lock
from typing import Final, Literal, Protocol

from syncer.bitrix24.transport import Time

JITTER_SECONDS: Final = 1.0
"""How far apart two requests may travel; the bucket stays this long's drain below its brim."""
LONGEST_REFUSAL_WAIT: Final = 16.0
UNTOLD_RESET_SECONDS: Final = 10.0
"""Wait after OPERATION_TIME_LIMIT where no reset is known; the portal frees one-minute slices."""
CLOCK_MARGIN_SECONDS: Final = 1.0
INSTANT_SECONDS: Final = 1e-6


class Limits(Protocol):
    """`portal.limits` of a spec."""

    @property
    def burst(self) -> int: ...
    @property
    def requests_per_second(self) -> float: ...
    @property
    def operating_seconds(self) -> float: ...
    @property
    def operating_share(self) -> float: ...
    @property
    def request_seconds(self) -> float: ...
    @property
    def in_flight(self) -> int | Literal["auto"]: ...


@dataclass(slots=True)
class _Operating:
    """One method's budget: its newest known sum, and our clock's time until which that sum stands."""

    used: float = 0.0
    stands_until: float = 0.0
    blocked_until: float = 0.0
    refusals: int = 0


class Pace:
    """The leaky bucket and the operating budgets of one portal; safe for several threads.

    `start_level` is the bucket's level now (kept from an earlier run). `clock` gives seconds that never go
    back.
    """

    def __init__(
        self, limits: Limits, *, start_level: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = limits.requests_per_second
        self._burst = float(limits.burst)
        self._room = max(1.0, self._burst - max(1.0, self._rate * JITTER_SECONDS))
        self._budget = limits.operating_seconds * limits.operating_share
        self._clock = clock
        self._lock = Lock()
        self._level = max(0.0, start_level)
        self._as_of = self._started = clock()
        self._operating: dict[str, _Operating] = {}

    def level(self) -> float:
        """Requests in the bucket now: what to start with next time, less what drains until then."""
        with self._lock:
            return self._drained()

    def instead(self, assumed: float, spent: float) -> None:
        """Of the level at the start, `assumed` requests were a guess; they were `spent` ones."""
        with self._lock:
            gone = (self._clock() - self._started) * self._rate
            self._level = max(0.0, self._drained() + max(0.0, spent - gone) - max(0.0, assumed - gone))

    def acquire(self, methods: Iterable[str] = (), *, stop: Event | None = None) -> bool:
        """Waits until a request that calls these methods may leave, and counts it. False when `stop` was
        set.
        """
        called, stopped = frozenset(methods), stop or Event()
        while not stopped.is_set():
            with self._lock:
                wait = max(self._bucket_wait(), self._methods_wait(called))
                if wait <= INSTANT_SECONDS:
                    self._level += 1
                    return True
            stopped.wait(wait)
        return False

    def refused(self, attempt: int) -> float:
        """QUERY_LIMIT_EXCEEDED: the bucket is full. `attempt` counts this request's refusals from 0.

        The wait grows with it, for then somebody else is filling the bucket. Returns the seconds until it
        has room.
        """
        with self._lock:
            longer = self._rate * min(2.0**attempt - 1, LONGEST_REFUSAL_WAIT)
            self._level = max(self._drained(), self._burst + longer)
            return self._bucket_wait()

    def observe(self, method: str, told: Time) -> None:
        """Takes in the operating counter of an answer. It is a sum already; where nothing is told nothing
        is known.
        """
        if told.operating is None:
            return
        now = self._clock()
        stands = 0.0
        if told.operating_reset_at is not None and told.finish is not None:
            stands = max(0.0, told.operating_reset_at - told.finish) + CLOCK_MARGIN_SECONDS
        with self._lock:
            budget = self._operating.setdefault(method.casefold(), _Operating())
            budget.used, budget.stands_until, budget.refusals = told.operating, now + stands, 0

    def exhausted(self, method: str) -> float:
        """OPERATION_TIME_LIMIT: the method waits for its reset, others go on. Returns the seconds to wait."""
        now = self._clock()
        with self._lock:
            budget = self._operating.setdefault(method.casefold(), _Operating())
            if budget.stands_until <= now:
                budget.stands_until = now + UNTOLD_RESET_SECONDS * min(2**budget.refusals, 6)
                budget.refusals += 1
            budget.blocked_until = max(budget.blocked_until, budget.stands_until)
            return budget.blocked_until - now

    def seconds_left(self, method: str) -> float | None:
        """Operating seconds that the method may still use before its next reset; None when unknown."""
        with self._lock:
            budget = self._operating.get(method.casefold())
            if budget is None or budget.stands_until <= self._clock():
                return None
            return max(0.0, self._budget - budget.used)

    def _drained(self) -> float:
        now = self._clock()
        self._level = max(0.0, self._level - (now - self._as_of) * self._rate)
        self._as_of = now
        return self._level

    def _bucket_wait(self) -> float:
        return (self._drained() + 1 - self._room) / self._rate

    def _methods_wait(self, methods: frozenset[str]) -> float:
        now = self._clock()
        wait = 0.0
        for method in methods:
            budget = self._operating.get(method.casefold())
            if budget is None:
                continue
            spent = budget.used >= self._budget
            wait = max(wait, budget.blocked_until - now, budget.stands_until - now if spent else 0.0)
        return wait
