"""What the portal was asked: counters, the last requests, and which of them made an item."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

KEPT = 2000  # requests
KEPT_ITEMS = 50_000


@dataclass(slots=True)
class Asked:
    """One request, from when it came in: what it called, and what that cost."""

    number: int  # the first one of a process is 1
    at: float  # unix time
    method: str
    calls: Counter[str] = field(default_factory=Counter)  # its method, or those of a batch -> how often
    errors: Counter[str] = field(default_factory=Counter)  # codes of calls -> how often
    cost: float = 0.0  # seconds that its calls took, the simulated ones too


@dataclass(frozen=True, slots=True)
class Made:
    """Where an item came from."""

    asked: Asked
    method: str  # of the call, which may be one of a batch


class Journal:
    """Requests as they ended, and how often each method ran."""

    def __init__(self) -> None:
        self._number = 0
        self.clear()

    def clear(self) -> None:
        """Counts from nothing again."""
        self.requests = 0
        self.refused = 0  # by a limit
        self.refused_calls = 0  # ... within batches that went through
        self.by_status: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()  # methods that ran, those in batches too
        self.entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._made: dict[tuple[int, int], Made] = {}  # (type, id), the oldest first

    def begin(self, at: float, method: str) -> Asked:
        """A request that came in."""
        self._number += 1
        return Asked(self._number, at, method)

    def made(self, entity_type_id: int, item_id: int) -> Made | None:
        """Which request made an item, as far as that is known."""
        return self._made.get((entity_type_id, item_id))

    def note_items(self, asked: Asked, method: str, entity_type_id: int, result: Any) -> None:
        """What a call that makes items answered: ids, and for an import of many the errors of single ones."""
        made = Made(asked, method)
        for answer in _answers(result):
            if "error" in answer:
                asked.errors[str(answer["error"])] += 1
            else:
                self._made[entity_type_id, int(answer["item"]["id"])] = made
        while len(self._made) > KEPT_ITEMS:
            del self._made[next(iter(self._made))]

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


def _answers(result: Any) -> Iterator[dict[str, Any]]:
    """One for each item that a call was to make."""
    if "items" in result:
        yield from result["items"]
    else:
        yield result
