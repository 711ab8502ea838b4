"""One method's operating budget, as the portal keeps it and as far as its answers tell of it.

The portal counts a method's seconds in ten slices; one leaves, with all that is in it, a window after its first call
(limits.md: one minute each, ten minutes). Answers tell the sum over all slices and when the oldest leaves, but not how
much leaves then. The sums, one after the other, tell that: what a sum is above the one before it belongs to the newest
slice, what it is below has left with the oldest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Final, Self

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

    def held(self, now: float) -> list[tuple[float, float]]:
        """What is used up of the budget: seconds until a part of it is free again, and seconds of that part."""
        older = [(max(0.0, self._resets_at + MARGIN_SECONDS - now), self._older)] if self._older else []
        slices = [(self._leaves(place) - now, each.seconds) for place, each in enumerate(self._slices)]
        return older + [(leaves_in, seconds) for leaves_in, seconds in slices if leaves_in > 0]

    def kept(self, now: float) -> dict[str, Any] | None:
        """All that is known, as JSON, with every moment as seconds from `now`; None when there is nothing to tell."""
        blocked = max(0.0, self._blocked_until - now)
        if self._at == -inf:
            return {"blocked": blocked} if blocked else None
        return {
            "blocked": blocked,
            "told": self._at - now,
            "resets": self._resets_at - now,
            "window": self._window,
            "older": self._older,
            "slices": [[each.begun - now, each.seconds] for each in self._slices],
        }

    @classmethod
    def recalled(cls, kept: Mapping[str, Any], now: float, passed: float) -> Self:
        """What was `kept` so many seconds ago, less all that has left since. Raises ValueError for what is no such."""
        before, known = now - max(0.0, passed), cls()
        known._blocked_until = before + _number(kept.get("blocked", 0.0))
        if "told" not in kept:
            return known
        known._at, known._resets_at = before + _number(kept["told"]), before + _number(kept.get("resets"))
        known._window, known._older = _number(kept.get("window")), _number(kept.get("older"))
        slices = kept.get("slices")
        for each in slices if isinstance(slices, list) else ():
            begun, seconds = each if isinstance(each, list) and len(each) == 2 else (None, None)
            known._slices.append(_Slice(before + _number(begun), _number(seconds)))
        if known._older and now >= known._at + known._window + MARGIN_SECONDS:
            known._older = 0.0
        if not known._used(now):  # the next answer is as good as a first one
            fresh = cls()
            fresh._blocked_until = known._blocked_until
            return fresh
        return known

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


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"not a number of seconds: {value!r}")
    return float(value)
