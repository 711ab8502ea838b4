"""Rows of one target that wait to be sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from syncer.execute.attaching import REQUEST_BYTES, file_bytes, goes_alone
from syncer.plan.workspace import Entry

Ready = tuple[Entry, dict[str, Any]]
"""A row and the fields that it is sent with."""


class Queue:
    """Rows ready to be sent, read no further ahead than asked. Rows that must travel alone are a batch of their own.

    `holds` is asked for each row that is taken whether it can be sent; one that cannot is dropped, and not counted.
    """

    def __init__(
        self, chunks: Iterator[list[Ready]], at_most: int | None, holds: Callable[[Ready], bool] = lambda _: True
    ) -> None:
        self._chunks = chunks
        self._holds = holds
        self._rows: deque[Ready] = deque()
        self._left = at_most

    def take(self, size: int) -> list[Ready]:
        batch: list[Ready] = []
        attached = 0
        while len(batch) < size and self.ready(1):
            fields = self._rows[0][1]
            attached += file_bytes(fields)
            alone = goes_alone(fields)
            if batch and (alone or attached > REQUEST_BYTES):
                break
            size = 1 if alone else size
            row = self._rows.popleft()
            if not self._holds(row):
                continue
            batch.append(row)
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


class Rows:
    """Rows ready to be sent, one after the other; at most so many in all, if told."""

    def __init__(self, chunks: Iterator[list[Ready]], at_most: int | None) -> None:
        self._rows = (row for chunk in chunks for row in chunk)
        self._back: list[Ready] = []
        self._left = at_most

    def next(self) -> Ready | None:
        """The next row, which stays the next until it is dropped."""
        if self._left == 0:
            return None
        if not self._back:
            row = next(self._rows, None)
            if row is None:
                return None
            self._back.append(row)
        return self._back[-1]

    def drop(self) -> None:
        self._back.pop()
        self._left = None if self._left is None else self._left - 1

    def skip(self) -> None:
        """The next row is dropped, and not counted."""
        self._back.pop()

    def put_back(self, rows: list[Ready]) -> None:
        self._back.extend(reversed(rows))
        self._left = None if self._left is None else self._left + len(rows)
