"""When a request may leave, so that the portal refuses none.

Two budgets, as the portal counts them (limits.md): a leaky bucket of requests for the whole portal, and
operating seconds a method. The bucket is kept here as the portal keeps its own, a little below the brim,
because requests sent apart may arrive together. What others spend of either shows as a refusal, and the
refusal corrects our picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from threading import Event, Lock
from typing import Any, Final, Literal, Protocol

from syncer.bitrix24.operating import Operating
from syncer.bitrix24.transport import Time

JITTER_SECONDS: Final = 1.0
"""How far apart two requests may travel; the bucket stays this long's drain below its brim."""
LONGEST_REFUSAL_WAIT: Final = 16.0
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
        self._operating: dict[str, Operating] = {}

    @property
    def room(self) -> float:
        """Requests that the empty bucket takes at once."""
        return self._room

    def turn(self, methods: Iterable[str] = ()) -> float:
        """Seconds until a request that calls these methods may leave; 0: now."""
        with self._lock:
            wait = max(self._bucket_wait(), self._methods_wait(frozenset(methods)))
            return wait if wait > INSTANT_SECONDS else 0.0

    def free(self) -> int:
        """Requests that the bucket takes now."""
        with self._lock:
            return max(0, int(self._room - self._drained() + INSTANT_SECONDS))

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

    def observe(self, method: str, told: Time, *, landed: float | None = None) -> None:
        """Takes in the operating counter of an answer. It is a sum already; where nothing is told nothing is known.

        `landed`: when by the portal's clock the whole answer was ready, of which this one is a part.
        """
        if told.operating is None:
            return
        now, resets_in = self._clock(), None
        if told.finish is not None:
            now -= max(0.0, (landed or told.finish) - told.finish)
            if told.operating_reset_at is not None:
                resets_in = max(0.0, told.operating_reset_at - told.finish)
        with self._lock:
            self._budget_of(method).observe(now, told.operating, resets_in, told.duration or 0.0)

    def exhausted(self, method: str) -> float:
        """OPERATION_TIME_LIMIT: the method waits for its reset, others go on. Returns the seconds to wait."""
        with self._lock:
            return self._budget_of(method).exhausted(self._clock(), self._budget)

    def seconds_left(self, method: str) -> float | None:
        """Operating seconds that the method may still use, as far as is known; None when nothing is."""
        with self._lock:
            return self._budget_of(method).left(self._clock(), self._budget)

    def held(self, method: str) -> list[tuple[float, float]]:
        """What is used up of the method's budget: seconds until a part is free again, and seconds of that part."""
        with self._lock:
            return self._budget_of(method).held(self._clock())

    def kept(self) -> dict[str, Any]:
        """What is known of the operating budgets, by method, as JSON: what `recall` takes."""
        with self._lock:
            now = self._clock()
            return {method: kept for method, each in self._operating.items() if (kept := each.kept(now)) is not None}

    def recall(self, kept: Mapping[str, Any], passed: float) -> None:
        """Starts from what an earlier run `kept` so many seconds ago. What is not of its form teaches nothing."""
        with self._lock:
            now = self._clock()
            for method, each in kept.items():
                with suppress(ValueError):
                    self._operating[method] = Operating.recalled(each if isinstance(each, Mapping) else {}, now, passed)

    def _budget_of(self, method: str) -> Operating:
        return self._operating.setdefault(method.casefold(), Operating())

    def _drained(self) -> float:
        now = self._clock()
        self._level = max(0.0, self._level - (now - self._as_of) * self._rate)
        self._as_of = now
        return self._level

    def _bucket_wait(self) -> float:
        return (self._drained() + 1 - self._room) / self._rate

    def _methods_wait(self, methods: frozenset[str]) -> float:
        now = self._clock()
        return max((self._budget_of(each).wait(now, self._budget) for each in methods), default=0.0)
