"""A change as `--format json`, saved plans and the digest write it."""

from __future__ import annotations

import json
from typing import Any, Final

from syncer.model import wire
from syncer.model.change import Adopt, Blocked, Change, Create, Unknown
from syncer.plan.view import TargetView

FORMAT_VERSION: Final = "1"


def change_record(target: TargetView, change: Change) -> dict[str, Any]:
    """A change as `--format json` and saved plans show it."""
    record: dict[str, Any] = {
        "spec": change.entity.spec,
        "entity": change.entity.entity,
        "entityTypeId": target.entity_type_id,
        "action": "",
        "originatorId": target.stamp.originator_id,
        "originId": change.origin_id or None,
    }
    match change:
        case Create(fields=fields):
            return record | {"action": "create", "fields": json.loads(wire.dumps(fields))}
        case Adopt(item_id=item_id):
            return record | {"action": "adopt", "id": item_id}
        case Blocked(problem=problem):
            return record | {"action": "blocked", "reason": problem.reason.value, "message": problem.message}
        case Unknown():
            return record | {"action": "unknown"}
