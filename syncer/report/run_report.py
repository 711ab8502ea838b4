"""What Markdown and HTML show of a finished run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Final

from syncer.log import redact
from syncer.model.mask import Mask
from syncer.model.outcome import Ambiguous, Failed, Lost, NotSent, NotSentReason, Outcome
from syncer.model.run import RunResult
from syncer.plan.plan import Plan, Target
from syncer.report.masking import shown_attention
from syncer.report.plan_report import LONGEST_NOTE, blocked_rows
from syncer.report.report import Report, Row, Section, Stored
from syncer.report.run_words import advice, cost, run_warnings, why_not_sent
from syncer.report.text import MASKED, kind, shorten, value_text, visible

LONGEST_STORED: Final = 200
"""Characters of a value that was stored otherwise."""


def run_report(plan: Plan, result: RunResult) -> Report:
    """The report: what to look at, row by row; what was created is counted."""
    return Report(
        title="Run",
        tally=asdict(result.total),
        facts=[
            ("Run", result.run),
            ("Portal", visible(plan.portal)),
            *(("Spec", f"{spec.name}: {', '.join(map(visible, spec.files))}") for spec in plan.specs),
            *([("Guards let through", " ".join(result.allowed))] if result.allowed else ()),
        ],
        sentences=[cost(result), *advice(result)],
        sections=[_section(plan, result, target) for target in plan.targets],
        warnings=run_warnings(result),
        stored=list(stored_otherwise(plan, result)),
        first=("failed", "unknown", "ambiguous", "not_sent", "blocked"),
    )


def stored_otherwise(plan: Plan, result: RunResult) -> Iterator[Stored]:
    """What was stored otherwise than sent; masked values are `***`."""
    masks = {target.name: Mask(target.mask) for target in plan.targets}
    for each in result.stored_otherwise:
        sent, stored = (
            MASKED
            if each.field in masks[each.entity]
            else shorten(redact(value_text(value, LONGEST_NOTE * 10)), LONGEST_STORED)
            for value in (each.sent, each.stored)
        )
        name, example = visible(each.field), visible(each.example)
        yield Stored(
            str(each.entity),
            name,
            each.kind,
            each.count,
            example,
            sent,
            "nothing" if each.kind == "dropped" else stored,
        )


def _section(plan: Plan, result: RunResult, target: Target) -> Section:
    tally = result.tallies[target.index]
    rows = partial(_rows, plan, target, result.why_not_sent[target.index], blocked=bool(tally.blocked))
    return Section(
        name=target.name,
        kind=kind(target.entity_type_id),
        counts=asdict(tally),
        listed=_listed(rows()),
        rows=rows,
    )


def _rows(plan: Plan, target: Target, why_not_sent: NotSentReason, *, blocked: bool) -> Iterator[Row]:
    for outcome in shown_attention(plan, target, why_not_sent):
        yield _row(outcome)
    if blocked:
        yield from blocked_rows(plan, target)


def _listed(rows: Iterator[Row]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row.action] += row.count
    return counts


def _row(outcome: Outcome) -> Row:
    key = visible(outcome.origin_id)
    match outcome:
        case Failed(code=code, message=message):
            text = visible(f"{code}: {message}" if code else message)
            return Row("failed", key, shorten(text, LONGEST_NOTE))
        case Lost(message=message):
            return Row("unknown", key, shorten(visible(message), LONGEST_NOTE))
        case Ambiguous(item_ids=ids):
            return Row("ambiguous", key, f"items {ids}; delete or re-key all but one")
        case NotSent(reason=reason):
            return Row("not_sent", key, shorten(visible(f"{reason.value}: {why_not_sent(outcome)}"), LONGEST_NOTE))
