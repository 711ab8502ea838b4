"""What a look-up by identity says, once what the ledger knows of similar keys is taken into account."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from syncer.bitrix24.lookup import Aside, Found, Lookup, Near
from syncer.model.identity import ItemId, Stamp
from syncer.model.key_rules import UNSEEN, KeyRules
from syncer.plan.plan import Target
from syncer.store import Known, Ledger, Status

Ids = tuple[ItemId, ...]
Forms = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Hits:
    """What the portal holds of some keys, by key. No item of another key of ours is among the first three."""

    exact: dict[str, Ids] = field(default_factory=dict)
    """Items that bear the key, or what the portal is known to make of it."""
    altered: dict[str, Ids] = field(default_factory=dict)
    """Else items that bear what a portal may have made of the key; an item is one key's only."""
    similar: dict[str, tuple[Near, ...]] = field(default_factory=dict)
    """Else items whose text resembles the key."""
    taken: dict[str, Known] = field(default_factory=dict)
    """Other keys of ours whose items bear what this key is, or would be kept as."""
    doubtful: dict[str, Known] = field(default_factory=dict)
    """Other keys of ours whose items bear what this key may be kept as, for all that is known."""
    stored: dict[str, str] = field(default_factory=dict)
    """How the portal keeps keys that are exact or altered, where that is not as they were sent."""
    folds: bool = False
    """Whether the portal was seen to find an item by a text that differs in case or accents."""

    @property
    def items(self) -> dict[str, Ids]:
        """The items of keys that we know were sent.

        One that differs in case or accents is another key's, however the portal compares them.
        """
        return self.altered | self.exact


def look_up(
    lookup: Lookup,
    target: Target,
    ledger: Ledger,
    keys: Iterable[str],
    rules: KeyRules = UNSEEN,
    *,
    stored: Mapping[str, str] | None = None,
    cut: bool = False,
    aside: Aside | None = None,
) -> Hits:
    """Asks the portal for items of a target's keys, in bulk.

    `stored` are the forms of keys that the ledger knows. `cut`: of a key longer than all that the portal is known to
    keep whole, any beginning may be there.
    """
    stamp = target.stamp
    told = {stamp.text(key): stamp.text(form) for key, form in (stored or {}).items()}

    def forms(text: str) -> Sequence[str]:
        known = (told[text],) if text in told else ()
        return (*rules.forms(text), *known, *(rules.beginnings(text) if cut else ()))

    def sure(text: str) -> Collection[str]:
        return {text, rules.stored(text), told.get(text, text)}

    found = lookup.find(target.entity_type_id, stamp, keys, forms=forms, aside=aside)
    if not found and not found.near:
        return Hits()
    hits = Hits(folds=_found_unasked(stamp, found, forms))
    owners = _Owners(ledger, stamp, found)
    for key in {**found, **found.near}:
        text = stamp.text(key)
        _judge(hits, stamp, key, _items(stamp, key, found), sure(text), rules.forms(text), owners)
    _alter(hits, stamp, forms)
    return hits


class _Owners:
    """Whose items are whose, as far as the ledger knows."""

    def __init__(self, ledger: Ledger, stamp: Stamp, found: Found) -> None:
        self._stamp = stamp
        parts = {part for nears in found.near.values() for each in nears if (part := stamp.origin_id(each.text))}
        self._by_key = ledger.ids(sorted(parts)) if parts else {}
        self._by_item = {known.item_id: known for known in ledger.stored_as(sorted({*parts, *found}))}

    def other(self, key: str, item: Near) -> Known | None:
        """The other key that an item belongs to."""
        known = self._by_item.get(item.item_id) or self._by_key.get(self._stamp.origin_id(item.text) or "")
        return None if known is None or known.origin_id == key or known.status is Status.FAILED else known


def _items(stamp: Stamp, key: str, found: Found) -> list[Near]:
    return [*(Near(each, stamp.text(key)) for each in found.get(key, ())), *found.near.get(key, ())]


def _judge(
    hits: Hits,
    stamp: Stamp,
    key: str,
    items: Iterable[Near],
    sure: Collection[str],
    possible: Collection[str],
    owners: _Owners,
) -> None:
    mine: list[Near] = []
    others: list[Near] = []
    for item in items:
        owner = owners.other(key, item)
        if owner is None:
            (mine if item.text in sure else others).append(item)
        elif item.text in sure:
            hits.taken[key] = owner
        elif item.text in possible:
            hits.doubtful[key] = owner
    if mine:
        hits.exact[key] = tuple(item.item_id for item in mine)
        _note(hits, stamp, key, mine[0].text)
    elif others:
        hits.similar[key] = tuple(others)


def _alter(hits: Hits, stamp: Stamp, forms: Forms) -> None:
    """Takes from what is similar the items that bear the longest form of a key."""
    given: set[ItemId] = set()
    for key, nears in list(hits.similar.items()):
        possible = set(forms(stamp.text(key)))
        text = max((each.text for each in nears if each.text in possible), key=len, default=None)
        ids = tuple(each.item_id for each in nears if each.text == text and each.item_id not in given)
        if text is not None and ids:
            given.update(ids)
            hits.altered[key] = ids
            del hits.similar[key]
            _note(hits, stamp, key, text)


def _note(hits: Hits, stamp: Stamp, key: str, text: str) -> None:
    form = stamp.origin_id(text)
    if form is not None and form != key:
        hits.stored[key] = form


def _found_unasked(stamp: Stamp, found: Found, forms: Forms) -> bool:
    asked = {form for key in found.near for form in forms(stamp.text(key))}
    return any(each.text not in asked for nears in found.near.values() for each in nears)
