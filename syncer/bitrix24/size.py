"""How many commands go into one request: by the seconds they are predicted to take, never by number alone."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from threading import Lock
from typing import Final

from syncer.model.identity import EntityTypeId

MOST_COMMANDS: Final = 50
"""Commands in one batch (settings/how-to-call-rest-api/batch.md)."""
AIM_SECONDS: Final = 15.0
REQUEST_SHARE: Final = 0.33
"""Of `request_seconds` a request is aimed at, at most: a portal may slow down threefold under our feet."""

RECOVERY: Final = 0.5
"""How much of an improvement is believed at once; a slowdown is believed whole."""

SLOWDOWN: Final = 4.0
"""Commands so quick that a full batch would be in time even if each took this many times longer need no growing."""


class BatchSize:
    """Sizes, learned for each kind of command (for creates: its entity type and method); safe for several
    threads.

    Starts with `first` commands, at most doubles with each answer, up to `largest`, and shrinks as soon as an
    answer was slow.
    """

    def __init__(self, request_seconds: float, *, first: int = 10, largest: int = MOST_COMMANDS) -> None:
        self._aim = min(AIM_SECONDS, request_seconds * REQUEST_SHARE)
        self._first = first
        self._largest = largest
        self._most: dict[Hashable, int] = {}
        self._seconds: dict[Hashable, float] = {}
        self._lock = Lock()

    def size(self, kind: Hashable, seconds_left: float | None = None) -> int:
        """Commands for the next request of this kind, at least 1.

        `seconds_left` is what the operating budget still allows (`Pace.seconds_left`).
        """
        with self._lock:
            most, each = self._most.get(kind, self._first), self._seconds.get(kind)
            if not each:
                return most
            if each * self._largest * SLOWDOWN <= self._aim:
                most = self._largest
            seconds = self._aim if seconds_left is None else min(self._aim, seconds_left)
            return max(1, int(min(most, self._largest, seconds / each)))

    def seconds(self, kind: Hashable) -> float | None:
        """Seconds that one is predicted to take; None where nothing was learned."""
        with self._lock:
            return self._seconds.get(kind)

    def learn(self, kind: Hashable, count: int, seconds: float) -> None:
        """An answer came: so many commands took so many of the portal's seconds."""
        if count <= 0:
            return
        each = seconds / count
        with self._lock:
            known = self._seconds.get(kind, each)
            self._seconds[kind] = each if each >= known else known + (each - known) * RECOVERY
            most = self._most.get(kind, self._first)
            if count >= most:
                self._most[kind] = min(self._largest, most * 2)

    def start_from(self, learned: Mapping[tuple[EntityTypeId, str], float]) -> None:
        """Takes over the seconds an item took in earlier runs."""
        with self._lock:
            for kind, seconds in learned.items():
                self._seconds[kind] = seconds

    def learned(self) -> dict[Hashable, float]:
        """Seconds an item takes, by kind."""
        with self._lock:
            return dict(self._seconds)

    def lost(self, kind: Hashable, count: int) -> None:
        """No answer came: the next request of this kind is half as long."""
        with self._lock:
            self._most[kind] = max(1, min(self._most.get(kind, self._first), count) // 2)
