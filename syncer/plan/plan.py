"""A finished plan: what each entity's rows will become, and what that will cost."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from syncer.model import wire
from syncer.model.change import Adopt, Blocked, Cause, Change, Create, Drifted, EntityName, RowProblem, Unknown
from syncer.model.field import FieldType
from syncer.model.forecast import Forecast
from syncer.model.identity import EntityTypeId, ItemId, PortalName, Scope, Stamp
from syncer.model.labels import Labels
from syncer.model.tally import DriftTally, PlanTally
from syncer.plan.causes import causes
from syncer.plan.probes import Probes
from syncer.plan.record import change_line, digest_of, drift_line, header_record, line_start
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
    drift: tuple[DriftTally, ...] | None = None
    """What has drifted of each entity; None: nobody asked."""
    labels: Labels = field(default_factory=Labels)
    """What people call the values in it."""
    stale: Mapping[int, int] = field(default_factory=dict)
    """Rows that are not as a saved plan has them any more, by entity; they are in no tally."""
    beyond: int | None = None
    """Rows that would be created or adopted by now and are not in the saved plan; None: there is none."""
    _digest: list[str] = field(default_factory=list, repr=False, compare=False)

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

    def causes(self, target: TargetView, keys: int) -> Iterator[Cause]:
        """What blocks rows of the entity, what blocks most of them first, with the first `keys` of its rows."""
        return causes(self.workspace, target.index, keys)

    def drifted(self, target: TargetView) -> Iterator[Drifted]:
        """The entity's rows that are changed, or whose items are deleted, in key order."""
        for key, kind, item_id, message in self.workspace.drifted(target.index) if self.drift is not None else ():
            yield Drifted(target.name, key, kind, ItemId(item_id), message)

    def label(self, target: TargetView, field: str, value: Any) -> str | None:
        """What people call a value of a field, or an element of it."""
        return self.labels.of(target.index, field, value)

    @property
    def header(self) -> dict[str, Any]:
        """What the plan is of, as the first line of a saved one says it."""
        roots = [Path(os.path.relpath(spec.root, self.specs[0].root)).as_posix() for spec in self.specs]
        return header_record(self, roots)

    def lines(self) -> Iterator[tuple[str, str]]:
        """Every change as a line of a saved plan, and as the digest takes it, which takes nothing of the drift."""
        for target in self.targets:
            start, originator = line_start(target), target.stamp.originator_id
            for chunk in self.workspace.entries(target.index):
                for entry in chunk:
                    yield change_line(start, originator, entry)
            for each in self.drifted(target):
                yield drift_line(start, originator, each), ""

    def digest(self) -> str:
        """`sha256:…` over the specs' files, the portal, the entities and every change; no clock value is in it."""
        if not self._digest:
            self._digest.append(digest_of(self.header, self.lines()))
        return self._digest[0]

    def digested(self, digest: str) -> None:
        """Whoever went through all lines tells the digest, so that it is not made again."""
        self._digest[:] = [digest]


def _change(name: EntityName, entry: Entry) -> Change:
    match entry.action:
        case "create":
            return Create(name, entry.origin_id, wire.loads(entry.fields or "{}"))
        case "adopt":
            return Adopt(name, entry.origin_id, ItemId(entry.item_id or 0))
        case "unknown":
            return Unknown(name, entry.origin_id, wire.loads(entry.fields or "{}"))
        case "blocked":
            assert entry.reason is not None
            return Blocked(name, entry.origin_id, RowProblem(entry.reason, entry.message or ""))
