"""What the portal was asked: counters, and the last requests."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

KEPT = 2000


class Journal:
    """Requests as they ended, and how often each method ran."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Counts from nothing again."""
        self.requests = 0
        self.refused = 0  # by a limit
        self.refused_calls = 0  # ... within batches that went through
        self.by_status: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()  # methods that ran, those in batches too
        self.entries: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def note(self, entry: dict[str, Any]) -> None:
        """A request that ended; `status` is 0 when its connection was closed on purpose."""
        self.requests += 1
        self.by_status[str(entry["status"])] += 1
        if entry["error"] in ("QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT"):
            self.refused += 1
        self.entries.append(entry)

    def counters(self) -> dict[str, Any]:
        """All counters."""
        return {
            "requests": self.requests,
            "refused": self.refused,
            "refused_calls": self.refused_calls,
            "by_status": dict(self.by_status),
            "calls": dict(self.calls),
        }
