"""One row explained: what a plan saw of it, what is known of it, and what the plan decided."""

from __future__ import annotations

from dataclasses import dataclass

from syncer.model.change import Reason
from syncer.model.identity import ItemId
from syncer.plan.plan import Plan, Target
from syncer.plan.witness import Witness
from syncer.store import Known


@dataclass(frozen=True, slots=True)
class Explanation:
    """`known` is the state's record of the identity, `items` those that bear it in the portal."""

    plan: Plan
    target: Target
    witness: Witness
    known: Known | None
    items: tuple[ItemId, ...]

    @property
    def verdict(self) -> tuple[str, Reason | None, str | None]:
        """The plan's action for the row, and of a blocked one reason and message."""
        entry = self.plan.workspace.actions(self.target.index, [self.witness.key]).get(self.witness.key)
        if entry is None:
            filtered = all(each.filtered for each in self.witness.sightings)
            return "filtered" if filtered else "unchanged", None, None
        return entry.action, entry.reason, entry.message
