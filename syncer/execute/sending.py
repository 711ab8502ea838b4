"""One target's creates on their way: intents committed, batches sent, answers sorted and written down.

Several requests are in flight, but one thread takes every decision and owns the ledger. What an answer does
not settle is written down as unknown; a batch is never sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from threading import Event
from typing import Any, Final

from syncer.bitrix24.answer import CommandAnswer, Done, Lost, NeverSent, Refusal
from syncer.bitrix24.encode import Command
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.size import BatchSize
from syncer.bitrix24.verdict import Verdict
from syncer.errors import PortalUnreachable, SyncerError
from syncer.execute.attaching import Attaching, goes_alone
from syncer.execute.failpoints import Failpoint, reached
from syncer.execute.queue import Queue, Ready
from syncer.execute.readback import ReadBack, parent_ids
from syncer.execute.recorder import Recorder
from syncer.log import logger
from syncer.model import wire
from syncer.model.identity import ItemId, Stamp
from syncer.plan.plan import Target
from syncer.plan.probes import Probes
from syncer.plan.workspace import Entry, Workspace
from syncer.store import Found, Intent, Ledger, Trouble

METHOD: Final = "crm.item.add"
BUDGET_SHARE: Final = 0.95
"""Of what the method's operating budget has left a request is predicted to take, at most: items differ."""
SHORTEST_SECONDS: Final = 2.0
"""The last rows are spread over all requests that may leave, but none is made shorter: the bucket's room is dear."""
WORTH_TELLING_SECONDS: Final = 5.0
LOST_IN_A_ROW: Final = 3
"""Whole batches lost one after the other before nothing more is sent: the portal is in trouble."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The name of a question that travels with creates; theirs are their keys."""

    name: str


Answers = dict[str | Asked, CommandAnswer]
Flying = dict[Future[Answers], list[Ready]]


@dataclass(slots=True)
class First:
    """Rows that go before the others, at most so many of what `rows` gives, and in one request with questions about
    them: `ask` gets their keys. Afterwards `keys` has those that were sent, `told` the answers that came.
    """

    rows: Iterator[list[Entry]]
    at_most: int
    ask: Callable[[Sequence[str]], Mapping[str, Command]]
    keys: list[str] = field(default_factory=list)
    told: dict[str, CommandAnswer] = field(default_factory=dict)


@dataclass(slots=True)
class Halt:
    """Why nothing more is sent: for one target, or (with `error`) for the whole run."""

    targets: dict[int, SyncerError] = field(default_factory=dict)
    error: SyncerError | None = None

    @property
    def reason(self) -> SyncerError | None:
        """What to tell of it: the run's error, or why each target was refused."""
        refusals = list(self.targets.values())
        if self.error is not None or len(refusals) < 2:
            return self.error or next(iter(refusals), None)
        return SyncerError(
            f"the portal refuses {len(refusals)} entities as a whole", detail="\n".join(map(str, refusals))
        )

    def stops(self, target: Target) -> bool:
        return self.error is not None or target.index in self.targets


