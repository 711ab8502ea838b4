"""A plan as one JSON document, written as it is read: a million changes take no more memory than one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from syncer.model.forecast import Forecast
from syncer.plan.record import FORMAT_VERSION, change_record
from syncer.plan.view import PlanView, TargetView


def plan_json(plan: PlanView) -> Iterator[str]:
    """The document in pieces, in the form of the contract's section 3."""
    head: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "specs": [{"name": spec.name, "files": dict(spec.files)} for spec in plan.specs],
        "summary": asdict(plan.total),
        "entities": [_entity(plan, target) for target in plan.targets],
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


def _entity(plan: PlanView, target: TargetView) -> dict[str, Any]:
    return {
        "spec": target.name.spec,
        "entity": target.name.entity,
        "entityTypeId": target.entity_type_id,
        **asdict(plan.tallies[target.index]),
    }


def forecast_record(forecast: Forecast) -> dict[str, Any]:
    """The forecast, with the items that robots and workflows run for by entity and stage."""
    record = asdict(forecast)
    record["started"] = [
        {"spec": each.entity.spec, "entity": each.entity.entity, "stage": each.stage, "items": each.items}
        for each in forecast.started
    ]
    return record
