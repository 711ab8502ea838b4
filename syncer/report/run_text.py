"""A finished run as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from syncer.model.outcome import Ambiguous, Failed, Lost, NotSent, Outcome
from syncer.model.run import RunResult
from syncer.plan.attention import attention
from syncer.plan.plan import Plan
from syncer.report.plan_text import ROWS_SHOWN, Paint
from syncer.report.text import counted, duration, kind, shorten, tally_text, visible


def run_text(plan: Plan, result: RunResult, *, width: int, paint: Paint) -> Iterator[str]:
    """The text in lines."""
    for target in plan.targets:
        tally = result.tallies[target.index]
        yield paint(f"{target.name} → {kind(target.entity_type_id)}", "bold") + f": {tally_text(tally)}"
        rows = attention(plan, target, result.why_not_sent[target.index])
        for outcome in islice(rows, ROWS_SHOWN):
            yield _line(outcome, width, paint)
        rest = tally.failed + tally.unknown + tally.not_sent - ROWS_SHOWN
        if rest > 0:
            yield f"    … and {rest:,} more"
        for each in result.stored_otherwise:
            if each.entity == target.name:
                text = (
                    f"  ≠ {each.field}  {each.kind} in {counted(each.count, 'item')}, such as {visible(each.example)}"
                )
                yield paint(text, "yellow")
    if result.not_found:
        yield paint(
            f"warning: {counted(result.not_found, 'created item')} cannot be found by identity any more",
            "yellow",
        )
    yield paint(f"Run {result.run}: {tally_text(result.total)}.", "bold")
    refused = f", {result.refused:,} refused by its limits" if result.refused else ""
    yield f"{counted(result.requests, 'request')}{refused}, {duration(result.seconds)}."
    if result.total.blocked:
        yield f"Blocked rows and why: `syncer plan` shows {counted(result.total.blocked, 'row')}."
    if result.stored_otherwise:
        yield "The portal stored fields marked ≠ otherwise than they were sent; `verify: strict` makes that a failure."
    if result.twins:
        yield f"{counted(result.twins, 'row')} blocked as ambiguous: see to the items in the portal."
    if (result.total.unknown or result.total.not_sent) and result.error is None:
        yield "Run the same command again to settle and send the rest; nothing is created twice."


def _line(outcome: Outcome, width: int, paint: Paint) -> str:
    key = visible(outcome.origin_id)
    match outcome:
        case Failed(code=code, message=message):
            text = shorten(visible(f"{code}: {message}" if code else message), 4 * width)
            return paint(f"  ✗ {key}  failed", "red") + f": {text}"
        case Lost(message=message):
            return paint(f"  ? {key}  unknown", "yellow") + f": {shorten(visible(message), 4 * width)}"
        case Ambiguous(item_ids=ids):
            return paint(f"  ? {key}  ambiguous", "red") + f": items {ids}; delete or re-key all but one"
        case NotSent(reason=reason):
            return paint(f"  · {key}  not sent", "yellow") + f": {reason.value}"
