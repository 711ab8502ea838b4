"""One target's rows on their way by `crm.item.batchImport`: without automations, many in a request.

A request carries the imports and, behind them, lists of the items by their identity: a batch runs in order. What is
listed is there, with its id, and is read back at once; a place in the answer gives no id. Requests go one at a time.
That uses up the method's operating time all the same, and keeps the order that `createdTime` wants: an item must not be
older than those that are there (api-reference/crm/universal/import/index.md). So where it is imported, a lost answer is
settled before the next request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from threading import Event
from typing import Any, Final

from syncer.bitrix24 import imports
from syncer.bitrix24.answer import CommandAnswer, Done, Lost, NeverSent, Refusal
from syncer.bitrix24.encode import Command
from syncer.bitrix24.lookup import KEYS, PAGE, Lookup, bearing, items
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.size import MOST_COMMANDS, BatchSize
from syncer.bitrix24.verdict import Verdict
from syncer.errors import PortalError, SyncerError
from syncer.execute.attaching import REQUEST_BYTES, Attaching, file_bytes, goes_alone, outline
from syncer.execute.failpoints import Failpoint, reached
from syncer.execute.imported import Became, Shown
from syncer.execute.queue import Ready, Rows
from syncer.execute.readback import ReadBack, selected
from syncer.execute.recorder import Recorder
from syncer.execute.sending import LOST_IN_A_ROW, Asked, First, Halt
from syncer.model import wire
from syncer.model.identity import ItemId
from syncer.plan.hits import look_up
from syncer.plan.plan import Target
from syncer.plan.probes import Probes
from syncer.plan.workspace import Entry, Workspace
from syncer.store import Found, Intent, Ledger, Trouble, Twins

FIRST_COMMANDS: Final = 20
"""Commands of a request whose other room is for questions."""


@dataclass(frozen=True, slots=True)
class Pack:
    """The name of one import call: its place in the load."""

    place: int


@dataclass(frozen=True, slots=True)
class Sought:
    """The name of one list of items that were just imported."""

    place: int


Name = Asked | Pack | Sought
Answers = Mapping[Name, CommandAnswer]


class Importer:
    """Sends what is ready of one target, as `Sender` does."""

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
        ready: Callable[[Target, Iterator[list[Entry]]], Iterator[list[Ready]]],
        settle: Callable[[], bool],
        halt: Halt,
        stop: Event,
        progress: Callable[[Target, int], None],
    ) -> None:
        """`settle` waits until no outcome is open; gives whether that taught anything."""
        self._portal = portal
        self._sizes = sizes
        self._recorder = recorder
        self._workspace = workspace
        self._ledgers = ledgers
        self._probes = probes
        self._read_back = read_back
        self._files = Attaching(workspace)
        self._ready = ready
        self._settle = settle
        self._halt = halt
        self._stop = stop
        self._progress = progress
        self._lost_in_a_row = 0
        self._singly: set[tuple[int, str]] = set()
        self.left_open = False

    def send(self, target: Target, first: First | None = None) -> int:
        """As `Sender.send`."""
        if first is not None:
            return self._send(target, self._ready(target, first.rows), first)[0]
        answered = 0
        while True:
            count, lost = self._send(target, self._ready(target, self._workspace.unsent(target.index)), None)
            answered += count
            if not (target.in_order and lost) or self._stopped(target) or not self._settle():
                return answered

    def _send(self, target: Target, chunks: Iterator[list[Ready]], first: First | None) -> tuple[int, bool]:
        """Gives the count of answered rows, and whether an answer was lost; in order, nothing goes after such."""
        rows = Rows(chunks, first.at_most if first else None)
        answered, lost = 0, False
        while not self._stopped(target) and not (lost and target.in_order):
            if rows.next() is not None and self._wait_for_turn():
                continue
            load = self._intended(target, self._load(target, rows, first))
            if load is None:
                break
            if not load.rows:
                continue
            again, was_lost = self._round_trip(target, load, first)
            lost = lost or was_lost
            rows.put_back([row for row in again if not self._stopped(target)])
            answered += load.rows - len(again)
            self._progress(target, load.rows - len(again))
        return answered, lost

    def _wait_for_turn(self) -> bool:
        """Waits a while when the portal takes no import now, so that none stands in line with its intent committed."""
        turn = self._portal.pace.turn((imports.METHOD,))
        if turn:
            self._stop.wait(min(turn, self._recorder.keeper.patience))
            self._recorder.keeper.keep()
        return bool(turn)

    def _round_trip(self, target: Target, load: imports.Load, first: First | None) -> tuple[list[Ready], bool]:
        keys = [key for pack in load.packs for key in pack]
        try:
            future = self._launch(target, load, first)
            reached(Failpoint.SUBMITTED)
            while not wait([future], timeout=self._recorder.keeper.patience, return_when=FIRST_COMPLETED).done:
                self._recorder.keeper.keep()
            reached(Failpoint.ANSWERED)
            became = self._receive(target, load, future.result(), first)
            reached(Failpoint.RECORDED)
        except Exception:
            self.left_open = True
            self._recorder.leave_open(target, keys)
            raise
        fields = {key: row for pack in load.packs for key, row in pack.items()}
        again = [(Entry(each.origin_id, "create"), dict(fields[each.origin_id])) for each in became.never_ran]
        return again, bool(became.lost)

    def _stopped(self, target: Target) -> bool:
        return self._stop.is_set() or self._halt.stops(target)

    def _load(self, target: Target, rows: Rows, first: First | None) -> imports.Load | None:
        """The next rows, as many as one request takes; None: there are none."""
        most = self._sizes.size((target.entity_type_id, imports.METHOD), self._portal.pace.seconds_left(imports.METHOD))
        load = imports.Load(FIRST_COMMANDS if first else MOST_COMMANDS)
        attached = 0
        self._files.forget()
        while load.rows < most and (row := rows.next()) is not None:
            key, fields = row[0].origin_id, row[1]
            alone, attached = goes_alone(fields), attached + file_bytes(fields)
            if load.rows and (alone or attached > REQUEST_BYTES):
                break
            if not self._files.holds(target, key, fields):
                rows.skip()
                continue
            if alone:
                load.packs, load.rows, most = [{key: fields}], 1, 1
            elif not load.add(key, fields, outline(fields), alone=(target.index, key) in self._singly):
                break
            rows.drop()
        return load if load.rows else None

    def _intended(self, target: Target, load: imports.Load | None) -> imports.Load | None:
        """The load, its intents committed, without what another run has dealt with since the plan."""
        if load is None:
            return None
        intents = [Intent(key, wire.payload_hash(fields)) for pack in load.packs for key, fields in pack.items()]
        reached(Failpoint.INTENDING)
        refused = self._recorder.intend(target, intents)
        reached(Failpoint.INTENDED)
        for pack in load.packs:
            for key in refused.intersection(pack):
                del pack[key]
        load.packs = [pack for pack in load.packs if pack]
        load.rows = sum(map(len, load.packs))
        return load

    def _launch(self, target: Target, load: imports.Load, first: First | None) -> Future[dict[Name, CommandAnswer]]:
        kind, may_leave = target.entity_type_id, self._recorder.keeper.may_leave
        keys = [key for pack in load.packs for key in pack]
        if first is not None:
            first.keys.extend(keys)
        commands: dict[Name, Command] = {
            Pack(place): imports.call(kind, [self._files.outgoing(target, *row) for row in pack.items()])
            for place, pack in enumerate(load.packs)
        }
        if goes_alone(next(iter(load.packs[0].values()))):
            params = commands[Pack(0)].params
            return _named(self._portal.submit_alone(imports.METHOD, params, may_leave=may_leave))
        names = {name for pack in load.packs for fields in pack.values() for name in fields}
        wanted = [] if target.entity.verify == "off" else selected(sorted(names))
        for place, start in enumerate(range(0, len(keys), KEYS)):
            texts = list(self._texts(target, keys[start : start + KEYS]))
            commands[Sought(place)] = bearing(kind, target.stamp, texts, select=wanted)
        if first is not None:
            commands |= {Asked(name): question for name, question in first.ask(keys).items()}
        return self._portal.submit(commands, may_leave=may_leave)

    def _texts(self, target: Target, keys: list[str]) -> dict[str, str]:
        """The texts that items of these keys bear, with the keys."""
        stamp, rules = target.stamp, self._probes.rules(target)
        found = {rules.stored(stamp.text(key)): key for key in keys}
        return found | {stamp.text(key): key for key in keys}

    def _receive(self, target: Target, load: imports.Load, answers: Answers, first: First | None) -> Became:
        """Writes down what the answers say."""
        became = Became(shown=self._shown(target, load, answers))
        for place, pack in enumerate(load.packs):
            self._sort(target, pack, answers[Pack(place)], became)
        if first is not None:
            first.told = {asked.name: answer for asked, answer in answers.items() if isinstance(asked, Asked)}
        self._created(target, load, became)
        self._recorder.ambiguous(target, became.twins)
        self._recorder.failed(target, became.failed)
        self._recorder.lost(target, became.lost)
        self._recorder.refused(target, became.never_ran)
        self._singly |= {(target.index, key) for key in became.singly}
        if became.type_refused is not None:
            became.type_refused.where = str(target.name)
            self._halt.targets.setdefault(target.index, became.type_refused)
        if not self._stop.is_set():
            self._halt.error = self._halt.error or became.run_refused
        self._learn(target, load, became)
        return became

    def _shown(self, target: Target, load: imports.Load, answers: Answers) -> Shown:
        """The items that the lists behind the imports show, by key. A full page may not be all, so it shows nothing."""
        keys = self._texts(target, [key for pack in load.packs for key in pack])
        found: Shown = {}
        for name, answer in answers.items():
            page = items(answer) if isinstance(name, Sought) and isinstance(answer, Done) else []
            for row in page if len(page) < PAGE else ():
                key = keys.get(str(row.get(target.stamp.field) or ""))
                if key and (not target.stamp.split or row.get("originatorId") == target.stamp.originator_id):
                    found.setdefault(key, []).append(row)
        return found

    def _sort(self, target: Target, pack: Mapping[str, Any], answer: CommandAnswer, became: Became) -> None:
        """One call's answer, and what the lists show of its rows."""
        for key in pack:
            if ids := sorted({ItemId(int(row["id"])) for row in became.shown.get(key, ())}):
                if len(ids) > 1:
                    became.twins.append(Twins(key, tuple(ids)))
                else:
                    became.created.append(Found(key, ids[0], _stored_key(target, key, became.shown[key][0])))
        missing = [key for key in pack if key not in became.shown]
        match answer:
            case Done():
                if answer.time.duration is not None:
                    became.seconds |= dict.fromkeys(pack, answer.time.duration / len(pack))
                self._sort_missing(target, missing, imports.told(list(pack), answer), became)
            case Lost(reason=reason):
                became.lost += [Trouble(key, "", reason) for key in missing]
            case NeverSent():
                for key in missing:
                    became.unsent(key, answer)
            case Refusal(verdict=Verdict.ITEM | Verdict.LOOK):
                became.refuse_call(answer, self._look_for(target, missing, became), len(pack))
            case Refusal():
                for key in missing:
                    became.refuse(key, answer)

    def _sort_missing(self, target: Target, missing: list[str], told: imports.Told, became: Became) -> None:
        """Rows of an answered call that no list has shown yet."""
        absent = set(missing)
        if absent != told.errors.keys():
            absent = self._look_for(target, missing, became)
        others = [told.errors[key] for key in told.errors.keys() - absent]
        strange = told.ids - {found.item_id for found in became.created}
        for key in sorted(absent):
            if (no := told.errors.get(key)) is not None:
                became.refuse(key, no)
            elif others:  # its place says that it is there, and another that is there has the error
                became.refuse(key, others[0])
            elif len(absent) == len(strange) == 1:  # there is no other that it could be
                became.created.append(Found(key, next(iter(strange))))
            elif strange:  # nobody can tell which: that it is one of these keeps it from being sent again
                became.twins.append(Twins(key, tuple(sorted(strange))))
                became.run_refused = became.run_refused or _unreadable(target, key)
            else:
                became.lost.append(Trouble(key, "", "the answer does not tell of it, and a look-up does not find it"))

    def _look_for(self, target: Target, keys: list[str], became: Became) -> set[str]:
        """Looks up what the lists did not show; gives what is not there. What cannot be looked up is lost."""
        if not keys:
            return set()
        ledger, rules = self._ledgers[target.index], self._probes.rules(target)
        try:
            hits = look_up(Lookup(self._portal), target, ledger, keys, rules, cut=True)
        except PortalError as error:
            self._halt.error = self._halt.error or error
            became.lost += [Trouble(key, "", "it was imported, and could not be looked up") for key in keys]
            return set()
        for key, ids in hits.items.items():
            if len(ids) > 1:
                became.twins.append(Twins(key, ids))
            else:
                became.created.append(Found(key, ids[0], hits.stored.get(key)))
                text = target.stamp.text
                self._probes.learn_echo(target, text(key), text(hits.stored.get(key, key)), None)
        return set(keys) - hits.items.keys()

    def _created(self, target: Target, load: imports.Load, became: Became) -> None:
        """Writes down what was created, once what the lists show of it is compared with what was sent."""
        sent = {key: fields for pack in load.packs for key, fields in pack.items()}
        otherwise: dict[str, str] = {}
        for each in became.created:
            if each.origin_id not in became.shown:
                continue
            row = became.shown[each.origin_id][0]
            originator = str(row["originatorId"] or "") if target.stamp.split else None
            text = target.stamp.text(each.origin_id)
            self._probes.learn_echo(target, text, str(row.get(target.stamp.field) or ""), originator)
            if words := self._read_back.compare(target, each.origin_id, each.item_id, sent[each.origin_id], row):
                otherwise[each.origin_id] = words
        unread = [each.origin_id for each in became.created if each.origin_id not in became.shown]
        self._recorder.created(target, became.created, became.seconds, otherwise=otherwise, unread=unread)

    def _learn(self, target: Target, load: imports.Load, became: Became) -> None:
        kind = (target.entity_type_id, imports.METHOD)
        if became.seconds:
            self._sizes.learn(kind, len(became.seconds), sum(became.seconds.values()))
        if len(became.lost) < load.rows:  # an answer came
            self._lost_in_a_row = 0
            return
        self._sizes.lost(kind, load.rows)
        self._lost_in_a_row += 1
        if self._lost_in_a_row >= LOST_IN_A_ROW and self._halt.error is None:
            self._halt.error = SyncerError(
                f"the portal lost {self._lost_in_a_row} requests in a row; nothing more is sent",
                detail=became.lost[0].message,
                hint="what was sent is looked up now; run `syncer apply` again when the portal is well",
            )


def _unreadable(target: Target, key: str) -> SyncerError:
    return SyncerError(
        "items were imported, but looking them up by their identity does not find them",
        where=f"{target.name} {key}",
        hint="the user that syncer acts as needs the right to read all items of this type (CRM, Settings, Access "
        "permissions); nothing more was sent",
    )


def _stored_key(target: Target, key: str, row: Mapping[str, Any]) -> str | None:
    stored = str(row.get(target.stamp.field) or "")
    return None if stored == target.stamp.text(key) else target.stamp.origin_id(stored)


def _named(future: Future[CommandAnswer]) -> Future[dict[Name, CommandAnswer]]:
    """The future of a lone call, in the form of a batch's."""
    named: Future[dict[Name, CommandAnswer]] = Future()

    def hand_over(landed: Future[CommandAnswer]) -> None:
        try:
            named.set_result({Pack(0): landed.result()})
        except BaseException as error:  # noqa: BLE001 -- handed to whoever waits
            named.set_exception(error)

    future.add_done_callback(hand_over)
    return named
