"""A plan as text for a terminal: grouped by entity, the first rows in full, the rest counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import islice

from syncer.model.change import Adopt, Blocked, Cause, Change, Create, Unknown
from syncer.model.mask import Mask
from syncer.model.tally import DriftTally
from syncer.plan.record import drift_total
from syncer.plan.view import PlanView, TargetView
from syncer.report.drift_text import drift_lines, drift_note
from syncer.report.forecast_text import forecast_lines
from syncer.report.page_text import Page, Paint
from syncer.report.returning import returning_text
from syncer.report.text import KEYS_NAMED, Label, kind, rows_text, tally_text, visible

CREATES_IN_FULL = 3
ROWS_SHOWN = 10


def plan_text(
    plan: PlanView,
    *,
    next_command: str | None,
    width: int,
    paint: Paint,
    wrap: bool = False,
    refusal: str | None = None,
) -> Iterator[str]:
    """The text in lines: values are cut to `width`, and with `wrap` sentences are broken there as well.

    Where nothing changes it is one line. `refusal` is why it cannot be applied.
    """
    total, drift = plan.total, drift_total(plan)
    if total.rows == total.unchanged + total.filtered and not _any(drift):
        yield f"Nothing to create: {tally_text(total)}."
        yield from drift_lines(drift) if drift else ()
        return
    page = Page(width, paint, wrap)
    for target in plan.targets:
        yield from _entity(plan, target, page)
    if not total.pending:
        yield f"Nothing to create: {tally_text(total, drift)}."
    else:
        if total.returning:
            yield from page.sentence(f"Warning: {returning_text(total)}")
        yield paint(f"Plan: {tally_text(total, drift)}.", "bold")
        if total.create:
            for line in forecast_lines(plan):
                yield from page.sentence(line)
    for line in drift_lines(drift) if drift else ():
        yield from page.sentence(line)
    yield f"Digest {plan.digest()}"
    if refusal is not None:
        yield ""
        yield from map(visible, f"Refused: {refusal}".splitlines())
    if total.pending and next_command is not None:
        yield ""
        yield f"Next: {next_command}"


def _entity(plan: PlanView, target: TargetView, page: Page) -> Iterator[str]:
    tally, drift = plan.tallies[target.index], plan.drift[target.index] if plan.drift is not None else None
    yield (page.paint(f"{target.name} → {kind(target.entity_type_id)}", "bold") + f": {tally_text(tally, drift)}")
    if tally.rows == tally.unchanged + tally.filtered and not _any(drift):
        return
    shown = _Shown()
    for change in plan.changes(target):
        if shown.full(tally.create, tally.adopt, tally.unknown):
            break
        yield from shown.lines(change, target, page, partial(plan.label, target))
    blocked = 0
    for cause in islice(plan.causes(target, KEYS_NAMED + 1), ROWS_SHOWN) if tally.blocked else ():
        blocked += cause.count
        yield from blocked_lines(cause, page)
    yield from shown.rest(tally.create, tally.adopt, tally.unknown)
    if tally.blocked > blocked:
        yield f"    … and {tally.blocked - blocked:,} more blocked"
    yield from _drifted(plan, target, drift, page) if drift is not None else ()
    yield ""


def _drifted(plan: PlanView, target: TargetView, drift: DriftTally, page: Page) -> Iterator[str]:
    shown = Counter[str]()
    for each in plan.drifted(target):
        shown[each.kind] += 1
        if shown[each.kind] <= ROWS_SHOWN:
            sign, colour = ("-", "red") if each.kind == "deleted" else ("~", "yellow")
            yield from page.row(
                f"  {sign} {visible(each.origin_id)}  {each.kind}", colour, f": {page.message(drift_note(each))}"
            )
        elif all(count > ROWS_SHOWN for count in (shown["changed"], shown["deleted"])):
            break
    for name, count in (("changed", drift.changed), ("deleted", drift.deleted)):
        if count > ROWS_SHOWN:
            yield f"    … and {count - ROWS_SHOWN:,} more {name}"


def _any(drift: DriftTally | None) -> bool:
    return drift is not None and bool(drift.changed or drift.deleted)


def blocked_lines(cause: Cause, page: Page) -> list[str]:
    """One line, however many rows one cause blocks."""
    head = f"  ! {rows_text(cause.count, cause.origin_ids)}  blocked ({cause.problem.reason.value})"
    return page.row(head, "red", f": {page.message(cause.problem.message)}")


class _Shown:
    """How many rows of each kind were shown, so that the rest is counted."""

    def __init__(self) -> None:
        self.creates = self.adopts = self.unknown = 0

    def full(self, creates: int, adopts: int, unknown: int) -> bool:
        limits = (
            (self.creates, creates),
            (self.adopts, adopts),
            (self.unknown, unknown),
        )
        return all(shown >= min(count, ROWS_SHOWN) for shown, count in limits)

    def lines(self, change: Change, target: TargetView, page: Page, label: Label) -> Iterator[str]:
        key = visible(change.origin_id) or "(no key)"
        match change:
            case Create(fields=fields):
                self.creates += 1
                if self.creates <= CREATES_IN_FULL:
                    yield page.paint(f"  + {key}", "green")
                    yield from page.fields(fields, Mask(target.mask), label)
                elif self.creates <= ROWS_SHOWN:
                    yield page.paint(f"  + {key}", "green")
            case Adopt(item_id=item_id):
                self.adopts += 1
                if self.adopts <= ROWS_SHOWN:
                    yield from page.row(f"  = {key}", "cyan", f"  is item {item_id} in the portal: adopt")
            case Blocked():
                pass  # told by their causes
            case Unknown():
                self.unknown += 1
                if self.unknown <= ROWS_SHOWN:
                    yield from page.row(f"  ? {key}", "yellow", "  an earlier run sent it and learned no outcome yet")

    def rest(self, creates: int, adopts: int, unknown: int) -> Iterator[str]:
        for word, count in (
            ("to create", creates),
            ("to adopt", adopts),
            ("unknown", unknown),
        ):
            if count > ROWS_SHOWN:
                yield f"    … and {count - ROWS_SHOWN:,} more {word}"
