"""A plan as one JSON document, written as it is read: a million changes take no more memory than one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from heapq import merge
from operator import attrgetter
from typing import Any, Final

from syncer.model import wire
from syncer.model.change import Drifted
from syncer.model.tally import with_drift
from syncer.plan.record import (
    FORMAT_VERSION,
    change_record,
    drift_record,
    drift_total,
    forecast_record,
    tally_records,
)
from syncer.plan.view import PlanView, TargetView

_WRITER: Final = json.JSONEncoder(default=wire.written, ensure_ascii=False)


def plan_json(plan: PlanView, *, refusal: str | None = None) -> Iterator[str]:
    """The document in pieces, in the form of the contract's section 3. `refusal` is why it cannot be applied."""
    drift = drift_total(plan)
    head: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "specs": [{"name": spec.name, "files": dict(spec.files)} for spec in plan.specs],
        "summary": with_drift(plan.total, drift),
        "entities": tally_records(plan.targets, plan.tallies, plan.drift),
        "forecast": forecast_record(plan.forecast),
        "digest": plan.digest(),
    }
    if drift is not None:
        head["drift"] = asdict(drift)
    if refusal is not None:
        head["refusal"] = refusal
    yield json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "changes": ['
    between = "\n  "
    for target in plan.targets:
        for record in _records(plan, target):
            yield between + _WRITER.encode(record)
            between = ",\n  "
    yield "\n ]\n}\n" if between != "\n  " else "]\n}\n"


def _records(plan: PlanView, target: TargetView) -> Iterator[dict[str, Any]]:
    """Changes, and what has drifted, by key."""
    for each in merge(plan.changes(target), plan.drifted(target), key=attrgetter("origin_id")):
        yield drift_record(target, each) if isinstance(each, Drifted) else change_record(target, each)
