"""A finished run as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from syncer.model.change import Reason
from syncer.model.outcome import Ambiguous, Failed, Lost, NotSent, Outcome
from syncer.model.run import RunResult
from syncer.plan.plan import Plan
from syncer.report.masking import shown_attention
from syncer.report.page_text import Page, Paint
from syncer.report.plan_text import ROWS_SHOWN, blocked_lines
from syncer.report.run_report import stored_otherwise
from syncer.report.run_words import advice, cost, why_not_sent
from syncer.report.text import KEYS_NAMED, counted, kind, shorten, tally_text, visible

VALUE_SHOWN = 60
"""Characters of a value that was stored otherwise."""


def run_text(plan: Plan, result: RunResult, *, width: int, paint: Paint, wrap: bool = False) -> Iterator[str]:
    """The text in lines; `wrap` breaks long ones at `width`."""
    page, stored = Page(width, paint, wrap), list(stored_otherwise(plan, result))
    for target in plan.targets:
        tally = result.tallies[target.index]
        yield paint(f"{target.name} → {kind(target.entity_type_id)}", "bold") + f": {tally_text(tally)}"
        rows = shown_attention(plan, target, result.why_not_sent[target.index])
        for outcome in islice(rows, ROWS_SHOWN):
            yield from _lines(outcome, page)
        rest = tally.failed + tally.unknown + tally.not_sent - ROWS_SHOWN
        if rest > 0:
            yield f"    … and {rest:,} more"
        if result.twins:
            twins = (each for each in plan.causes(target, KEYS_NAMED + 1) if each.problem.reason is Reason.AMBIGUOUS)
            for cause in islice(twins, ROWS_SHOWN):
                yield from blocked_lines(cause, page)
        for each in stored:
            if each.entity == str(target.name):
                told = f"  {each.kind} in {counted(each.count, 'item')}, such as {each.example}"
                values = f": sent {shorten(each.sent, VALUE_SHOWN)}, stored {shorten(each.stored, VALUE_SHOWN)}"
                yield from page.row(f"  ≠ {each.field}", "yellow", told + values)
    if result.not_found:
        yield paint(
            f"warning: {counted(result.not_found, 'created item')} cannot be found by identity any more",
            "yellow",
        )
    yield paint(f"Run {result.run}: {tally_text(result.total)}.", "bold")
    yield cost(result)
    if result.allowed:
        yield f"Guards let through: {' '.join(result.allowed)}"
    if result.total.blocked:
        yield f"Blocked rows and why: `syncer plan` shows {counted(result.total.blocked, 'row')}."
    yield from advice(result)


def _lines(outcome: Outcome, page: Page) -> list[str]:
    key = visible(outcome.origin_id)
    match outcome:
        case Failed(code=code, message=message):
            text = page.message(f"{code}: {message}" if code else message)
            return page.row(f"  ✗ {key}  failed", "red", f": {text}")
        case Lost(message=message):
            return page.row(f"  ? {key}  unknown", "yellow", f": {page.message(message)}")
        case Ambiguous(item_ids=ids):
            return page.row(f"  ? {key}  ambiguous", "red", f": items {ids}; delete or re-key all but one")
        case NotSent(reason=reason):
            why = page.message(why_not_sent(outcome))
            return page.row(f"  · {key}  not sent", "yellow", f": {reason.value} ({why})")
