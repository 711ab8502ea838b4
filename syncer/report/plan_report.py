"""What Markdown and HTML show of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from syncer.model.change import Adopt, Blocked, Cause, Create, Unknown
from syncer.model.mask import Mask
from syncer.model.tally import with_drift
from syncer.plan.record import drift_total
from syncer.plan.view import PlanView, TargetView
from syncer.report.drift_text import drift_lines, drift_note
from syncer.report.forecast_text import forecast_lines
from syncer.report.report import KEYS_LISTED, Report, Row, Section
from syncer.report.returning import returning_text
from syncer.report.text import MASKED, Label, kind, rows_text, shorten, value_text, visible

LONGEST_VALUE: Final = 500
LONGEST_NOTE: Final = 1000
LISTED: Final = ("create", "adopt", "blocked", "unknown", "changed", "deleted")


def plan_report(plan: PlanView, *, next_command: str | None, refusal: str | None = None) -> Report:
    """The report; its rows are read from the plan when they are asked for. `refusal` is why it cannot be applied."""
    total, drift = plan.total, drift_total(plan)
    sentences = [*(forecast_lines(plan) if total.create else ()), *(drift_lines(drift) if drift else ())]
    return Report(
        title="Plan",
        tally=with_drift(total, drift),
        facts=[
            ("Portal", visible(plan.portal)),
            *(("Spec", f"{spec.name}: {', '.join(map(visible, spec.files))}") for spec in plan.specs),
            ("Digest", plan.digest()),
        ],
        sentences=sentences,
        sections=[_section(plan, target) for target in plan.targets],
        warnings=[*([refusal] if refusal is not None else ()), *([returning_text(total)] if total.returning else ())],
        command=next_command if total.pending else None,
        first=("blocked", "unknown", "changed", "deleted"),
    )


def _section(plan: PlanView, target: TargetView) -> Section:
    counts = with_drift(plan.tallies[target.index], plan.drift[target.index] if plan.drift is not None else None)
    return Section(
        name=target.name,
        kind=kind(target.entity_type_id),
        counts=counts,
        listed={name: counts[name] for name in LISTED if name in counts},
        rows=partial(_rows, plan, target),
    )


def _rows(plan: PlanView, target: TargetView) -> Iterator[Row]:
    if plan.tallies[target.index].blocked:
        yield from blocked_rows(plan, target)
    for each in plan.drifted(target):
        yield Row(each.kind, visible(each.origin_id), shorten(drift_note(each), LONGEST_NOTE))
    for change in plan.changes(target):
        if not isinstance(change, Blocked):
            yield change_row(change, target, partial(plan.label, target))


def blocked_rows(plan: PlanView, target: TargetView) -> Iterator[Row]:
    """The blocked rows of an entity, those that one cause blocks as one."""
    return map(_cause_row, plan.causes(target, KEYS_LISTED))


def _cause_row(cause: Cause) -> Row:
    note = f"{cause.problem.reason.value}: {shorten(visible(cause.problem.message), LONGEST_NOTE)}"
    key = rows_text(cause.count, cause.origin_ids)
    return Row("blocked", key, note, count=cause.count, keys=[visible(each) for each in cause.origin_ids])


def change_row(change: Create | Adopt | Unknown, target: TargetView, label: Label) -> Row:
    """A change as people are shown it: masked fields are `***`, ids have their names."""
    key = visible(change.origin_id) or "(no key)"
    match change:
        case Create(fields=fields):
            mask = Mask(target.mask)
            return Row("create", key, fields=[_field(name, value, mask, label) for name, value in fields.items()])
        case Adopt(item_id=item_id):
            return Row("adopt", key, f"is item {item_id} in the portal: adopt")
        case Unknown():
            return Row("unknown", key, "an earlier run sent it and learned no outcome yet")


def _field(name: str, value: Any, mask: Mask, label: Label) -> tuple[str, str]:
    return visible(name), MASKED if name in mask else value_text(value, LONGEST_VALUE, partial(label, name))
