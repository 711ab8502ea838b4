"""A plan as one JSON document, written as it is read: a million changes take no more memory than one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from syncer.plan.record import FORMAT_VERSION, change_record, forecast_record, tally_records
from syncer.plan.view import PlanView


def plan_json(plan: PlanView) -> Iterator[str]:
    """The document in pieces, in the form of the contract's section 3."""
    head: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "specs": [{"name": spec.name, "files": dict(spec.files)} for spec in plan.specs],
        "summary": asdict(plan.total),
        "entities": tally_records(plan.targets, plan.tallies),
        "forecast": forecast_record(plan.forecast),
        "digest": plan.digest(),
    }
    yield json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "changes": ['
    between = "\n  "
    for target in plan.targets:
        for change in plan.changes(target):
            yield between + json.dumps(change_record(target, change), ensure_ascii=False)
            between = ",\n  "
    yield "\n ]\n}\n" if between != "\n  " else "]\n}\n"
