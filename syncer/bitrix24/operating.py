"""One method's operating budget, as the portal keeps it and as far as its answers tell of it.

The portal counts a method's seconds in ten slices; one leaves, with all that is in it, a window after its first call
(limits.md: one minute each, ten minutes). Answers tell the sum over all slices and when the oldest leaves, but not how
much leaves then. The sums, one after the other, tell that: what a sum is above the one before it belongs to the newest
slice, what it is below has left with the oldest.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import Final

WINDOW_SECONDS: Final = 600.0
SLICES: Final = 10
MARGIN_SECONDS: Final = 1.0
"""The portal tells whole seconds, rounded down."""
UNTOLD_RESET_SECONDS: Final = 10.0
"""Wait where no reset is known; the portal frees one-minute slices."""


@dataclass(slots=True)
class _Slice:
    begun: float
    seconds: float


class Operating:
    """What is known of one method; all moments are by the caller's clock."""

    def __init__(self) -> None:
        self._slices: deque[_Slice] = deque()
        self._older = 0.0
        """Seconds spent before the first answer: in slices that nobody knows."""
        self._at = -inf
        self._resets_at = -inf
        self._window = 0.0
        self._blocked_until = -inf
        self._refusals = 0

    def observe(self, at: float, used: float, resets_in: float | None, duration: float) -> None:
        """An answer of `at` told the sum `used`, and that the oldest slice leaves in so many seconds."""
        if at < self._at:  # it was overtaken by a newer one
            return
        self._refusals = 0
        if self._at == -inf:
            self._begin(at, used, resets_in, duration)
        else:
            self._forget(at, resets_in)
        self._at = at
        self._resets_at = at + (UNTOLD_RESET_SECONDS if resets_in is None else resets_in)
        self._balance(at, used)

    def exhausted(self, now: float, budget: float) -> float:
        """The portal refused a call for want of budget. Seconds to wait: to the reset, else ever longer."""
        if self._at > -inf:  # somebody else spends of it; after the wait one call has to ask what is left
            self._older += max(0.0, budget - self._used(now))
        until = self._resets_at + MARGIN_SECONDS
        if until <= now:
            until = now + UNTOLD_RESET_SECONDS * min(2**self._refusals, 6)
            self._refusals += 1
        self._blocked_until = max(self._blocked_until, until)
        return self._blocked_until - now

    def left(self, now: float, budget: float) -> float | None:
        """Seconds that may still be spent; None before anything was told."""
        return None if self._at == -inf else max(0.0, budget - self._used(now))

    def wait(self, now: float, budget: float) -> float:
        """Seconds until a call may leave; not more than 0: now."""
        if self._blocked_until > now:
            return self._blocked_until - now
        if self._used(now) < budget:
            return 0.0
        if self._older:  # after the reset one call has to ask
            return self._resets_at + MARGIN_SECONDS - now
        leaving = (self._leaves(place) for place in range(len(self._slices)))
        return next((at - now for at in leaving if self._used(at) < budget), 0.0)

    def _begin(self, at: float, used: float, resets_in: float | None, duration: float) -> None:
        self._older = max(0.0, used - duration)
        told = resets_in is not None and not self._older
        self._window = resets_in + MARGIN_SECONDS if told and resets_in else WINDOW_SECONDS
        self._slices.append(_Slice(at - duration, used - self._older))

    def _forget(self, at: float, resets_in: float | None) -> None:
        """Drops the slices that have left by `at`."""
        while self._slices and self._leaves(0) <= at:
            self._slices.popleft()
        if resets_in is not None and self._slices and self._leaves(0) < at + resets_in and not self._older:
            self._slices.popleft()  # another is the oldest now

    def _balance(self, at: float, used: float) -> None:
        """Makes our sum the portal's."""
        more = used - self._older - sum(each.seconds for each in self._slices)
        if more < 0:
            self._leave(-more)
        elif more > 0:
            if not self._slices or at - self._slices[-1].begun >= self._window / SLICES:
                self._slices.append(_Slice(at, 0.0))
            self._slices[-1].seconds += more

    def _leave(self, seconds: float) -> None:
        """So much has left, the oldest first."""
        gone = min(seconds, self._older)
        self._older, seconds = self._older - gone, seconds - gone
        while self._slices and seconds >= self._slices[0].seconds:
            seconds -= self._slices.popleft().seconds
        if self._slices:
            self._slices[0].seconds -= seconds

    def _leaves(self, place: int) -> float:
        """When a slice leaves at the latest: the oldest as told, others a window after they began."""
        oldest = place == 0 and not self._older
        return (self._resets_at if oldest else self._slices[place].begun + self._window) + MARGIN_SECONDS

    def _used(self, now: float) -> float:
        stay = (each.seconds for place, each in enumerate(self._slices) if self._leaves(place) > now)
        return self._older + sum(stay)
