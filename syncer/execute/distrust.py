"""A state that was lost, or came back as an old copy, knows less than the portal: absence must be waited for.

When the portal shows items of ours that the state does not know, another run may have sent more of them a moment ago,
and the portal may still be working on it. So what is missing is created only `settle_seconds` after that was seen,
and looked up once more before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from threading import Event

from syncer.bitrix24.inventory import stamped
from syncer.bitrix24.lookup import KEYS_A_REQUEST, Lookup
from syncer.bitrix24.portal import Portal
from syncer.execute.recorder import Recorder, found_items
from syncer.log import logger
from syncer.plan.approved import unapproved_adoptions
from syncer.plan.hits import look_up
from syncer.plan.plan import Plan, Target
from syncer.store import Ledger, PortalId, State, Status


def seconds_of_distrust(
    state: State, portal: Portal, portal_id: PortalId, plan: Plan, ledgers: Mapping[int, Ledger], *, since: float
) -> float | None:
    """How long creates have to wait until they are looked up again; None: not at all.

    Remembers in the state when the portal was last seen to hold more. `since`, by the state's clock, is before the plan
    asked the portal: what it did not find counts when that was late enough.
    """
    asked = [target for target in plan.targets if not target.entity.trust_state]
    if any(_holds_more(plan, target, ledgers[target.index]) for target in asked) or _forgot(
        state, portal, portal_id, [target for target in asked if plan.tallies[target.index].create]
    ):
        state.portals.distrust(portal_id)
    known = state.portals.find(portal_id)
    if known is None or known.distrusted_at is None or not any(plan.tallies[each.index].create for each in asked):
        return None
    settle = max(target.spec.portal.limits.settle_seconds for target in asked)
    if since - known.distrusted_at >= settle:
        return None
    passed = known.now - known.distrusted_at
    return settle if passed < 0 else max(0.0, settle - passed)


def _holds_more(plan: Plan, target: Target, ledger: Ledger) -> bool:
    """Whether items are adopted of which the state has never heard, or last heard that they were refused: not twins
    that were mended, say.
    """
    adopted = ([each.origin_id for each in chunk] for chunk in plan.workspace.entries(target.index, "adopt"))
    for keys in chain(adopted, unapproved_adoptions(plan.workspace, target.index)):
        known = ledger.ids(keys)
        if any(key not in known or known[key].status is Status.FAILED for key in keys):
            return True
    return False


def _forgot(state: State, portal: Portal, portal_id: PortalId, targets: Sequence[Target]) -> bool:
    """Whether the portal has items of ours where the state has none: a source may show none but new rows."""
    counts = state.counts(portal_id)
    filled = {owner.scope for owner in state.owners.all(portal_id) for id_, _ in counts if id_ == owner.id}
    empty = {each.index: (each.entity_type_id, each.stamp) for each in targets if each.scope not in filled}
    return bool(stamped(portal, empty))


def wait_and_adopt(
    plan: Plan,
    seconds: float,
    *,
    lookup: Lookup,
    ledgers: Mapping[int, Ledger],
    recorder: Recorder,
    stop: Event,
) -> None:
    """Waits, then adopts what has appeared in the portal since the plan asked for it."""
    logger().warning(
        "state.incomplete",
        adopted=plan.total.adopt,
        missing=plan.total.create,
        seconds=round(seconds),
        detail="the portal holds items that the state did not know: it was lost, or is an old copy. What is missing is "
        "looked up again before it is created; items that people deleted in the portal will come back",
    )
    recorder.keeper.wait(seconds, stop)
    for target in plan.targets:
        if not target.entity.trust_state and not stop.is_set():
            _adopt(target, plan, lookup, ledgers[target.index], recorder)


def _adopt(target: Target, plan: Plan, lookup: Lookup, ledger: Ledger, recorder: Recorder) -> None:
    for chunk in plan.workspace.unsent(target.index, KEYS_A_REQUEST, held=True):
        keys = [each.origin_id for each in chunk]
        hits = look_up(lookup, target, ledger, keys, plan.probes.rules(target))
        once, twins = found_items(hits.items, hits.stored)
        recorder.adopted(target, once)
        recorder.ambiguous(target, twins)
