"""How many requests may be on their way at once: a number, or as many as the portal bears, found out on the way.

As TCP Vegas and the concurrency limits of Netflix do it. The least that an item ever took is what it takes where
nothing stands in line. While answers take little longer than that, one more request may be on its way for each of them,
which doubles the limit with every round; from the first answer that took much longer on, it grows by one a round. Where
answers take much longer the limit falls, by the share of their time that was spent in line.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from math import inf
from threading import Lock
from typing import Final, Literal

FIRST: Final = 4
"""Requests at once before anything is known of the portal ..."""
MOST_AT_FIRST: Final = 16
WORK_AT_FIRST: Final = 15.0
"""... and up to 16 of short ones: together they ask for no more of the portal's seconds than one long request."""
HELD: Final = 1.25
"""Times the least that an answer may take and still count as held."""
RISEN: Final = 1.6
"""Times the least from which on an answer stood in line. Between the two nothing changes."""
NOISE_SECONDS: Final = 0.1
"""What an answer may be late by without a meaning: a network's and a busy machine's hiccups."""
HALF: Final = 0.5


@dataclass(slots=True)
class _Least:
    """The least seconds of one kind: of the portal's for an item, and of a request's beside its items."""

    item: float = inf
    beside: float = inf

    def expected(self, items: int, worked: float, took: float) -> float:
        """Takes an answer in; the seconds it would have taken if nothing had stood in line."""
        self.item, self.beside = min(self.item, worked / items), min(self.beside, took - worked)
        return self.beside + self.item * items


class InFlight:
    """The limit of one portal; safe for several threads.

    `asked` is the spec's `in_flight`. `most` bounds what `auto` finds: requests that the portal's leaky bucket holds.
    `learned` is the limit that an earlier run ended with.
    """

    def __init__(self, asked: int | Literal["auto"], most: float, *, learned: float | None = None) -> None:
        self._auto = asked == "auto"
        self._most = max(1.0, most)
        self._limit = float(FIRST if asked == "auto" else asked)
        if self._auto:
            self._limit = min(self._limit, self._most)
        self._learned = learned
        self._tried = False
        self._doubling = True
        self._least: dict[Hashable, _Least] = {}
        self._now = self._peak = self._answers = 0
        self._lock = Lock()

    @property
    def most(self) -> int:
        """What the limit never exceeds."""
        return int(self._most if self._auto else self._limit)

    @property
    def learned(self) -> float | None:
        """The limit found so far; None where nothing was tried, or the spec fixes it."""
        return self._limit if self._auto and self._tried else None

    def limit(self, seconds: float | None = None) -> int:
        """Requests that may be on their way at once now. `seconds`: what the next is predicted to take."""
        with self._lock:
            if self._auto and not self._tried and seconds is not None:
                first = self._learned or WORK_AT_FIRST / max(seconds, WORK_AT_FIRST / MOST_AT_FIRST)
                lowest = 1.0 if self._learned else float(FIRST)
                self._limit = min(max(first, lowest), MOST_AT_FIRST, self._most)
            return int(self._limit)

    def leaves(self) -> None:
        """A request is on its way."""
        with self._lock:
            self._now += 1
            self._peak = max(self._peak, self._now)

    def lands(self) -> None:
        """Its answer is there, or lost."""
        with self._lock:
            self._now -= 1

    def learn(self, kind: Hashable, items: int, worked: float, took: float) -> None:
        """An answer came `took` seconds after its request left; the portal says it `worked` so long on so many items.

        Only answers of one kind are compared with each other.
        """
        if not self._auto or items < 1:
            return
        with self._lock:
            self._tried = True
            used = self._used()
            least = self._least.setdefault(kind, _Least())
            alone = least.expected(items, min(worked, took), took)
            if took <= HELD * alone + NOISE_SECONDS:
                if used:  # what was not tried was not borne either
                    self._limit = min(self._most, self._limit + (1.0 if self._doubling else 1.0 / self._limit))
            elif took > RISEN * alone + NOISE_SECONDS:
                self._doubling = False
                if self._limit <= 1.0:  # not our doing: this is what the portal takes now
                    self._least[kind] = _Least()
                self._limit = max(1.0, self._limit - (1.0 - max(HALF, HELD * alone / took)))

    def _used(self) -> bool:
        """Whether half the limit or more was on its way within this round of answers."""
        used = 2 * self._peak >= self._limit
        self._answers += 1
        if self._answers >= self._limit:
            self._answers, self._peak = 0, self._now
        return used

    def lost(self) -> None:
        """No answer came: half as many may be on their way."""
        if self._auto:
            with self._lock:
                self._tried, self._doubling = True, False
                self._limit = max(1.0, self._limit * HALF)
