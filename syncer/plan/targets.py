"""The entities a command is about, with what the state has of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from syncer.check.facts import Facts
from syncer.check.spec import stamp_of
from syncer.errors import UsageError
from syncer.model.change import EntityName
from syncer.model.field import FieldType, as_spelt
from syncer.model.identity import EntityTypeId
from syncer.plan.plan import Target
from syncer.spec import EntitySpec, Spec
from syncer.store import NOWHERE, Hold, Ledger, Owner, OwnerId, PortalId, State, Status


@dataclass(frozen=True, slots=True)
class Targets:
    """Entities in reference order, with their ledgers and owners by index.

    `known` counts the items that the state knows of each. `changed` has those whose identities are made otherwise than
    these items: index → their count. `other_portals` has the portals that the state knows when it does not know this
    one: name → count of items.
    """

    all: tuple[Target, ...]
    ledgers: Mapping[int, Ledger]
    owners: Mapping[int, OwnerId]
    known: Mapping[int, int]
    changed: Mapping[int, int]
    other_portals: Mapping[str, int]

    def recorded(self, state: State, portal_id: PortalId, hold: Hold, *, unconfirmed: Collection[int] = ()) -> Targets:
        """The same, once the state is told who owns which identities now, and how they are made.

        `unconfirmed` are entities whose changed identities no row bears yet: of these the state keeps what it had, or
        the next run would take the change for settled.
        """
        owners = dict(self.owners)
        for each in self.all:
            if each.known_as != each.name:
                state.owners.rename(hold, portal_id, each.known_as, each.name)
            if each.index not in unconfirmed:
                owners[each.index] = state.owners.put(portal_id, each.name, each.scope, _fingerprint(each))
        return replace(self, all=tuple(replace(each, known_as=each.name) for each in self.all), owners=owners)


def find_targets(
    specs: Sequence[Spec],
    *,
    only: Sequence[str],
    types: Mapping[EntityName, EntityTypeId],
    catalogs: Mapping[EntityTypeId, Mapping[str, FieldType]],
    state: State,
    portal_id: PortalId,
) -> Targets:
    """The wanted entities and those they refer to."""
    targets: list[Target] = []
    counts = state.counts(portal_id)
    owners = {each.name: each for each in state.owners.all(portal_id)}
    owning = {name for name, each in owners.items() if any(each.id == owner_id for owner_id, _ in counts)}
    gone = owning - {EntityName(spec.name, entity) for spec in specs for entity in spec.entities}
    for spec in specs:
        places: dict[str, int] = {}
        for entity in wanted(spec, only):
            name = EntityName(spec.name, entity.name)
            kind = types[name]
            entity = replace(entity, fields=as_spelt(entity.fields, catalogs[kind]))
            stamp = stamp_of(entity, kind, Facts(catalogs))
            places[entity.name] = len(targets)
            parents = {parent: places[parent] for parent in spec.order if parent in entity.refs}
            known_as = name if name in owning else next((each for each in _former(spec, entity) if each in gone), name)
            targets.append(Target(len(targets), spec, entity, name, known_as, kind, stamp, catalogs[kind], parents))
    return _found(tuple(targets), owners, counts, state, portal_id)


def _found(
    targets: tuple[Target, ...],
    owners: Mapping[EntityName, Owner],
    counts: Mapping[tuple[OwnerId, Status], int],
    state: State,
    portal_id: PortalId,
) -> Targets:
    """The targets with what the state has of them."""
    found = {each.index: owner for each in targets if (owner := owners.get(each.known_as)) is not None}
    items = {index: counts.get((owner.id, Status.CREATED), 0) for index, owner in found.items()}
    return Targets(
        targets,
        ledgers={each.index: state.ledger(portal_id, each.scope) for each in targets},
        owners={each.index: found[each.index].id if each.index in found else OwnerId(NOWHERE) for each in targets},
        known=items,
        changed={
            index: items[index] for index, owner in found.items() if items[index] and _made_anew(targets[index], owner)
        },
        other_portals={} if counts else _portals_with_items(state),
    )


def _former(spec: Spec, entity: EntitySpec) -> Iterator[EntityName]:
    """The names an entity may have had: its own or its spec's former one, or both."""
    for spec_name in (spec.name, spec.moved_from):
        for entity_name in (entity.name, entity.moved_from):
            if spec_name and entity_name:
                yield EntityName(spec_name, entity_name)


def _made_anew(target: Target, owner: Owner) -> bool:
    """Whether the target's identities are made otherwise than when its items were."""
    return owner.fingerprint != _fingerprint(target) or owner.scope != target.scope


def _fingerprint(target: Target) -> str:
    """How a target's identities are made; when it changes, its items would not be recognised any more."""
    return "\n".join((target.stamp.field, target.stamp.originator_id, target.entity.origin_id))


def _portals_with_items(state: State) -> dict[str, int]:
    counts = {each.name: sum(state.counts(each.id).values()) for each in state.portals.all()}
    return {name: count for name, count in counts.items() if count}


def wanted(spec: Spec, only: Sequence[str]) -> Iterator[EntitySpec]:
    """The entities named by `only` and all that they refer to, in reference order; without `only`, all."""
    names = set(only) & set(spec.entities) if only else set(spec.entities)
    waiting = list(names)
    while waiting:
        fresh = spec.entities[waiting.pop()].refs - names
        names |= fresh
        waiting.extend(fresh)
    return (spec.entities[name] for name in spec.order if name in names)


def check_only(specs: Sequence[Spec], only: Sequence[str]) -> None:
    """Raises UsageError for an entity that no spec has."""
    known = sorted({name for spec in specs for name in spec.entities})
    for name in only:
        if name not in known:
            raise UsageError(f"no spec has an entity {name!r}", hint=f"there are: {', '.join(known)}")
