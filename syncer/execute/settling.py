"""Outcomes that no answer told are settled by looking items up by their identity.

Presence counts at once. Absence counts only `settle_seconds` after the last moment the request could have
left, because a portal may go on with a batch long after the connection broke.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from threading import Event
from typing import Final

from syncer.bitrix24.lookup import KEYS_A_REQUEST, Lookup
from syncer.errors import SyncerError
from syncer.execute.failpoints import Failpoint, reached
from syncer.execute.keeping import clock
from syncer.execute.recorder import Recorder, found_items
from syncer.execute.witnesses import Witnesses
from syncer.plan.hits import look_up
from syncer.plan.plan import Target
from syncer.plan.probes import Probes
from syncer.store import Known, Ledger, Status, Trouble

LOOK_AGAIN_SECONDS: Final = (5.0, 10.0, 20.0, 30.0)
"""How long to wait between looks while an absence does not count yet: the portal may be about to finish."""


class Settler:
    """Settles what is intended or unknown in the ledger, of this run and of earlier ones."""

    def __init__(
        self,
        targets: Sequence[Target],
        *,
        ledgers: Mapping[int, Ledger],
        probes: Probes,
        lookup: Lookup,
        witnesses: Witnesses,
        recorder: Recorder,
        stop: Event,
    ) -> None:
        self._targets = targets
        self._ledgers = ledgers
        self._probes = probes
        self._lookup = lookup
        self._witnesses = witnesses
        self._recorder = recorder
        self._stop = stop
        self.blind: dict[int, SyncerError] = {}
        """Targets of which look-ups do not find what is there, and why that is so: their absent rows stay open."""
        self._first_seen: dict[tuple[int, str], float] = {}
        self.settled = 0
        """Rows that were found, or whose absence counted: they, or their children, may be ready to be sent."""

    def look(self) -> float | None:
        """Looks every pending item up once. Gives the seconds until an absence counts; None: all settled."""
        waits = [wait for target in self._targets if (wait := self._look_at(target)) is not None]
        return min(waits) if waits else None

    def wait_and_look(self) -> None:
        """Looks, and waits and looks again until nothing is pending or the run is stopped."""
        wait, pauses = self.look(), chain(LOOK_AGAIN_SECONDS, repeat(LOOK_AGAIN_SECONDS[-1]))
        while wait is not None:
            self._recorder.keeper.wait(min(wait, next(pauses)), self._stop)
            if self._stop.is_set():
                return
            wait = self.look()

    def _look_at(self, target: Target) -> float | None:
        pending = self._ledgers[target.index].pending()
        mine = [item for item in pending.items if item.owner in (target.name, target.known_as)]
        wait: float | None = None
        for start in range(0, len(mine), KEYS_A_REQUEST):
            self._recorder.keeper.keep()
            chunk = mine[start : start + KEYS_A_REQUEST]
            keys = [item.origin_id for item in chunk]
            ledger, rules = self._ledgers[target.index], self._probes.rules(target)
            found = look_up(self._lookup, target, ledger, keys, rules, cut=True)
            hits = found.items
            reached(Failpoint.LOOKED_UP)
            once, twins = found_items(hits, found.stored)
            self._recorder.created(target, once, unread=[each.origin_id for each in once])
            for each in once:
                text = target.stamp.text
                self._probes.learn_echo(target, text(each.origin_id), text(each.stored_key or each.origin_id), None)
            self._recorder.ambiguous(target, twins)
            missing = [item for item in chunk if item.origin_id not in hits]
            refused = [item for item in missing if _was_refused(item)]
            lefts = {
                item.origin_id: self._left(target, item, pending.now) for item in missing if not _was_refused(item)
            }
            gone = [key for key, left in lefts.items() if left <= 0]
            if (gone or refused) and self._is_blind(target):
                gone, refused = [], []
            self._recorder.failed(target, [_trouble(item) for item in refused])
            self._recorder.absent(target, gone)
            reached(Failpoint.SETTLED)
            self.settled += len(once) + len(gone)
            wait = min((left for left in (wait, *lefts.values()) if left is not None and left > 0), default=None)
        return wait

    def _is_blind(self, target: Target) -> bool:
        """Whether look-ups do not show what is there, so that an absence means nothing."""
        reason = self._witnesses.missing(target)
        self.blind.pop(target.index, None)
        if reason is not None:
            self.blind[target.index] = reason
        return reason is not None

    def _left(self, target: Target, item: Known, now: float) -> float:
        """Seconds until the absence of an item counts.

        When it was sent at a time that is still to come, the clock of the state went back, and our own must do. The end
        of a lease that was taken away from its holder may be still to come, too.
        """
        settle, sent = target.spec.portal.limits.settle_seconds, item.intended_at or now
        if sent <= now or sent == self._recorder.lost_until:
            return settle - (now - sent)
        seen = self._first_seen.setdefault((target.index, item.origin_id), clock())
        return settle - (clock() - seen)


def _was_refused(item: Known) -> bool:
    """The portal's complete answer said no, with a code that leaves open whether it had worked.

    One that is only intended may still have the code of an earlier failure.
    """
    return item.status is Status.UNKNOWN and bool(item.code)


def _trouble(item: Known) -> Trouble:
    return Trouble(item.origin_id, item.code or "", item.message or "")
