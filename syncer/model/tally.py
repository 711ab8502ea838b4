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

    @property
    def returning(self) -> int:
        """Items that may come back although people deleted them: whoever deleted one is not told apart from nobody
        once the state has forgotten it, and a state that was lost shows by what is adopted.
        """
        return self.create if self.adopt else 0


@dataclass(slots=True)
class DriftTally(_Tally):
    """Of the unchanged rows of a `PlanTally`: those that are `changed`, and those whose items are `deleted`.

    `not_compared` are rows of items that were adopted, so nobody knows of what values; `not_looked_for` are items that
    are not looked up in the portal, by `trust_state`.
    """

    changed: int = 0
    deleted: int = 0
    not_compared: int = 0
    not_looked_for: int = 0


def with_drift(tally: PlanTally, drift: DriftTally | None) -> dict[str, int]:
    """The counts by name; with a drift each row is counted once in them, too."""
    counts = asdict(tally)
    if drift is None:
        return counts
    told: dict[str, int] = {}
    for name, count in counts.items():
        told[name] = count
        if name == "unchanged":
            told[name] -= drift.changed + drift.deleted
            told |= {"changed": drift.changed, "deleted": drift.deleted}
    return told


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