class Sender:
    """Sends what is ready of one target. Several rounds may be needed; `send` is one."""

    def __init__(
        self,
        portal: Portal,
        sizes: BatchSize,
        recorder: Recorder,
        workspace: Workspace,
        ledgers: Mapping[int, Ledger],
        probes: Probes,
        read_back: ReadBack,
        *,
        halt: Halt,
        stop: Event,
        progress: Callable[[Target, int], None],
    ) -> None:
        self._portal = portal
        self._sizes = sizes
        self._recorder = recorder
        self._workspace = workspace
        self._ledgers = ledgers
        self._probes = probes
        self._read_back = read_back
        self._files = Attaching(workspace)
        self._halt = halt
        self._stop = stop
        self._progress = progress
        self._lost_in_a_row = 0
        self.left_open = False
        """Whether an error ended a `send` while answers were awaited."""

    def send(self, target: Target, first: First | None = None) -> int:
        """Sends the target's unsent creates whose parents are there, or the `first` ones, and waits for every answer.

        Returns how many rows got an answer, or lost it.
        """
        flying: Flying = {}
        rows = first.rows if first else self._workspace.unsent(target.index)
        holds = partial(self._holds, target)
        queue = Queue(self.ready(target, rows), first.at_most if first else None, holds)
        try:
            return self._send(target, queue, flying, first)
        except Exception:
            self.left_open |= bool(flying)
            self._recorder.leave_open(target, [entry.origin_id for batch in flying.values() for entry, _ in batch])
            raise

    def _send(self, target: Target, waiting: Queue, flying: Flying, first: First | None) -> int:
        answered, patience = 0, self._recorder.keeper.patience
        while True:
            turn = self._launch_what_may_leave(target, waiting, flying, first)
            if not flying:
                if turn is None:
                    return answered
                self._wait_for_turn(min(turn, patience))
                continue
            landed, _ = wait(flying, timeout=min(turn or patience, patience), return_when=FIRST_COMPLETED)
            self._recorder.keeper.keep()
            for future in landed:
                batch = flying[future]
                reached(Failpoint.ANSWERED)
                again = self._receive(target, batch, future.result(), first)
                reached(Failpoint.RECORDED)
                del flying[future]
                waiting.put_back(again)
                answered += len(batch) - len(again)
                self._progress(target, len(batch) - len(again))

    def _launch_what_may_leave(
        self, target: Target, waiting: Queue, flying: Flying, first: First | None
    ) -> float | None:
        """Launches while rows wait and the portal takes more; nothing stands in line here with its intent committed.

        Returns the seconds until the portal takes the next, None when that takes an answer, or nothing waits.
        """
        while not self._stopped(target) and waiting.ready(1):
            size = self._size(target, waiting, flying)
            if not size:
                return None
            if turn := self._portal.pace.turn((METHOD,)):
                return turn
            self._files.forget()
            batch = self._intended(target, waiting.take(size))
            if batch:
                flying[self._launch(target, batch, first)] = batch
                reached(Failpoint.SUBMITTED)
        return None

    def _size(self, target: Target, waiting: Queue, flying: Flying) -> int:
        """Rows that the next request takes; 0: it waits for the answers of those on their way."""
        kind, pace = (target.entity_type_id, METHOD), self._portal.pace
        each, left = self._sizes.seconds(kind) or 0.0, pace.seconds_left(METHOD)
        if left is not None:
            left = left * BUDGET_SHARE - each * sum(map(len, flying.values()))
            if flying and left <= each:
                return 0
        size = self._sizes.size(kind, left)
        limit = self._portal.in_flight.limit(each * size or None)
        if len(flying) >= limit:
            return 0
        ways = max(1, min(2 * limit, pace.free()))  # twice: the limit may double before the first of them is back
        shortest = SHORTEST_SECONDS / each if each else size
        return min(size, ceil(max(shortest, waiting.ready(ways * size) / ways)))

    def _wait_for_turn(self, seconds: float) -> None:
        if seconds >= WORTH_TELLING_SECONDS:
            logger().info("portal.waiting", seconds=round(seconds))
        self._stop.wait(seconds)
        self._recorder.keeper.keep()

    def _stopped(self, target: Target) -> bool:
        return self._stop.is_set() or self._halt.stops(target)

    def ready(self, target: Target, rows: Iterator[list[Entry]]) -> Iterator[list[Ready]]:
        """Unsent creates with the ids of their parents; those without one are left for a later round."""
        for chunk in rows:
            fields = [wire.loads(entry.fields or "{}") for entry in chunk]
            ids = parent_ids(self._ledgers, target, fields)
            ready = []
            for entry, values in zip(chunk, fields, strict=True):
                resolved = wire.resolve(values, ids)
                if not any(True for _ in wire.references(resolved)):
                    ready.append((entry, resolved | target.stamp.fields(entry.origin_id)))
            yield ready

    def _holds(self, target: Target, row: Ready) -> bool:
        entry, fields = row
        return self._files.holds(target, entry.origin_id, fields)

    def _intended(self, target: Target, batch: list[Ready]) -> list[Ready]:
        """The batch, its intents committed, without what another run has dealt with since the plan."""
        intents = [Intent(entry.origin_id, wire.payload_hash(fields)) for entry, fields in batch]
        reached(Failpoint.INTENDING)
        refused = self._recorder.intend(target, intents)
        reached(Failpoint.INTENDED)
        return [each for each in batch if each[0].origin_id not in refused]

    def _launch(self, target: Target, batch: list[Ready], first: First | None) -> Future[Answers]:
        commands: dict[str | Asked, Command] = {
            entry.origin_id: Command(
                METHOD,
                {
                    "entityTypeId": target.entity_type_id,
                    "fields": self._files.outgoing(target, entry.origin_id, fields),
                },
            )
            for entry, fields in batch
        }
        may_leave = self._recorder.keeper.may_leave
        if first is not None:
            first.keys.extend(entry.origin_id for entry, _ in batch)
        if len(commands) == 1:
            ((key, command),) = commands.items()
            if goes_alone(batch[0][1]):
                return _keyed(key, self._portal.submit_alone(METHOD, command.params, may_leave=may_leave))
        if first is not None:
            questions = first.ask([entry.origin_id for entry, _ in batch])
            commands |= {Asked(name): question for name, question in questions.items()}
        kind = None if first else (target.entity_type_id, METHOD)
        return self._portal.submit(commands, kind=kind, may_leave=may_leave)

    def _receive(self, target: Target, batch: list[Ready], answers: Answers, first: First | None) -> list[Ready]:
        """Writes down what the answers say, and gives back what never ran and may go again."""
        sorted_ = _Sorted(target.stamp)
        for entry, _ in batch:
            sorted_.add(entry.origin_id, answers[entry.origin_id])
        for sent, stored, originator in sorted_.echoes:
            self._probes.learn_echo(target, sent, stored, originator)
        if first is not None:
            first.told = {asked.name: answer for asked, answer in answers.items() if isinstance(asked, Asked)}
        self._created(target, batch, sorted_)
        self._recorder.failed(target, sorted_.failed)
        self._recorder.lost(target, sorted_.lost)
        self._recorder.refused(target, sorted_.never_ran)
        if sorted_.type_refused is not None:
            sorted_.type_refused.where = str(target.name)
            self._halt.targets.setdefault(target.index, sorted_.type_refused)
        if not self._stop.is_set():  # a stop makes calls come back unsent, which is no error
            self._halt.error = self._halt.error or sorted_.run_refused
        self._learn(target, len(batch), sorted_)
        if self._stopped(target):
            return []
        again = {trouble.origin_id for trouble in sorted_.never_ran}
        return [each for each in batch if each[0].origin_id in again]

    def _created(self, target: Target, batch: list[Ready], told: _Sorted) -> None:
        """Writes down what was created, once it is compared with what was sent."""
        sent = {entry.origin_id: fields for entry, fields in batch}
        otherwise: dict[str, str] = {}
        for each in told.created:
            item = told.items.get(each.origin_id)
            if item and (
                text := self._read_back.compare(target, each.origin_id, each.item_id, sent[each.origin_id], item)
            ):
                otherwise[each.origin_id] = text
        unread = [each.origin_id for each in told.created if each.origin_id not in told.items]
        self._recorder.created(target, told.created, told.seconds, otherwise=otherwise, unread=unread)

    def _learn(self, target: Target, count: int, told: _Sorted) -> None:
        kind = (target.entity_type_id, METHOD)
        if told.seconds:
            self._sizes.learn(kind, len(told.seconds), sum(told.seconds.values()))
        if any(trouble.code for trouble in told.lost) or len(told.lost) < count:  # a complete answer came
            self._lost_in_a_row = 0
            return
        self._sizes.lost(kind, count)
        self._lost_in_a_row += 1
        if self._lost_in_a_row >= LOST_IN_A_ROW and self._halt.error is None:
            self._halt.error = SyncerError(
                f"the portal lost {self._lost_in_a_row} requests in a row; nothing more is sent",
                detail=told.lost[0].message,
                hint="what was sent is looked up now; run `syncer apply` again when the portal is well",
            )


