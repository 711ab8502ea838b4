"""specs/types and specs/backfill in a project of a test: the specs as they stand, with a portal of the test's own."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from runpy import run_path
from shutil import copytree, ignore_patterns
from typing import Any

import yaml

from syncer.store import State
from tests.conftest import ROOT
from tests.plan.project import Applied, Project

TYPES = ROOT / "specs" / "types"
EXAMPLES = ROOT / "specs" / "examples"
BACKFILL = ROOT / "specs" / "backfill" / "backfill.yaml"
MAIN = {
    "lead": "inquiries", "deal": "sales", "contact": "people", "company": "accounts", "quote": "offers",
    "invoice": "bills", "spa": "requests", "spa_by_title": "requests",
}  # fmt: skip
"""Spec → the entity that fills every field: its first row has a value for each, its second one for a name alone."""
NUMBERS = {"lead": 1, "deal": 2, "contact": 3, "company": 4, "quote": 7, "invoice": 31, "spa": 1302}
Facts = dict[str, dict[str, Any]]
Item = dict[str, Any]


@cache
def settable() -> dict[str, Facts]:
    """settable.json: type → field → facts."""
    facts: dict[str, Any] = json.loads((Path(__file__).parent / "settable.json").read_text("utf-8"))
    return {kind: fields for kind, fields in facts.items() if kind != "about"}


def kind_of(spec: str) -> str:
    """The type that a spec's main entity has in settable.json and `NUMBERS`."""
    return "spa" if spec.startswith("spa") else spec


def written(path: Path) -> dict[str, Any]:
    """A spec file as a mapping."""
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return found


def bring(project: Project, *paths: Path, write: str = "add", **more: Any) -> None:
    """Puts specs and their source into a project; `write` is what their main entities say, `more` further keys."""
    for folder in (TYPES, EXAMPLES):
        copytree(folder, project.folder / "specs" / folder.name, ignore=ignore_patterns("*.yaml"))
    run_path(str(project.folder / "specs" / "types" / "build.py"), run_name="__main__")
    for path in paths:
        document = {name: value for name, value in written(path).items() if name not in ("portal", "state")}
        entities = document.pop("entities")
        if path.parent == TYPES:
            entities[MAIN[path.stem]]["write"] = write
        project.spec(entities, **document | more)


@dataclass(slots=True)
class Created:
    """What a run created: items as the portal holds them, and what was sent for each, references as ids."""

    applied: Applied
    stored: dict[tuple[str, str, str], Item] = field(default_factory=dict)
    sent: dict[tuple[str, str, str], Item] = field(default_factory=dict)

    def of(self, spec: str, entity: str) -> Iterator[tuple[str, Item, Item]]:
        """(originId, sent, stored) of an entity's items, in the order of the source's keys."""
        for name, place, key in sorted(self.sent):
            if (name, place) == (spec, entity):
                yield key, self.sent[name, place, key], self.stored[name, place, key]


def created(project: Project) -> Created:
    """Applies the project's specs, and reads every item from the portal."""
    applied = project.apply()
    held = {(kind, item["id"]): item for kind in {*NUMBERS.values(), 1220} for item in project.portal.items(kind)}
    found = Created(applied)
    with State.open(project.state_url, mode="read") as state:
        for each in state.items(state.portals.id("acme")):
            assert each.owner is not None
            assert each.scope is not None
            item = held[each.scope.entity_type_id, each.item_id]
            found.stored[each.owner.spec, each.owner.entity, each.origin_id] = item
    for stored in found.stored.values():
        for name, value in stored.items():
            stored[name] = _with_digests(project, name, value)
    for change in applied.planned.changes:
        fields = {name: _resolved(change["spec"], value, found) for name, value in change["fields"].items()}
        found.sent[change["spec"], change["entity"], change["originId"]] = fields
    return found


def _with_digests(project: Project, name: str, value: Any) -> Any:
    """A stored field with the digest of each file in place of its id, as a plan writes it."""
    if isinstance(value, list):
        return [_with_digests(project, name, each) for each in value]
    if isinstance(value, dict) and "urlMachine" in value:
        value, name = value["id"], "logo"
    if name in ("photo", "logo") and value is not None:
        content = project.portal.read(f"{project.portal.root}_sandbox/files/{value}")
        return f"sha256:{sha256(content).hexdigest()}"
    return value


def _resolved(spec: str, value: Any, found: Created) -> Any:
    if isinstance(value, list):
        return [_resolved(spec, each, found) for each in value]
    if isinstance(value, dict) and "file" in value:
        return value["file"][1]
    if isinstance(value, dict) and "ref" in value:
        entity, key, *prefix = value["ref"]
        number = found.stored[spec, entity, key]["id"]
        return f"{prefix[0]}_{number}" if prefix else number
    return value


def same(kind: str, name: str, sent: Any, stored: Any) -> bool:
    """Whether a portal that follows its documentation shows `stored` for what was sent (data-types.md)."""
    if isinstance(sent, list) and kind != "crm_multifield":
        pairs = zip(sent, stored, strict=True)
        return isinstance(stored, list) and all(same(kind, name, one, other) for one, other in pairs)
    match kind:
        case "crm_multifield":
            return bool(sent == [{part: each[part] for part in ("typeId", "valueType", "value")} for each in stored])
        case "date":
            return bool(sent == stored[:10])
        case "datetime":
            return bool(dt.datetime.fromisoformat(sent) == dt.datetime.fromisoformat(stored))
        case "text" if name == "comments":
            return bool(sent.strip("\n") == stored.strip("\n"))
        case "resourcebooking":  # the documentation has no form of it
            return str(sent) == str(stored)
    return bool(sent == stored)
