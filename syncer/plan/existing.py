"""What the portal holds already of the rows that are about to be created."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from syncer.bitrix24.answer import CommandAnswer
from syncer.bitrix24.encode import Command
from syncer.bitrix24.lookup import KEYS, KEYS_A_REQUEST, Lookup, Near, bearing, borne, items
from syncer.bitrix24.questions import filter_questions, filters
from syncer.model.change import Reason
from syncer.model.key_rules import KeyRules
from syncer.plan.age import block_too_old
from syncer.plan.alike import Alike
from syncer.plan.hits import Hits, look_up
from syncer.plan.plan import Target
from syncer.plan.probes import Probes
from syncer.plan.workspace import Workspace
from syncer.store import Known, Ledger

MEND_TWINS = "delete or re-key all but one"


class Existing:
    """Looks for one target's creates in the portal, once the last row was read. What is found turns into adoptions,
    or into rows that are blocked because the portal holds several items that they may be.
    """

    def __init__(
        self,
        target: Target,
        *,
        workspace: Workspace,
        ledger: Ledger,
        earlier: Sequence[Target],
        lookup: Lookup,
        probes: Probes,
    ) -> None:
        self._target = target
        self._workspace = workspace
        self._ledger = ledger
        self._earlier = earlier
        self._rivals = [each for each in earlier if each.scope == target.scope]
        self._lookup = lookup
        self._probes = probes

    def look(self, alive: Callable[[], None]) -> None:
        """Asks the portal about every create, and about rows whose twins may have been mended. `alive` is called after
        each request. Raises PortalError when identities cannot be kept in the portal, or not be looked up.
        """
        index = self._target.index
        self._probes.check_kept(self._target)
        alike = Alike(self._workspace, self._target, self._rivals)
        alike.hold(self._probes.rules(self._target), reading=True)
        for chunk in self._workspace.entries(index, "blocked", chunk=KEYS_A_REQUEST):
            if twins := [entry.origin_id for entry in chunk if entry.reason is Reason.AMBIGUOUS]:
                hits = look_up(self._lookup, self._target, self._ledger, twins, self._probes.rules(self._target))
                self._adopt(hits, hits.exact)
        questions = _Questions(self._target, self._probes, self._workspace.longest(index))
        asked, room = False, KEYS_A_REQUEST - KEYS * len(questions.commands)  # so that they travel in one request
        for chunk in self._workspace.entries(index, "create", chunk=room):
            rules = self._probes.rules(self._target)
            keys = [entry.origin_id for entry in chunk]
            aside = None if asked or not questions.commands else questions
            hits = look_up(self._lookup, self._target, self._ledger, keys, rules, aside=aside)
            asked = True
            alive()
            self._learn(hits)
            self._sort(hits)
            alike.add({key: each.origin_id for key, each in hits.doubtful.items()}, self._probes.rules(self._target))
        self._look_for_cut(questions.beginnings, alive)
        alike.block(self._probes.rules(self._target))
        if asked and self._target.in_order:
            block_too_old(self._target, self._earlier, self._workspace, self._lookup)

    def _learn(self, hits: Hits) -> None:
        rules = self._probes.rules(self._target)
        whole = (self._target.stamp.text(key) for key in hits.exact if key not in hits.stored)
        rules = rules.kept(whole)
        self._probes.learn(self._target, replace(rules, folds=True) if hits.folds else rules)

    def _sort(self, hits: Hits) -> None:
        """Turns creates into what their hits make of them."""
        own = self._rows_of_source([*hits.stored.values(), *self._keys(hits.similar.values())])
        altered = {key: ids for key, ids in hits.altered.items() if hits.stored.get(key) not in own}
        found = altered | hits.exact
        self._adopt(hits, found)
        for key, ids in found.items():
            if len(ids) > 1:
                text = f"the portal holds several items of this identity: {', '.join(map(str, ids))}"
                self._block(key, f"{text}; {MEND_TWINS}")
        for key, near in hits.similar.items():
            if others := [each for each in near if self._key(each) not in own]:
                texts = ", ".join(f"item {each.item_id} ({each.text!r})" for each in others)
                self._block(
                    key, f"the portal takes this key for that of {texts}: `syncer state adopt` it, or {MEND_TWINS}"
                )
        for key, owner in hits.taken.items():
            if key not in found:
                self._block(key, kept_as(owner))

    def _adopt(self, hits: Hits, found: Mapping[str, Sequence[int]]) -> None:
        once = ((key, ids[0], hits.stored.get(key)) for key, ids in found.items() if len(ids) == 1)
        self._workspace.adopt(self._target.index, once)

    def _block(self, key: str, message: str) -> None:
        self._workspace.block(self._target.index, key, Reason.AMBIGUOUS, message)

    def _key(self, near: Near) -> str:
        return self._target.stamp.origin_id(near.text) or ""

    def _keys(self, nears: Iterable[Iterable[Near]]) -> Iterable[str]:
        return (self._key(each) for near in nears for each in near)

    def _rows_of_source(self, keys: Collection[str]) -> set[str]:
        """Those of the keys that are rows of this plan themselves; the ledger knows the others."""
        wanted, places = sorted(set(keys)), (self._target.index, *(each.index for each in self._rivals))
        return {key for place in places for key in self._workspace.actions(place, wanted)} if wanted else set()

    def _look_for_cut(self, beginnings: Sequence[Near], alive: Callable[[], None]) -> None:
        """The portal holds items that bear a beginning of the longest new key: does it cut keys there?

        It does when every key longer than that has one item of its own there, and nobody else's. Else such rows
        are blocked, for a person knows.
        """
        rules, index = self._probes.rules(self._target), self._target.index
        own = self._rows_of_source([self._key(each) for each in beginnings])
        known = self._ledger.ids(sorted({self._key(each) for each in beginnings} - own))
        strange = [each for each in beginnings if self._key(each) not in own and self._key(each) not in known]
        length = max((len(each.text) for each in strange), default=0)
        if length <= 0 or length < rules.longest:
            return
        longer = 0
        for chunk in self._workspace.entries(index, "create", chunk=KEYS_A_REQUEST):
            keys = [key for entry in chunk if len(self._target.stamp.text(key := entry.origin_id)) > length]
            longer += len(keys)
            self._suspect(keys, replace(rules, cuts_at=length))
            alive()
        count, items_count = self._workspace.suspects(index)
        if longer == count == items_count > 1:
            self._workspace.accept_suspects(index)
            self._probes.learn(self._target, replace(rules, cuts_at=length, longest=length))

    def _suspect(self, keys: Sequence[str], supposed: KeyRules) -> None:
        hits = look_up(self._lookup, self._target, self._ledger, keys, supposed)
        own = self._rows_of_source(hits.stored.values())
        for key, form in hits.stored.items():
            ids = hits.items[key]
            if form in own:
                continue
            told = ", ".join(map(str, ids))
            text = (
                f"item {told} bears {form!r}, a beginning of this key, and no other row does: if the portal has cut it "
                "off, `syncer state adopt` it; if not, re-key the item"
            )
            self._workspace.suspect(self._target.index, key, ids[0] if len(ids) == 1 else None, form, text)


def kept_as(owner: Known) -> str:
    """Why a row is blocked whose key the portal would keep as that of another item of ours."""
    return (
        f"the portal would keep this key as that of {owner.origin_id!r} ({owner.owner}, item {owner.item_id}): make "
        "the keys differ, or `syncer state forget` the other one if it is this row"
    )


class _Questions:
    """What the first look-up of a target also asks, where the state does not know it yet."""

    def __init__(self, target: Target, probes: Probes, longest: str | None) -> None:
        self._target = target
        self._probes = probes
        kind, stamp, rules = target.entity_type_id, target.stamp, probes.rules(target)
        self.commands: dict[str, Command] = {} if rules.filters else filter_questions(kind, stamp)
        self._filters = bool(self.commands)
        self._pages: list[str] = []
        self.beginnings: list[Near] = []
        text = stamp.text(longest) if longest is not None else ""
        texts = [each for each in rules.beginnings(text) if stamp.origin_id(each)] if rules.unproved(text) else []
        for start in range(0, len(texts), KEYS):
            name = f"beginning {start}"
            self._pages.append(name)
            self.commands[name] = bearing(kind, stamp, texts[start : start + KEYS])

    def listen(self, answers: Mapping[str, CommandAnswer]) -> None:
        rules = self._probes.rules(self._target)
        if self._filters and filters(self._target.entity_type_id, self._target.stamp, answers):
            self._probes.learn(self._target, replace(rules, filters=True))
        for name in self._pages:
            self.beginnings.extend(borne(self._target.stamp, items(answers[name])))