class _Sorted:
    """A batch's answers by what they mean for the ledger."""

    def __init__(self, stamp: Stamp) -> None:
        self._stamp = stamp
        self.echoes: list[tuple[str, str, str | None]] = []
        """The stamped text as it was sent, as it was stored, and the originatorId where that is a field of its own."""
        self.created: list[Found] = []
        self.items: dict[str, Mapping[str, Any]] = {}
        """Created items as answers show them; an id alone shows nothing."""
        self.seconds: dict[str, float] = {}
        self.failed: list[Trouble] = []
        self.lost: list[Trouble] = []
        self.never_ran: list[Trouble] = []
        self.type_refused: SyncerError | None = None
        self.run_refused: SyncerError | None = None

    def add(self, key: str, answer: CommandAnswer) -> None:
        match answer:
            case Done():
                self._done(key, answer)
            case Lost(reason=reason):
                self.lost.append(Trouble(key, "", reason))
            case NeverSent(reason=reason, late=late):
                self.never_ran.append(Trouble(key, "", reason))
                if late:  # the lease is asked for before it goes again
                    return
                self.run_refused = self.run_refused or PortalUnreachable(
                    "the portal cannot be reached any more",
                    detail=reason,
                    hint="run `syncer apply` again later",
                )
            case Refusal():
                self._refused(key, answer)

    def _done(self, key: str, answer: Done) -> None:
        item = answer.result.get("item") if isinstance(answer.result, Mapping) else None
        number = item.get("id") if isinstance(item, Mapping) else None
        try:
            item_id = ItemId(int(str(number)))
        except ValueError:
            self.lost.append(Trouble(key, "", "the answer holds no item id"))
            return
        self.created.append(Found(key, item_id, self._stored_key(key, item or {})))
        if item and len(item) > 1:
            self.items[key] = item
        if answer.time.duration is not None:
            self.seconds[key] = answer.time.duration

    def _stored_key(self, key: str, item: Mapping[str, Any]) -> str | None:
        """How the portal stored the key, where the item that it shows bears something else than was sent."""
        sent, stamp = self._stamp.text(key), self._stamp
        if stamp.field not in item:
            return None
        stored = str(item[stamp.field] or "")
        originator = str(item["originatorId"] or "") if stamp.split and "originatorId" in item else None
        self.echoes.append((sent, stored, originator))
        return None if stored == sent else stamp.origin_id(stored)

    def _refused(self, key: str, answer: Refusal) -> None:
        trouble = Trouble(key, answer.code, answer.text)
        match answer.verdict:
            case Verdict.ITEM:
                self.failed.append(trouble)
            case Verdict.TYPE:  # no row's fault, so no row has failed
                self.never_ran.append(trouble)
                self.type_refused = self.type_refused or answer.error()
            case Verdict.NEVER_RAN:
                self.never_ran.append(trouble)
            case Verdict.RUN:
                self.never_ran.append(trouble)
                self.run_refused = self.run_refused or answer.error()
            case Verdict.FORM:
                self.lost.append(Trouble(key, "", answer.words))
                self.run_refused = self.run_refused or answer.error()
            case Verdict.UNKNOWN:  # without a code: absence proves something only later
                self.lost.append(Trouble(key, "", answer.words))
            case Verdict.LOOK:
                self.lost.append(trouble)


def _keyed(key: str | Asked, future: Future[CommandAnswer]) -> Future[Answers]:
    """The future of a lone call, in the form of a batch's."""
    keyed: Future[Answers] = Future()

    def hand_over(landed: Future[CommandAnswer]) -> None:
        try:
            keyed.set_result({key: landed.result()})
        except BaseException as error:  # noqa: BLE001 -- handed to whoever waits
            keyed.set_exception(error)

    future.add_done_callback(hand_over)
    return keyed
