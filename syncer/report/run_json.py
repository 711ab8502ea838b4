"""A finished run as one JSON document, in the form of the contract's section 4."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from syncer.model.outcome import Ambiguous, Failed, Lost, NotSent
from syncer.model.run import RunResult
from syncer.plan.attention import attention
from syncer.plan.plan import Plan


def run_json(plan: Plan, result: RunResult) -> str:
    """The document. `unknown` and `ambiguous` rows are listed beside the contract's failures and not_sent."""
    lists: dict[str, list[dict[str, Any]]] = {"failures": [], "unknown": [], "ambiguous": [], "not_sent": []}
    for target in plan.targets:
        for outcome in attention(plan, target, result.why_not_sent[target.index]):
            row = {
                "spec": outcome.entity.spec,
                "entity": outcome.entity.entity,
                "originId": outcome.origin_id,
            }
            match outcome:
                case Failed(code=code, message=message):
                    lists["failures"].append(row | {"code": code, "message": message})
                case Lost(message=message):
                    lists["unknown"].append(row | {"message": message})
                case Ambiguous(item_ids=ids):
                    lists["ambiguous"].append(row | {"ids": [int(each) for each in ids.split(", ")]})
                case NotSent(reason=reason, message=message):
                    lists["not_sent"].append(row | {"reason": reason.value} | ({"message": message} if message else {}))
    document = {
        "run": result.run,
        "summary": asdict(result.total),
        "entities": [
            {
                "spec": target.name.spec,
                "entity": target.name.entity,
                "entityTypeId": target.entity_type_id,
                **asdict(result.tallies[target.index]),
            }
            for target in plan.targets
        ],
        **lists,
        "stored_otherwise": [
            {
                "spec": each.entity.spec,
                "entity": each.entity.entity,
                "field": each.field,
                "kind": each.kind,
                "count": each.count,
            }
            for each in result.stored_otherwise
        ],
        **({} if result.beyond is None else {"beyond_plan": result.beyond}),
        **({"allowed": result.allowed} if result.allowed else {}),
        "requests": result.requests,
        "refused": result.refused,
        "seconds": result.seconds,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
