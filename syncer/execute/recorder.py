"""Writes down what became of items: in the ledger, in the run's own account, in the log. One way for all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from syncer.execute.keeping import Keeper
from syncer.log import logger
from syncer.model.identity import ItemId
from syncer.model.outcome import STORED_OTHERWISE
from syncer.plan.plan import Target
from syncer.plan.workspace import Became, Entry, Workspace
from syncer.store import Found, Hold, Intent, Ledger, OwnerId, Trouble, Twins


class Recorder:
    """Everything a run may say of an item. Each call is one transaction of the state."""

    def __init__(
        self,
        hold: Hold,
        keeper: Keeper,
        ledgers: Mapping[int, Ledger],
        owners: Mapping[int, OwnerId],
        workspace: Workspace,
    ) -> None:
        self.keeper = keeper
        self._hold = hold
        self._ledgers = ledgers
        self._owners = owners
        self._workspace = workspace
        self._log = logger().bind(run=hold.run_id)

    @property
    def lost_until(self) -> float | None:
        """The end of the lease before this one, when it was not given back: until then its holder may have sent."""
        return self._hold.lost_until

    def intend(self, target: Target, intents: Sequence[Intent]) -> set[str]:
        """These are about to be sent. Committed when this returns; gives the keys that must not be sent after all."""
        self.keeper.keep()
        refused = self._ledgers[target.index].intend(self._hold, self._owners[target.index], intents)
        there = [Became(each.origin_id, "adopted", each.item_id) for each in refused if each.item_id]
        lost = [Became(each.origin_id, "unknown", message="sent before") for each in refused if not each.item_id]
        self._workspace.note(target.index, there + lost)
        return {each.origin_id for each in refused}

    def created(
        self,
        target: Target,
        found: Sequence[Found],
        seconds: Mapping[str, float] | None = None,
        *,
        otherwise: Mapping[str, str] | None = None,
        unread: Collection[str] = (),
    ) -> None:
        """The portal gave ids, or was found to hold what was sent.

        `otherwise` has the words for rows that fail for what was stored of them; `unread` are keys of which nobody has
        seen that yet.
        """
        if not found:
            return
        self._ledgers[target.index].created(self._hold, found)
        wrong = otherwise or {}
        fine = [each for each in found if each.origin_id not in wrong]
        self._workspace.note(target.index, (Became(f.origin_id, "created", f.item_id) for f in fine))
        self._workspace.mark_unread(target.index, unread)
        for each in fine:
            took = {"seconds": seconds[each.origin_id]} if seconds and each.origin_id in seconds else {}
            self._event("item.created", target, each.origin_id, id=each.item_id, **took)
        self.otherwise(
            target,
            [
                (each, Trouble(each.origin_id, STORED_OTHERWISE, wrong[each.origin_id]))
                for each in found
                if each.origin_id in wrong
            ],
        )

    def otherwise(self, target: Target, failures: Sequence[tuple[Found, Trouble]]) -> None:
        """Rows that have failed although their items exist, and the ledger has them as created."""
        self._workspace.note(
            target.index,
            (Became(f.origin_id, "failed", f.item_id, code=t.code, message=t.message) for f, t in failures),
        )
        for found, trouble in failures:
            facts = {"id": found.item_id, "code": trouble.code, "message": trouble.message}
            self._event("item.failed", target, found.origin_id, **facts)

    def adopted(self, target: Target, found: Sequence[Found]) -> None:
        """The portal had them before syncer knew."""
        if not found:
            return
        self._ledgers[target.index].adopted(self._hold, self._owners[target.index], found)
        self._workspace.note(target.index, (Became(f.origin_id, "adopted", f.item_id) for f in found))
        for each in found:
            self._event("item.adopted", target, each.origin_id, id=each.item_id)

    def blocked(self, target: Target, rows: Sequence[Entry]) -> None:
        """They cannot be created as they are; the plan says why."""
        for each in rows:
            reason = each.reason.value if each.reason else None
            self._event("item.blocked", target, each.origin_id, reason=reason, message=each.message)

    def failed(self, target: Target, troubles: Sequence[Trouble]) -> None:
        """The portal's own answer says why there is no item."""
        if not troubles:
            return
        self._ledgers[target.index].failed(self._hold, troubles)
        self._note(target, "failed", troubles)
        for each in troubles:
            self._event("item.failed", target, each.origin_id, code=each.code, message=each.message)

    def lost(self, target: Target, troubles: Sequence[Trouble]) -> None:
        """No answer told the outcome."""
        if not troubles:
            return
        self._ledgers[target.index].lost(self._hold, troubles)
        self._note(target, "unknown", troubles)
        for each in troubles:
            self._event("item.unknown", target, each.origin_id, code=each.code, message=each.message)

    def leave_open(self, target: Target, keys: Collection[str]) -> None:
        """They were sent, and an error keeps the state from learning the outcome: the next run settles them."""
        untold = {each.origin_id for chunk in self._workspace.unsent(target.index, held=True) for each in chunk}
        text = "it was sent, and the answer could not be recorded"
        self._workspace.note(target.index, [Became(key, "unknown", message=text) for key in untold.intersection(keys)])

    def refused(self, target: Target, troubles: Sequence[Trouble]) -> None:
        """They never ran: as if they had not been sent."""
        if troubles:
            self._ledgers[target.index].refused(self._hold, [each.origin_id for each in troubles])

    def absent(self, target: Target, keys: Collection[str]) -> None:
        """The portal was asked late enough and does not hold them: they may be sent again."""
        if not keys:
            return
        self._ledgers[target.index].absent(self._hold, list(keys))
        self._workspace.unnote(target.index, keys)

    def ambiguous(self, target: Target, twins: Sequence[Twins]) -> None:
        """The portal holds several items of one identity; nobody picks one."""
        if not twins:
            return
        self._ledgers[target.index].ambiguous(self._hold, self._owners[target.index], twins)
        self._workspace.note(
            target.index,
            (Became(t.origin_id, "ambiguous", message=", ".join(map(str, t.item_ids))) for t in twins),
        )
        for each in twins:
            self._event("item.ambiguous", target, each.origin_id, ids=list(each.item_ids))

    def _note(self, target: Target, kind: Any, troubles: Iterable[Trouble]) -> None:
        self._workspace.note(
            target.index, (Became(t.origin_id, kind, code=t.code, message=t.message) for t in troubles)
        )

    def _event(self, event: str, target: Target, origin_id: str, **facts: Any) -> None:
        emit = self._log.info if event in ("item.created", "item.adopted") else self._log.warning
        emit(
            event,
            spec=target.name.spec,
            entity=target.name.entity,
            entityTypeId=target.entity_type_id,
            originatorId=target.stamp.originator_id,
            originId=origin_id,
            **facts,
        )


def found_items(
    hits: Mapping[str, Sequence[ItemId]], stored: Mapping[str, str] | None = None
) -> tuple[list[Found], list[Twins]]:
    """A look-up's hits: those found once, and those found more than once. `stored`: keys that the portal keeps
    otherwise than they were sent.
    """
    once = [Found(key, ids[0], (stored or {}).get(key)) for key, ids in hits.items() if len(ids) == 1]
    twins = [Twins(key, tuple(ids)) for key, ids in hits.items() if len(ids) > 1]
    return once, twins
