"""One row explained, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from syncer.model import wire
from syncer.model.attachment import Attachment
from syncer.model.change import Reference, RowProblem
from syncer.model.mask import Mask
from syncer.plan.explaining import Explanation
from syncer.plan.witness import Sighting
from syncer.report.text import MASKED, kind, reference_text, value_text, visible

WIDTH: Final = 200
_WORDS: Final = {
    "create": "create: `syncer apply` will create it",
    "adopt": "adopt: the portal has it, and `syncer apply` will record it",
    "unchanged": "unchanged: it was created or adopted, and is left alone",
    "filtered": "filtered: `when` leaves it out",
    "unknown": "unknown: an earlier run sent it and learned no outcome; `syncer apply` learns it first",
}


def explanation_lines(told: Explanation) -> Iterator[str]:
    """The text; masked fields, and the columns that they are made of, are `***`."""
    target, witness = told.target, told.witness
    yield f"{target.name} → {kind(target.entity_type_id)}  originId {visible(witness.key)}"
    for sighting in witness.sightings:
        yield ""
        yield from _row(sighting, told)
    if witness.count > len(witness.sightings):
        yield f"… and {witness.count - len(witness.sightings):,} more rows of this key"
    yield ""
    yield f"State    {_state(told)}"
    yield f"Portal   {_portal(told)}"
    action, reason, message = told.verdict
    if reason is not None:
        yield f"Verdict  blocked ({reason.value}): {visible(message or '')}"
    else:
        yield f"Verdict  {_WORDS[action]}"


def _row(sighting: Sighting, told: Explanation) -> Iterator[str]:
    mask = Mask(told.target.mask)
    longest = max(map(len, sighting.row), default=0)
    yield "Source row"
    for name, value in sighting.row.items():
        yield f"  {visible(name):<{longest}}  {MASKED if name in sighting.masked_columns else _raw(value)}"
    if sighting.filtered:
        yield f"  ! `when` is false for it: {_shown(json.dumps(told.target.entity.when, ensure_ascii=False))}"
    yield "Fields"
    label = partial(told.plan.label, told.target)
    for name, template in told.target.entity.fields.items():
        yield f"  {name}"
        yield f"    template   {_shown(json.dumps(template, ensure_ascii=False))}"
        if name in mask:
            yield f"    value      {MASKED}"
            continue
        for word, values in (("rendered", sighting.rendered), ("converted", sighting.converted)):
            if not isinstance(values, RowProblem):
                yield f"    {word:<9}  {_value(values, name, partial(label, name))}"
    for problem in dict.fromkeys(each for each in (sighting.rendered, sighting.converted) if _is_problem(each)):
        assert isinstance(problem, RowProblem)
        yield f"  ! {problem.reason.value}: {visible(problem.message)}"
    hidden = set() if isinstance(sighting.rendered, RowProblem) else _masked_references(sighting.rendered, mask)
    shown = [each for each in sighting.references.items() if each[0] not in hidden]
    if shown:
        yield "References"
        for ref, item_id in sorted(shown, key=lambda each: (each[0].entity, each[0].origin_id)):
            known = f"item {item_id}" if item_id is not None else "no item yet"
            yield f"  {ref.entity} {visible(ref.origin_id)}: {known}"


def _value(values: Mapping[str, Any], name: str, label: Callable[[Any], str | None]) -> str:
    if name not in values:
        return "(left out)"
    value = values[name]
    if isinstance(value, Reference):  # what is known of it stands below
        return reference_text(value)
    return value_text(value, WIDTH, label)


def _masked_references(rendered: Mapping[str, Any], mask: Mask) -> set[Reference]:
    return set(wire.references({name: value for name, value in rendered.items() if name in mask}))


def _is_problem(value: object) -> bool:
    return isinstance(value, RowProblem)


def _raw(value: Any) -> str:
    return _shown(f"{value!r} ({type(value).__name__})")


def _shown(text: str) -> str:
    text = visible(text)
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def _state(told: Explanation) -> str:
    known = told.known
    if known is None or known.status is None:
        return "does not know it"
    item = f", item {known.item_id}" if known.item_id is not None else ""
    whose = f", of {known.owner}" if known.owner != told.target.name else ""
    trouble = f": {known.code} {known.message}" if known.code and not told.target.mask else ""
    return visible(f"{known.status.value}{item}{whose}{', adopted' if known.adopted else ''}{trouble}")


def _portal(told: Explanation) -> str:
    if not told.items:
        return "has no item of this identity"
    return f"item{'s' if len(told.items) > 1 else ''} {', '.join(map(str, told.items))}"


def explanation_json(told: Explanation) -> str:
    """One document; nothing is masked in it, as in the JSON of a plan."""
    action, reason, message = told.verdict
    target, known = told.target, told.known
    document = {
        "spec": target.name.spec,
        "entity": target.name.entity,
        "entityTypeId": target.entity_type_id,
        "originatorId": target.stamp.originator_id,
        "originId": told.witness.key,
        "rows": told.witness.count,
        "sources": [_sighting(each, target.entity.fields) for each in told.witness.sightings],
        "state": None
        if known is None or known.status is None
        else {
            "status": known.status.value,
            "id": known.item_id,
            "owner": str(known.owner),
            "adopted": bool(known.adopted),
            "code": known.code,
            "message": known.message,
        },
        "portal": {"ids": list(told.items)},
        "verdict": {"action": action}
        if reason is None
        else {"action": action, "reason": reason.value, "message": message},
    }
    return json.dumps(document, ensure_ascii=False, indent=1, default=_plain) + "\n"


def _sighting(sighting: Sighting, templates: Mapping[str, Any]) -> dict[str, Any]:
    fields = {}
    for name, template in templates.items():
        fields[name] = {"template": template}
        for word, values in (("rendered", sighting.rendered), ("converted", sighting.converted)):
            if not isinstance(values, RowProblem) and name in values:
                fields[name][word] = json.loads(wire.dumps({"": _jsonable(values[name])}))[""]
    record: dict[str, Any] = {"row": dict(sighting.row), "fields": fields}
    if sighting.filtered:
        record["filtered"] = True
    for problem in (sighting.rendered, sighting.converted):
        if isinstance(problem, RowProblem):
            record["problem"] = {"reason": problem.reason.value, "message": problem.message}
    record["references"] = [
        {"ref": [ref.entity, ref.origin_id], "id": item_id} for ref, item_id in sighting.references.items()
    ]
    return record


def _jsonable(value: Any) -> Any:
    """A rendered value before conversion may be any that a driver gives."""
    match value:
        case Mapping():
            return {name: _jsonable(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_jsonable(inner) for inner in value]
        case None | bool() | int() | float() | str():
            return value
        case Reference() | Attachment():
            return value
        case _:
            return str(value)


def _plain(value: Any) -> Any:
    return str(value)
