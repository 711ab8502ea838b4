"""A plan becomes items: adopted, created in reference order, lost answers settled, everything swept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import Final

from syncer.bitrix24.imports import AT_ONCE, METHOD, MOST_ROWS
from syncer.bitrix24.lookup import KEYS_A_REQUEST, Lookup
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.size import BatchSize
from syncer.errors import PortalError, SyncerError
from syncer.execute.distrust import wait_and_adopt
from syncer.execute.failpoints import Failpoint, reached
from syncer.execute.importing import Importer
from syncer.execute.proving import Prover
from syncer.execute.readback import ReadBack
from syncer.execute.recorder import Recorder
from syncer.execute.sending import First, Halt, Sender
from syncer.execute.settling import Settler
from syncer.execute.witnesses import Witnesses
from syncer.log import logger
from syncer.model.change import Reason
from syncer.model.identity import EntityTypeId, ItemId
from syncer.model.outcome import NotSentReason
from syncer.model.run import RunResult
from syncer.model.tally import RunTally
from syncer.plan.approved import present
from syncer.plan.hits import look_up
from syncer.plan.plan import Plan, Target
from syncer.plan.workspace import Became
from syncer.store import Found, Ledger, Twins

ROUNDS: Final = 3
"""A round sends what is ready; a later one what was found absent, and children of parents settled since."""


class Execution:
    """One run over one plan. `run` once."""

    def __init__(
        self,
        plan: Plan,
        *,
        run: str,
        portal: Portal,
        recorder: Recorder,
        ledgers: Mapping[int, Ledger],
        proved: set[EntityTypeId],
        learned: Mapping[tuple[EntityTypeId, str], float],
        distrusted_for: float | None,
        stop: Event,
        progress: Callable[[Target, int], None],
    ) -> None:
        self._plan = plan
        self._run = run
        self._portal = portal
        self._ledgers = ledgers
        self._distrusted_for = distrusted_for
        self._lookup = Lookup(portal)
        self._recorder = recorder
        self._stop = stop
        self.proved = proved
        """Types whose items were seen to be found again by their identity."""
        limits = plan.specs[0].portal.limits
        self._halt = Halt()
        self._sizes = BatchSize(limits.request_seconds)
        self._sizes.start_from(learned)
        self._read_back = ReadBack(plan, portal, ledgers, recorder)
        self._sender = Sender(
            portal,
            self._sizes,
            recorder,
            plan.workspace,
            ledgers,
            plan.probes,
            self._read_back,
            halt=self._halt,
            stop=stop,
            progress=progress,
        )
        self._settler = Settler(
            plan.targets,
            ledgers=ledgers,
            probes=plan.probes,
            lookup=self._lookup,
            witnesses=Witnesses(portal, self._lookup, ledgers, plan.probes),
            recorder=recorder,
            stop=stop,
        )
        self._import_sizes = BatchSize(limits.request_seconds, first=AT_ONCE, largest=MOST_ROWS)
        self._import_sizes.start_from(learned)
        self._importer = Importer(
            portal,
            self._import_sizes,
            recorder,
            plan.workspace,
            ledgers,
            plan.probes,
            self._read_back,
            ready=self._sender.ready,
            settle=self._settle,
            halt=self._halt,
            stop=stop,
            progress=progress,
        )
        self._prover = Prover(
            plan,
            portal=portal,
            lookup=self._lookup,
            send=self._send,
            ledgers=ledgers,
            proved=proved,
            read_back=self._read_back,
            halt=self._halt,
            over=lambda: self._over,
        )
        self._not_found = 0

    def run(self) -> RunResult:
        started = time.monotonic()
        steps = (self._note_unknown, self._adopt, self._distrust, self._rounds, self._tell_blocked)
        for step in (*steps, self._read_unread, self._sweep):
            try:
                step()
            except SyncerError as error:
                self._halt.error = self._halt.error or error
        spent = self._portal.spent
        return RunResult(
            run=self._run,
            tallies=[self._tally(target) for target in self._plan.targets],
            requests=spent.requests,
            refused=spent.refused,
            seconds=round(time.monotonic() - started, 3),
            not_found=self._not_found,
            twins=sum(self._plan.workspace.blocked(each.index, Reason.AMBIGUOUS) for each in self._plan.targets),
            stored_otherwise=self._read_back.told(),
            stale=sum(self._plan.stale.values()),
            beyond=self._plan.beyond,
            error=self._halt.reason,
            stopped=self._stop.is_set(),
            why_not_sent={target.index: self._why_not_sent(target) for target in self._plan.targets},
        )

    @property
    def left_open(self) -> bool:
        """Whether requests may still be on their way, whose answers nobody waits for."""
        return self._sender.left_open or self._importer.left_open

    def learned(self) -> dict[tuple[EntityTypeId, str], float]:
        """Seconds an item of each type took, by type and method."""
        added, imported = self._sizes.learned(), self._import_sizes.learned()
        return {
            kind: (imported if kind[1] == METHOD else added)[kind]
            for kind in added | imported
            if isinstance(kind, tuple)
        }

    def _tell_blocked(self) -> None:
        """The rows that the plan blocked, and those that the run did by what it learned of the portal."""
        for target in self._plan.targets:
            for chunk in self._plan.workspace.entries(target.index, "blocked"):
                self._recorder.blocked(target, chunk)

    def _note_unknown(self) -> None:
        """What earlier runs left open is not sent before it is found absent."""
        for target in self._plan.targets:
            for chunk in self._plan.workspace.entries(target.index, "unknown"):
                text = "an earlier run sent it and learned no outcome"
                self._plan.workspace.note(
                    target.index, [Became(each.origin_id, "unknown", message=text) for each in chunk]
                )

    def _adopt(self) -> None:
        for target in self._plan.targets:
            for chunk in self._plan.workspace.entries(target.index, "adopt"):
                found = [Found(each.origin_id, ItemId(each.item_id or 0), each.stored_key) for each in chunk]
                self._recorder.keeper.keep()
                self._recorder.adopted(target, found)
                reached(Failpoint.ADOPTED)

    def _distrust(self) -> None:
        if self._distrusted_for is not None and not self._over:
            wait_and_adopt(
                self._plan,
                self._distrusted_for,
                lookup=self._lookup,
                ledgers=self._ledgers,
                recorder=self._recorder,
                stop=self._stop,
            )

    def _send(self, target: Target, first: First | None = None) -> int:
        return (self._importer if target.imported else self._sender).send(target, first)

    def _settle(self) -> bool:
        """Waits until nothing is open; tells whether that taught anything."""
        settled = self._settler.settled
        self._settler.wait_and_look()
        self._heed_blindness()
        return self._settler.settled > settled

    def _heed_blindness(self) -> None:
        """Nothing more is sent of a target whose lost answers could not be settled."""
        for index, reason in self._settler.blind.items():
            self._halt.targets.setdefault(index, reason)
            self.proved.discard(self._plan.targets[index].entity_type_id)

    def _rounds(self) -> None:
        for target in self._plan.targets:
            if target.in_order:
                self._plan.workspace.take_turns(target.index, "createdTime")
        for _ in range(ROUNDS):
            settled = self._settler.settled
            for target in self._plan.targets:
                if target.in_order:  # parents, and what earlier runs left open: later it would be too old
                    self._settle()
                self._send_in_waves(target)
                if self._silent:
                    return
                self._settler.look()
                self._heed_blindness()
            if self._over:
                return
            self._settle()
            if self._settler.settled == settled:  # nothing has become ready since
                return

    def _send_in_waves(self, target: Target) -> None:
        """Sends what is ready; where rows refer to others of their entity, what that made ready too, to the last."""
        family = target.name.entity in target.parents
        while self._prover.prove(target) and self._send(target) and family and not self._over:
            if target.index in self._halt.targets:
                return

    @property
    def _over(self) -> bool:
        return self._stop.is_set() or self._halt.error is not None

    @property
    def _silent(self) -> bool:
        """The portal wants to be asked nothing more, or does not answer."""
        return isinstance(self._halt.error, PortalError)

    def _read_unread(self) -> None:
        """Reads back what no answer has shown."""
        for target in self._plan.targets:
            if self._stop.is_set() or self._silent:
                return
            self._read_back.read_unread(target)

    def _sweep(self) -> None:
        """Looks up what this run created: each must be there, once, as the item that the portal said it was."""
        reached(Failpoint.SWEEPING)
        for target in self._plan.targets:
            if target.entity.trust_state or self._stop.is_set() or self._silent:
                continue
            for chunk in self._plan.workspace.made(target.index, KEYS_A_REQUEST):
                self._recorder.keeper.keep()
                self._sweep_up(target, {each.origin_id: ItemId(each.item_id or 0) for each in chunk})
        reached(Failpoint.SWEPT)

    def _sweep_up(self, target: Target, created: Mapping[str, ItemId]) -> None:
        ledger = self._ledgers[target.index]
        known = ledger.ids(list(created))
        stored = {key: each.stored_key for key, each in known.items() if each.stored_key}
        rules = self._plan.probes.rules(target)
        hits = look_up(self._lookup, target, ledger, created, rules, stored=stored)
        found = {key: hits.items.get(key, ()) for key in created}
        missing = [key for key, item_id in created.items() if item_id not in found[key]]
        self._recorder.ambiguous(target, [Twins(key, ids) for key, ids in found.items() if len(ids) > 1])
        self._not_found += len(missing)
        if missing:
            self.proved.discard(target.entity_type_id)
        for key in missing:
            logger().warning("item.not_found", entity=str(target.name), originId=key, id=created[key])

    def _tally(self, target: Target) -> RunTally:
        planned = self._plan.tallies[target.index]
        became = self._plan.workspace.ends(target.index)
        blocked = self._plan.workspace.counts(target.index)["blocked"] - planned.blocked  # since, by what was learned
        there = present(self._plan.workspace, target.index)
        open_rows = planned.create + planned.adopt + planned.unknown + self._plan.stale.get(target.index, 0)
        return RunTally(
            created=became["created"],
            adopted=became["adopted"] - sum(there),
            unchanged=planned.unchanged + there.later,
            failed=became["failed"],
            blocked=planned.blocked + blocked,
            unknown=became["unknown"] + became["ambiguous"],
            filtered=planned.filtered,
            not_sent=open_rows - (became.total() - there.counted) - blocked,
        )

    def _why_not_sent(self, target: Target) -> NotSentReason:
        if target.index in self._halt.targets:
            return NotSentReason.REFUSED
        return NotSentReason.STOPPED if self._over else NotSentReason.PARENT
