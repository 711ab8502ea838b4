"""What goes before the other rows, because it shows whether look-ups can be trusted and how the portal keeps keys.

A user who cannot read what he creates makes every look-up a lie; a key that the portal cuts is not found by itself;
keys that it compares loosely are not told apart. The questions about all this travel in the request that creates the
item, behind the create: a batch runs in order (settings/how-to-call-rest-api/batch.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, NamedTuple

from syncer.bitrix24.answer import CommandAnswer, Done
from syncer.bitrix24.encode import Command
from syncer.bitrix24.lookup import KEYS, KEYS_A_REQUEST, Lookup, Near, bearing, borne, items
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.questions import ANY, RANDOM, filter_questions, filters
from syncer.bitrix24.rights import describe
from syncer.errors import PortalError, SyncerError
from syncer.execute.readback import ReadBack
from syncer.execute.sending import First, Halt
from syncer.model.change import Reason
from syncer.model.identity import EntityTypeId, ItemId
from syncer.model.key_rules import loose
from syncer.plan.alike import Alike, Lesson
from syncer.plan.existing import kept_as
from syncer.plan.hits import look_up
from syncer.plan.plan import Plan, Target
from syncer.store import Ledger, Status

MOST: Final = 32
"""Rows in one request that shows something, so that the questions have room beside them."""
ITSELF: Final = "itself"
LOOSE: Final = "loose"
LESSONS: Final[tuple[Lesson, ...]] = ("blanks", "letters")


Send = Callable[[Target, First | None], int]
"""Sends a target's rows, the `First` ones alone if given; tells how many rows got an answer, or lost it."""


class _Sent(NamedTuple):
    """How many rows were answered, and how many of them created; whether an answer was lost."""

    answered: int
    created: int
    lost: bool


