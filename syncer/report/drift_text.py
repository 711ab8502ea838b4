"""What has drifted, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from syncer.model.change import Drifted
from syncer.model.tally import DriftTally
from syncer.report.text import counted, visible


def drift_note(each: Drifted) -> str:
    """What is said of one row."""
    if each.kind == "deleted":
        return f"item {each.item_id} is no longer in the portal"
    if each.message:
        return f"item {each.item_id} was created, and by now the row cannot be: {visible(each.message)}"
    return f"the row renders otherwise than what item {each.item_id} was created with"


def drift_lines(drift: DriftTally) -> Iterator[str]:
    """What to do about it, and what was not looked at."""
    if not (drift.changed or drift.deleted):
        yield "Drift: none found."
    if drift.changed:
        yield (
            f"Drift: {counted(drift.changed, 'row')} changed since the item was created. syncer never updates an item: "
            "change it in the portal if it should follow. `syncer explain SPEC ENTITY KEY` shows what a row renders to."
        )
    if drift.deleted:
        yield (
            f"Drift: {counted(drift.deleted, 'item')} gone from the portal, or out of the webhook user's sight. No "
            "apply creates them again, unless `syncer state forget ENTITY KEY` has the state forget them."
        )
    if drift.not_compared:
        rows = counted(drift.not_compared, "row")
        yield f"{rows} not compared: the items were adopted, and what they were created with is not known."
    if drift.not_looked_for:
        yield f"{counted(drift.not_looked_for, 'item')} not looked for in the portal, by `trust_state`."
