"""What a run leaves for somebody to look at, read back from the workspace."""

from __future__ import annotations

from collections.abc import Iterator

from syncer.model import wire
from syncer.model.change import Fields
from syncer.model.outcome import Ambiguous, Failed, Lost, NotSent, NotSentReason, Outcome
from syncer.plan.approved import stale_rows
from syncer.plan.plan import Plan, Target
from syncer.plan.workspace import Entry


def attention(plan: Plan, target: Target, why_not_sent: NotSentReason) -> Iterator[Outcome]:
    """The target's rows that failed, are unknown or ambiguous, or were not sent; each kind by key."""
    workspace = plan.workspace
    for chunk in workspace.outcomes(target.index, "failed"):
        for each in chunk:
            yield Failed(target.name, each.origin_id, each.code or "", each.message or "")
    for chunk in workspace.outcomes(target.index, "unknown"):
        for each in chunk:
            yield Lost(target.name, each.origin_id, each.message or "")
    for chunk in workspace.outcomes(target.index, "ambiguous"):
        for each in chunk:
            yield Ambiguous(target.name, each.origin_id, each.message or "")
    for entries in workspace.unsent(target.index, held=True):
        for entry in entries:
            yield NotSent(target.name, entry.origin_id, _why(entry, why_not_sent))
    for rows in stale_rows(workspace, target.index):
        for key, message in rows:
            yield NotSent(target.name, key, NotSentReason.STALE, message)


def sent_fields(plan: Plan, target: Target, origin_id: str) -> Fields:
    """The fields that a row was, or was to be, sent with; parents as references."""
    return wire.loads(plan.workspace.fields(target.index, origin_id) or "{}")


def _why(entry: Entry, of_the_run: NotSentReason) -> NotSentReason:
    """A row that refers to no item of the plan does not wait for a parent: its turn had not come again."""
    if of_the_run is not NotSentReason.PARENT or any(True for _ in wire.references(wire.loads(entry.fields or "{}"))):
        return of_the_run
    return NotSentReason.STOPPED
