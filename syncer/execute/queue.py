"""Rows of one target that wait to be sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from syncer.bitrix24.encode import travels_alone
from syncer.plan.workspace import Entry

Ready = tuple[Entry, dict[str, Any]]
"""A row and the fields that it is sent with."""


class Queue:
    """Rows ready to be sent, read no further ahead than asked. Rows that must travel alone are a batch of their own."""

    def __init__(self, chunks: Iterator[list[Ready]], at_most: int | None) -> None:
        self._chunks = chunks
        self._rows: deque[Ready] = deque()
        self._left = at_most

    def take(self, size: int) -> list[Ready]:
        batch: list[Ready] = []
        while len(batch) < size and self.ready(1):
            if travels_alone({"fields": self._rows[0][1]}):
                if batch:
                    break
                size = 1
            batch.append(self._rows.popleft())
            self._left = None if self._left is None else self._left - 1
        return batch

    def ready(self, wanted: int) -> int:
        """How many may be taken, read ahead up to `wanted`; when fewer, then these are all."""
        while len(self._rows) < wanted and (chunk := next(self._chunks, None)) is not None:
            self._rows.extend(chunk)
        return len(self._rows) if self._left is None else min(len(self._rows), self._left)

    def put_back(self, rows: Sequence[Ready]) -> None:
        self._rows.extendleft(reversed(rows))
        self._left = None if self._left is None else self._left + len(rows)
