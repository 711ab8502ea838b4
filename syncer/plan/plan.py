"""A finished plan: what each entity's rows will become, and what that will cost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from syncer.model import wire
from syncer.model.change import Adopt, Blocked, Change, Create, EntityName, RowProblem, Unknown
from syncer.model.field import FieldType
from syncer.model.forecast import Forecast
from syncer.model.identity import EntityTypeId, ItemId, PortalName, Scope, Stamp
from syncer.model.labels import Labels
from syncer.model.tally import PlanTally
from syncer.plan.probes import Probes
from syncer.plan.record import FORMAT_VERSION, change_record
from syncer.plan.view import TargetView
from syncer.plan.workspace import Entry, Workspace
from syncer.spec import EntitySpec, Spec


@dataclass(frozen=True, slots=True)
class Target:
    """One entity of one spec, with all that was found out about it. `index` is its place in the plan.

    `known_as` is the name under which the state knows it: another one between a renaming and the next apply.
    """

    index: int
    spec: Spec
    entity: EntitySpec
    name: EntityName
    known_as: EntityName
    entity_type_id: EntityTypeId
    stamp: Stamp
    catalog: Mapping[str, FieldType]
    parents: Mapping[str, int] = field(default_factory=dict)
    """Entities its templates refer to, by name, with their index."""

    @property
    def mask(self) -> tuple[str, ...]:
        """Fields whose values are not for text, Markdown and HTML."""
        return self.spec.mask

    @property
    def imported(self) -> bool:
        """Whether its items are made by an import, which starts no automations."""
        return self.entity.write == "import"

    @property
    def in_order(self) -> bool:
        """Whether its items must be made by age: an import takes none that is older than those that are there."""
        return self.imported and "createdTime" in self.entity.fields

    @property
    def scope(self) -> Scope:
        return Scope(self.entity_type_id, self.stamp.originator_id)


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of one command. It lives as long as its workspace."""

    portal: PortalName
    specs: tuple[Spec, ...]
    targets: tuple[Target, ...]
    tallies: tuple[PlanTally, ...]
    forecast: Forecast
    workspace: Workspace
    probes: Probes
    changed: Mapping[int, int] = field(default_factory=dict)
    """Entities whose identities are made anew: index → items known by the former ones."""
    known: Mapping[int, int] = field(default_factory=dict)
    """Items that the state knows of each entity, by index, whether or not their rows are in the source."""
    other_portals: Mapping[str, int] = field(default_factory=dict)
    """Portals the state knows, when it does not know this one: name → items there."""
    labels: Labels = field(default_factory=Labels)
    """What people call the values in it."""

    @property
    def total(self) -> PlanTally:
        total = PlanTally()
        for tally in self.tallies:
            total += tally
        return total

    def changes(self, target: TargetView) -> Iterator[Change]:
        """The entity's changes in key order."""
        for chunk in self.workspace.entries(target.index):
            for entry in chunk:
                yield _change(target.name, entry)

    def label(self, target: TargetView, field: str, value: Any) -> str | None:
        """What people call a value of a field, or an element of it."""
        return self.labels.of(target.index, field, value)

    def digest(self) -> str:
        """`sha256:…` over the specs' files, the portal and every change; no clock value is in it.

        Nor are the words of messages: they name files as the command line spells them.
        """
        total = hashlib.sha256()
        for line in self._canonical():
            total.update(json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())
            total.update(b"\n")
        return f"sha256:{total.hexdigest()}"

    def _canonical(self) -> Iterator[Any]:
        yield [FORMAT_VERSION, self.portal, [[spec.name, dict(spec.files)] for spec in self.specs]]
        for target in self.targets:
            for change in self.changes(target):
                record = change_record(target, change)
                record.pop("message", None)
                yield record


def _change(name: EntityName, entry: Entry) -> Change:
    match entry.action:
        case "create":
            return Create(name, entry.origin_id, wire.loads(entry.fields or "{}"))
        case "adopt":
            return Adopt(name, entry.origin_id, ItemId(entry.item_id or 0))
        case "unknown":
            return Unknown(name, entry.origin_id)
        case "blocked":
            assert entry.reason is not None
            return Blocked(name, entry.origin_id, RowProblem(entry.reason, entry.message or ""))
