"""References of one entity to items of others: known ids, items of the same plan, missing parents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from syncer.bitrix24.lookup import Lookup
from syncer.model import wire
from syncer.model.change import EntityName, Reason, Reference, RowProblem
from syncer.model.identity import ItemId
from syncer.plan.plan import Target
from syncer.plan.workspace import Workspace
from syncer.store import Known, Ledger, Status

EXISTS_CHUNK = 2500


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a batch's references stand for. A reference in neither mapping is an item of the same plan."""

    ids: dict[tuple[str, str], int]
    missing: Mapping[tuple[str, str], str]
    entities: Mapping[str, int]

    def problem(self, fields: Mapping[str, Any]) -> RowProblem | None:
        """Why a row with these fields must wait for a parent."""
        for ref in wire.references(fields) if self.missing else ():
            why = self.missing.get((ref.entity, ref.origin_id))
            if why is not None:
                return RowProblem(Reason.MISSING_REF, why)
        return None

    def links(self, fields: Mapping[str, Any]) -> frozenset[tuple[int, str, int]]:
        """The existing items that a row refers to: (entity's index, originId, item id)."""
        return frozenset(
            (self.entities[ref.entity], ref.origin_id, self.ids[ref.entity, ref.origin_id])
            for ref in (wire.references(fields) if self.ids else ())
            if (ref.entity, ref.origin_id) in self.ids
        )


class Parents:
    """The entities that one target refers to."""

    def __init__(
        self,
        target: Target,
        targets: Mapping[int, Target],
        *,
        workspace: Workspace,
        ledgers: Mapping[int, Ledger],
        lookup: Lookup,
    ) -> None:
        self._target = target
        self._targets = targets
        self._workspace = workspace
        self._ledgers = ledgers
        self._lookup = lookup

    def resolve(self, references: Collection[Reference]) -> Resolved:
        """Asks plan and ledger about all references of a batch, one question an entity each."""
        ids: dict[tuple[str, str], int] = {}
        missing: dict[tuple[str, str], str] = {}
        for entity, index in self._target.parents.items():
            if index == self._target.index:  # not all of its rows are read yet: see `Family`
                continue
            keys = sorted({ref.origin_id for ref in references if ref.entity == entity})
            if not keys:
                continue
            planned = self._workspace.actions(index, keys)
            for key, entry in planned.items():
                if entry.action == "adopt" and entry.item_id is not None:
                    ids[entity, key] = entry.item_id
                elif entry.action == "blocked":
                    missing[entity, key] = f"{entity} {key!r} is itself blocked ({entry.reason}): {entry.message}"
            owner = self._targets[index].known_as
            known = self._ledgers[index].ids([key for key in keys if key not in planned])
            for key in keys:
                if key in planned:
                    continue
                if (item_id := to_item(known.get(key), owner)) is not None:
                    ids[entity, key] = item_id
                else:
                    missing[entity, key] = why_missing(entity, key, known.get(key))
        return Resolved(ids, missing, self._target.parents)

    def known(self, references: Collection[Reference]) -> dict[tuple[str, str], int]:
        """The items of references as the state knows them, by (entity, originId), or as they are to be adopted."""
        ids: dict[tuple[str, str], int] = {}
        for entity, index in self._target.parents.items():
            keys = sorted({ref.origin_id for ref in references if ref.entity == entity})
            if not keys:
                continue
            owner, known = self._targets[index].known_as, self._ledgers[index].ids(keys)
            ids |= {(entity, key): at for key in keys if (at := to_item(known.get(key), owner)) is not None}
            missing = [key for key in keys if (entity, key) not in ids]
            planned = self._workspace.actions(index, missing) if missing else {}
            ids |= {
                (entity, key): each.item_id for key, each in planned.items() if each.action == "adopt" and each.item_id
            }
        return ids

    def block_orphans(self) -> None:
        """Blocks creates whose parents the ledger knows and the portal no longer has."""
        child = self._target.index
        for parent, ids in self._workspace.parent_items(child, EXISTS_CHUNK):
            target = self._targets[parent]
            if target.entity.trust_state:
                continue
            there = self._lookup.exists(target.entity_type_id, [ItemId(each) for each in ids])
            for gone in sorted(set(ids) - set(there)):
                text = (
                    f"its parent, {target.name.entity} item {gone}, is no longer in the portal; "
                    f"restore it there, or `syncer state forget` it so that it is created again"
                )
                self._workspace.block_children_of(child, parent, gone, text)


def to_item(known: Known | None, owner: EntityName) -> ItemId | None:
    """The item that a reference leads to; None: there is none, or it is not plainly this owner's."""
    if known is None or known.status is not Status.CREATED or known.owner != owner:
        return None
    return known.item_id


def why_missing(entity: str, key: str, known: Known | None) -> str:
    """Why there is no item of a key that the parent's source does not have (any more)."""
    match known.status if known else None:
        case Status.INTENDED | Status.UNKNOWN:
            return f"an earlier run sent {entity} {key!r} and learned no outcome; `syncer apply` learns it first"
        case Status.AMBIGUOUS:
            return f"the portal held several items of {entity} {key!r}: delete or re-key all but one"
        case Status.CREATED:
            return f"{entity} {key!r} belongs to {known.owner if known else ''}, and another entity has no part in it"
    return f"{entity} has no row {key!r} and never had an item of that originId"
