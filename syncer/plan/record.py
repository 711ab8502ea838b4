"""A plan's parts as `--format json`, saved plans and the digest write them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import repeat
from typing import Any, Final

from syncer.log import redact, redact_json
from syncer.model.change import Adopt, Blocked, Change, Create, Drifted, EntityName, Unknown
from syncer.model.forecast import Forecast, Started
from syncer.model.tally import DriftTally, PlanTally, with_drift
from syncer.plan.view import PlanView, TargetView
from syncer.plan.workspace import Entry

FORMAT_VERSION: Final = "1"


def change_record(target: TargetView, change: Change) -> dict[str, Any]:
    """A change as `--format json` shows it; its fields may hold what `wire.written` writes."""
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
            return record | {"action": "create", "fields": fields}
        case Adopt(item_id=item_id):
            return record | {"action": "adopt", "id": item_id}
        case Blocked(problem=problem):
            return record | {"action": "blocked", "reason": problem.reason.value, "message": problem.message}
        case Unknown(fields=fields):
            return record | {"action": "unknown", "fields": fields}


def line_start(target: TargetView) -> str:
    """How the line of every change of an entity begins in a saved plan, up to the action."""
    head = {"spec": target.name.spec, "entity": target.name.entity, "entityTypeId": target.entity_type_id}
    return dumps(head)[:-1] + ',"action":"'


def change_line(start: str, originator_id: str, entry: Entry) -> tuple[str, str]:
    """A change as a line of a saved plan, and as the digest takes it: without the words of its message, which name
    files as the command line spells them. `start` and `originator_id` are those of its target.

    A secret of this process that stands in a row's values is `***` in both.
    """
    key = dumps(redact(entry.origin_id) or None)
    line = f'{start}{entry.action}","originatorId":{dumps(originator_id)},"originId":{key}'
    match entry.action:
        case "create" | "unknown":
            line += f',"fields":{redact_json(entry.fields or "{}")}}}\n'
        case "adopt":
            line += f',"id":{entry.item_id}}}\n'
        case "blocked":
            line += f',"reason":"{entry.reason}"'
            return f'{line},"message":{dumps(redact(entry.message or ""))}}}\n', line + "}\n"
    return line, line


def drift_record(target: TargetView, each: Drifted) -> dict[str, Any]:
    """A row that has drifted as `--format json` shows it, beside the changes."""
    record = {
        "spec": each.entity.spec,
        "entity": each.entity.entity,
        "entityTypeId": target.entity_type_id,
        "action": each.kind,
        "originatorId": target.stamp.originator_id,
        "originId": each.origin_id,
        "id": each.item_id,
    }
    return record | {"message": each.message} if each.message else record


def drift_line(start: str, originator_id: str, each: Drifted) -> str:
    """The same as a line of a saved plan; see `change_line`."""
    line = f'{start}{each.kind}","originatorId":{dumps(originator_id)},"originId":{dumps(redact(each.origin_id))}'
    line += f',"id":{each.item_id}'
    return f'{line},"message":{dumps(redact(each.message))}}}\n' if each.message else line + "}\n"


def drift_total(plan: PlanView) -> DriftTally | None:
    """What has drifted in all; None: nobody asked."""
    if plan.drift is None:
        return None
    total = DriftTally()
    for each in plan.drift:
        total += each
    return total


def header_record(plan: PlanView, roots: Sequence[str]) -> dict[str, Any]:
    """What a plan is of: the first line of a saved one, and all of it is in the digest.

    `roots` are those of the specs' projects, from that of the first.
    """
    return {
        "format_version": FORMAT_VERSION,
        "portal": plan.portal,
        "specs": [
            {"name": spec.name, "root": root, "files": dict(spec.files)}
            for spec, root in zip(plan.specs, roots, strict=True)
        ],
        "entities": [
            {
                "spec": target.name.spec,
                "entity": target.name.entity,
                "entityTypeId": target.entity_type_id,
                "originatorId": target.stamp.originator_id,
                "field": target.stamp.field,
                "mask": list(target.mask),
            }
            for target in plan.targets
        ],
    }


def tally_records(
    targets: Sequence[TargetView], tallies: Sequence[PlanTally], drifts: Sequence[DriftTally] | None = None
) -> list[dict[str, Any]]:
    """The counts of each entity, with what has drifted where that is given."""
    return [
        {
            "spec": target.name.spec,
            "entity": target.name.entity,
            "entityTypeId": target.entity_type_id,
            **with_drift(tally, drift),
        }
        for target, tally, drift in zip(targets, tallies, drifts or repeat(None, len(targets)), strict=True)
    ]


def forecast_record(forecast: Forecast) -> dict[str, Any]:
    """The forecast, with the items that robots and workflows run for by entity and stage."""
    record = asdict(forecast)
    record["started"] = [
        {
            "spec": each.entity.spec,
            "entity": each.entity.entity,
            "stage": each.stage and redact(each.stage),
            "items": each.items,
        }
        for each in forecast.started
    ]
    return record


def forecast_of(record: Mapping[str, Any]) -> Forecast:
    """The inverse of `forecast_record`."""
    started = (
        Started(EntityName(each["spec"], each["entity"]), each["stage"], each["items"]) for each in record["started"]
    )
    return Forecast(**{**record, "started": tuple(started)})


class Digest:
    """`sha256:…` over a plan's header and its changes, as they come."""

    def __init__(self, header: Mapping[str, Any]) -> None:
        self._hash = hashlib.sha256(dumps(header).encode() + b"\n")

    def add(self, line: bytes) -> None:
        self._hash.update(line)

    def __str__(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


def digest_of(header: Mapping[str, Any], lines: Iterator[tuple[str, str]]) -> str:
    """The digest of all of it; `lines` are those of `change_line`."""
    digest = Digest(header)
    for _, line in lines:
        digest.add(line.encode())
    return str(digest)


_WRITER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dumps(value: Any) -> str:
    return _WRITER.encode(value)
