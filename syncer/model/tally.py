"""Counts of rows by what is to become of them, and of items by what became of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Self


@dataclass(slots=True)
class _Tally:
    def __iadd__(self, other: Self) -> Self:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        return self


@dataclass(slots=True)
class PlanTally(_Tally):
    """Source rows of one entity, or of a plan, by action. The sum is every row that was read."""

    create: int = 0
    adopt: int = 0
    unchanged: int = 0
    blocked: int = 0
    unknown: int = 0
    filtered: int = 0

    @property
    def rows(self) -> int:
        return sum(asdict(self).values())

    @property
    def pending(self) -> int:
        return self.create + self.adopt


@dataclass(slots=True)
class RunTally(_Tally):
    """The same rows after `apply`. The sum is every row that was read."""

    created: int = 0
    adopted: int = 0
    unchanged: int = 0
    failed: int = 0
    blocked: int = 0
    unknown: int = 0
    filtered: int = 0
    not_sent: int = 0