class Prover:
    """Sends what has to go first, target by target."""

    def __init__(
        self,
        plan: Plan,
        *,
        portal: Portal,
        lookup: Lookup,
        send: Send,
        ledgers: Mapping[int, Ledger],
        proved: set[EntityTypeId],
        read_back: ReadBack,
        halt: Halt,
        over: Callable[[], bool],
    ) -> None:
        self._plan = plan
        self._portal = portal
        self._lookup = lookup
        self._send_rows = send
        self._ledgers = ledgers
        self._probes = plan.probes
        self._proved = proved
        self._read_back = read_back
        self._stored: set[int] = set()
        """Targets whose first item was read back."""
        self._halt = halt
        self._over = over
        self._variants: list[str] = []
        """What the last question asked for in place of keys."""
        self._planned = {each.index: plan.probes.rules(each) for each in plan.targets}

    def prove(self, target: Target) -> bool:
        """Sends rows until a target's look-ups can be trusted, and releases or blocks what was held back.

        False: an answer was lost that tells how the others may be sent; it has to be settled first. Raises SyncerError,
        or sets the halt's, when look-ups cannot be trusted.
        """
        if self._over():
            return True
        rivals = [each for each in self._plan.targets if each.scope == target.scope and each.index != target.index]
        alike = Alike(self._plan.workspace, target, rivals)
        try:
            if target.entity.trust_state:
                return self._prove_stored(target, alike)
            if target.in_order:  # no row goes before an older one: what may be taken for another is blocked unseen
                alike.settle(self._probes.rules(target))
                return self._prove_rights(target, alike) and self._prove_stored(target, alike)
            self._heed_cut(target, alike)
            return (
                self._prove_rights(target, alike)
                and self._prove_stored(target, alike)
                and self._prove_length(target, alike)
                and (not alike.any_held() or self._prove_apart(target, alike))
            )
        finally:
            self._probes.save()

    def _prove_rights(self, target: Target, alike: Alike) -> bool:
        """The first item of a type must be found by its identity."""
        return self._send_until(lambda: target.entity_type_id in self._proved, target, alike)

    def _prove_stored(self, target: Target, alike: Alike) -> bool:
        """Under `verify: strict` the first item is read back before the others go, and must hold every field."""
        if target.entity.verify != "strict":
            return True
        self._read_back.read_unread(target)
        if not self._send_until(lambda: self._read_back.saw(target), target, alike):
            return False
        self._read_back.read_unread(target)
        if target.index in self._stored or not self._read_back.saw(target):
            return True
        self._stored.add(target.index)
        refusal = self._read_back.refuse_dropped(target)
        if refusal is not None:
            self._halt.targets.setdefault(target.index, refusal)
        return refusal is None

    def _prove_length(self, target: Target, alike: Alike) -> bool:
        """The longest key goes before others that are longer than all that the portal is known to keep whole."""
        settled = self._send_until(lambda: self._probes.rules(target).cuts_at is not None, target, alike, longer=True)
        self._heed_cut(target, alike)
        return settled

    def _prove_apart(self, target: Target, alike: Alike) -> bool:
        """What is held back needs to know whether the portal trims, and how it compares."""
        for lesson in LESSONS:
            if not self._send_until(partial(self._learned, target, alike, lesson), target, alike, lesson):
                return False
        if self._over():
            return True
        alike.settle(self._probes.rules(target))
        return self._prove_length(target, alike)

    def _learned(self, target: Target, alike: Alike, lesson: Lesson) -> bool:
        if lesson == "blanks":
            return self._probes.rules(target).trims is not None or not alike.any_blanks()
        if self._probes.rules(target).folds is None and (there := alike.there()) is not None:
            self._compare(target, there)
        return self._probes.rules(target).folds is not None

    def _send_until(
        self,
        learned: Callable[[], bool],
        target: Target,
        alike: Alike,
        of: Lesson = "all",
        *,
        longer: bool = False,
    ) -> bool:
        """Sends one row, and where rows are refused a few more, until what they teach is known or none is left.

        False: an answer was lost.
        """
        at_most, room = 1, len(target.stamp.text(""))
        while not self._over() and not learned():
            rules = self._probes.rules(target)
            sent = self._send(target, alike, of, at_most, max(0, rules.longest - room) if longer else 0)
            if sent.lost:
                return False
            if not sent.answered or (sent.created and self._probes.rules(target) == rules):
                break
            at_most = min(MOST, at_most * 2)
        return True

    def _send(self, target: Target, alike: Alike, of: Lesson, at_most: int, longer_than: int) -> _Sent:
        """Sends some rows with questions about them, and learns from the answers."""
        asking = not target.entity.trust_state
        rows = self._plan.workspace.unsent(target.index) if target.in_order else alike.teachers(of, longer_than)
        first = First(rows, at_most, lambda keys: self._questions(target, keys) if asking else {})
        answered = self._send_rows(target, first)
        known = self._ledgers[target.index].ids(first.keys).values()
        created = {
            each.item_id: each.origin_id for each in known if each.status is Status.CREATED and each.item_id is not None
        }
        if created and asking and not self._over():
            self._probes.check_kept(target)
            self._listen(target, first.told, created)
        lost = any(each.status is Status.UNKNOWN and not each.code for each in known)  # a code is looked up at once
        return _Sent(answered, len(created), lost)

    def _questions(self, target: Target, keys: Sequence[str]) -> dict[str, Command]:
        kind, stamp, rules = target.entity_type_id, target.stamp, self._probes.rules(target)
        texts = list(dict.fromkeys(form for key in keys for form in rules.forms(stamp.text(key))))
        found = {
            f"{ITSELF} {start}": bearing(kind, stamp, texts[start : start + KEYS])
            for start in range(0, len(texts), KEYS)
        }
        if not rules.filters:
            found |= filter_questions(kind, stamp)
        if rules.folds is None:
            self._variants = [other for text in texts for other in loose(text)][:KEYS]
            if self._variants:
                found[LOOSE] = bearing(kind, stamp, self._variants)
        return found

    def _listen(self, target: Target, answers: Mapping[str, CommandAnswer], created: Mapping[ItemId, str]) -> None:
        """Learns from the answers to `_questions`, and asks once more when they do not show what was created."""
        told = {name: answer for name, answer in answers.items() if isinstance(answer, Done)}
        shown = [near for name, answer in told.items() if name.startswith(ITSELF) for near in _shown(target, answer)]
        texts = {near.item_id: near.text for near in shown if near.item_id in created}
        texts = texts or self._find(target, created)
        if not texts:
            self._halt.error = self._unreadable(target, created)
            return
        self._proved.add(target.entity_type_id)
        for item_id, text in texts.items():
            self._probes.learn_echo(target, target.stamp.text(created[item_id]), text, None)
        rules = self._probes.rules(target)
        if not rules.filters and told.keys() >= {RANDOM, ANY}:
            rules = replace(rules, filters=filters(target.entity_type_id, target.stamp, told))
        if rules.folds is None and LOOSE in told:
            found = {near.item_id for near in _shown(target, told[LOOSE])}
            if any(loose(text) and set(loose(text)) <= set(self._variants) for text in texts.values()):
                rules = replace(rules, folds=bool(found & created.keys()))
        self._probes.learn(target, rules)

    def _find(self, target: Target, created: Mapping[ItemId, str]) -> dict[ItemId, str]:
        """Looks created items up, each in a request of its own; gives the texts that they bear."""
        ledger, stamp = self._ledgers[target.index], target.stamp
        stored = {
            key: known.stored_key for key, known in ledger.ids(list(created.values())).items() if known.stored_key
        }
        hits = look_up(
            self._lookup, target, ledger, created.values(), self._probes.rules(target), stored=stored, cut=True
        )
        return {
            item_id: stamp.text(hits.stored.get(key, key))
            for item_id, key in created.items()
            if item_id in hits.items.get(key, ())
        }

    def _compare(self, target: Target, key: str) -> None:
        """Asks for an item that was there before by texts that differ in case and accents."""
        kind, stamp = target.entity_type_id, target.stamp
        text = self._probes.rules(target).stored(stamp.text(key))
        answers = self._portal.read_many(
            {ITSELF: bearing(kind, stamp, [text]), LOOSE: bearing(kind, stamp, loose(text))}
        )
        there = {near.item_id for near in _shown(target, answers[ITSELF]) if near.text == text}
        found = {near.item_id for near in _shown(target, answers[LOOSE])}
        if there and loose(text):
            self._probes.learn(target, replace(self._probes.rules(target), folds=bool(there & found)))

    def _heed_cut(self, target: Target, alike: Alike) -> None:
        """Looks for rows again when the portal was seen to cut keys, which the plan did not know.

        Raises SyncerError when the portal holds what the plan would create.
        """
        rules, workspace, index = self._probes.rules(target), self._plan.workspace, target.index
        if rules.cuts_at == self._planned[index].cuts_at or self._over():
            return
        self._planned[index] = rules
        alike.hold(rules)
        for chunk in workspace.unsent(index, KEYS_A_REQUEST, held=True):
            keys = [
                entry.origin_id for entry in chunk if rules.stored(text := target.stamp.text(entry.origin_id)) != text
            ]
            hits = look_up(self._lookup, target, self._ledgers[index], keys, rules)
            if hits.exact:
                key, ids = next(iter(hits.exact.items()))
                raise SyncerError(
                    f"the portal keeps {rules.cuts_at} characters of a key, and holds what would be created",
                    detail=f"{target.name} {key} is item {ids[0]}, or another key of the same beginning is",
                    hint="nothing more was sent: run it again, and the plan knows where keys are cut",
                )
            for key, owner in hits.taken.items():
                workspace.block(index, key, Reason.AMBIGUOUS, kept_as(owner))

    def _unreadable(self, target: Target, created: Mapping[ItemId, str]) -> SyncerError:
        item_id, key = next(iter(created.items()))
        return SyncerError(
            f"item {item_id} was created, but looking it up by its identity does not find it",
            detail=self._caller(),
            where=f"{target.name} {key}",
            hint="the user that syncer acts as needs the right to read all items of this type (CRM, Settings, Access "
            "permissions), else every look-up lies and duplicates follow; nothing more was sent",
        )

    def _caller(self) -> str:
        """Whom the portal takes us for, if it tells."""
        try:
            rights = describe(self._portal)
        except PortalError:
            return ""
        role = "an administrator, so something else hides it" if rights.is_admin else "no administrator"
        return f"syncer acts as user {rights.user_id} {rights.name}".rstrip() + f", {role}"


def _shown(target: Target, answer: CommandAnswer) -> Iterator[Near]:
    return borne(target.stamp, items(answer))
