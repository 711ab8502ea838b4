"""A state is rebuilt from the portal alone: whatever carries an identity of ours there is adopted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from syncer.bitrix24.inventory import inventory
from syncer.bitrix24.lookup import Lookup
from syncer.bitrix24.portal import Portal
from syncer.execute.recorder import Recorder, found_items
from syncer.model.change import EntityName
from syncer.model.identity import ItemId
from syncer.plan.plan import Target
from syncer.plan.targets import Targets
from syncer.plan.workspace import Workspace
from syncer.store import Known, Ledger, PortalId, State, Status, Twins

Hits = dict[str, tuple[ItemId, ...]]


@dataclass(slots=True)
class Rebuilt:
    """What became of one entity. `shared_with`: others have identities of the same form, so nothing was adopted."""

    adopted: int = 0
    twins: set[str] = field(default_factory=set)
    """Keys of which the portal holds several items, those that the state knew of too."""
    shared_with: tuple[EntityName, ...] = ()


def adopt_all(
    targets: Targets,
    *,
    state: State,
    portal: Portal,
    portal_id: PortalId,
    recorder: Recorder,
    workspace: Workspace,
    progress: Callable[[Target, int], None],
) -> dict[int, Rebuilt]:
    """Adopts every item that bears a target's identity and has no owner yet; tells what was found, by target's index.

    An identity of which there are several items becomes ambiguous. Where entities share a type and an originatorId, the
    portal does not tell whose an item is; rows do, so their items are left to the next apply. What was adopted proves
    that the state had been lost, and so that it does not know what may be on its way.
    """
    found: dict[int, Rebuilt] = {}
    for target in targets.all:
        rebuilt = found[target.index] = Rebuilt(shared_with=_sharing(target, targets, state, portal_id))
        if not rebuilt.shared_with:
            for page in inventory(portal, target.entity_type_id, target.stamp):
                recorder.keeper.keep()
                incomplete = partial(state.portals.distrust, portal_id)
                _adopt(target, page, targets.ledgers[target.index], Lookup(portal), recorder, rebuilt, incomplete)
                progress(target, rebuilt.adopted)
            rebuilt.adopted = workspace.outcome_counts(target.index)["adopted"]  # without those whose twin came later
    return found


def _sharing(target: Target, targets: Targets, state: State, portal_id: PortalId) -> tuple[EntityName, ...]:
    """Others that this command or the state knows to have identities of the same form."""
    names = {each.name for each in targets.all}
    here = (each.name for each in targets.all if (each.scope, each.stamp) == (target.scope, target.stamp))
    elsewhere = (each.name for each in state.owners.all(portal_id) if each.scope == target.scope)
    shared = (*here, *(name for name in elsewhere if name not in names))
    return tuple(name for name in shared if name != target.name)


def _adopt(
    target: Target,
    page: list[tuple[str, ItemId]],
    ledger: Ledger,
    lookup: Lookup,
    recorder: Recorder,
    rebuilt: Rebuilt,
    incomplete: Callable[[], object],
) -> None:
    """Adopts a page. `incomplete` notes first that the state lacks something: this may end amid all."""
    hits: Hits = {}
    for key, item_id in page:
        hits[key] = (*hits.get(key, ()), item_id)
    known = ledger.ids(list(hits))
    doubtful = [key for key, item in known.items() if _ours(item, target) and _more(item, hits[key])]
    all_of = lookup.find(target.entity_type_id, target.stamp, doubtful) if doubtful else {}
    fresh = {key: ids for key, ids in hits.items() if key not in known}
    once, twins = found_items(fresh | dict(all_of))
    once = [each for each in once if each.origin_id not in known or known[each.origin_id].status is not Status.CREATED]
    if once:
        incomplete()
    recorder.adopted(target, once)
    recorder.ambiguous(target, list(_untold(twins, known)))
    rebuilt.adopted += len(once)
    rebuilt.twins.update(each.origin_id for each in twins)


def _ours(known: Known, target: Target) -> bool:
    """Whether an identity is this target's, or nobody's: what failed has no item, and so no owner."""
    return known.owner == target.name or known.status is Status.FAILED


def _more(known: Known, ids: tuple[ItemId, ...]) -> bool:
    """Whether the portal shows something else of an identity than the one item the state knows."""
    return known.status is not Status.CREATED or ids != (known.item_id,)


def _untold(twins: list[Twins], known: dict[str, Known]) -> Iterator[Twins]:
    """Twins of which the state does not know just these items already."""
    for each in twins:
        item = known.get(each.origin_id)
        if item is None or (item.status, {item.item_id, *item.other_ids}) != (Status.AMBIGUOUS, set(each.item_ids)):
            yield each
