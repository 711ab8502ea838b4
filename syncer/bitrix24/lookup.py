"""Items found by their identity, and ids checked, in bulk.

50 keys a command, because a page has 50 rows: usually the answer is one page. A page that is full is read
on by id (settings/performance/huge-data.md), so two items of one identity are never cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeVar

from syncer.bitrix24.answer import CommandAnswer, done, rows
from syncer.bitrix24.encode import Command
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.size import MOST_COMMANDS
from syncer.errors import PortalRefused
from syncer.model.identity import EntityTypeId, ItemId, Stamp
from syncer.model.key_rules import UNSEEN, fold

T = TypeVar("T")

PAGE: Final = 50
"""Rows of a page, which the portal fixes (api-reference/crm/universal/crm-item-list.md)."""

KEYS: Final = PAGE - 1
KEYS_A_REQUEST: Final = KEYS * MOST_COMMANDS


@dataclass(frozen=True, slots=True)
class Near:
    """An item with the text that it bears: almost a key's, or what a portal may have made of it."""

    item_id: ItemId
    text: str


class Found(dict[str, tuple[ItemId, ...]]):
    """What a look-up found: key → ids in ascending order, for keys whose stored text is exactly theirs.

    A key that is absent was not found. `near` has the items whose text is almost the key's.
    """

    def __init__(self, exact: Mapping[str, Iterable[ItemId]], near: Mapping[str, Iterable[Near]]) -> None:
        super().__init__({key: tuple(sorted(ids)) for key, ids in exact.items()})
        self.near = {key: tuple(sorted(each, key=lambda hit: hit.item_id)) for key, each in near.items()}


class Aside(Protocol):
    """Questions that travel with a look-up; `listen` gets their answers as soon as they are there, and may raise."""

    @property
    def commands(self) -> Mapping[str, Command]: ...

    def listen(self, answers: Mapping[str, CommandAnswer]) -> None: ...


class Lookup:
    """Look-ups of one portal."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def find(
        self,
        entity_type_id: EntityTypeId,
        stamp: Stamp,
        keys: Iterable[str],
        *,
        forms: Callable[[str], Iterable[str]] = UNSEEN.forms,
        aside: Aside | None = None,
    ) -> Found:
        """The items of a type that carry one of the keys (originIds) as `stamp` says.

        `forms` gives all texts that an item may bear for one that was sent. `KEYS_A_REQUEST` texts fill a request.
        Raises PortalRefused when the portal cannot filter by the field or refuses the type; else as
        `Portal.read_many`.
        """
        wanted = {stamp.text(key): key for key in keys}
        others: dict[str, list[str]] = {}
        for text, key in wanted.items():
            for form in forms(text):
                if form != text:
                    others.setdefault(form, []).append(key)
        asked = list(dict.fromkeys([*wanted, *others]))
        lists = [_Pages(entity_type_id, stamp, each) for each in _slices(asked, KEYS)]
        try:
            return _matched(wanted, others, stamp, self._read_on(lists, aside))
        except PortalRefused as error:
            if error.code.casefold() == "invalid_arg_value":
                error.hint = unfilterable(stamp)
            raise

    def exists(self, entity_type_id: EntityTypeId, ids: Iterable[ItemId]) -> set[ItemId]:
        """Those of the ids that the portal has, and shows. Raises as `find`."""
        commands = {
            position: item_list(entity_type_id, {"@id": each}, ["id"])
            for position, each in enumerate(_slices(sorted(set(ids)), PAGE))
        }
        answers = self._portal.read_many(commands)
        return {ItemId(int(row["id"])) for answer in answers.values() for row in items(answer)}

    def newest(self, entity_type_id: EntityTypeId) -> tuple[ItemId, str] | None:
        """The item of a type that was made last, and its `createdTime`; None when there is none. Raises as `find`."""
        answers = self._portal.read_many({"": item_list(entity_type_id, {}, ["id", "createdTime"], order="DESC")})
        found = items(answers[""])
        return (ItemId(int(found[0]["id"])), str(found[0].get("createdTime") or "")) if found else None

    def _read_on(self, lists: Sequence[_Pages], aside: Aside | None) -> Iterator[Mapping[str, Any]]:
        """The rows of every list to its end; the next pages of all that have one go together."""
        after = dict.fromkeys(range(len(lists)), 0)
        while after:
            pages: dict[int | str, Command] = {index: lists[index].page(last) for index, last in after.items()}
            questions = aside.commands if aside else {}
            answers = self._portal.read_many({**pages, **questions})
            if aside:
                aside.listen({name: answers[name] for name in questions})
                aside = None
            for index in list(after):
                page = items(answers[index])
                yield from page
                if len(page) < PAGE:
                    del after[index]
                else:
                    after[index] = max(int(row["id"]) for row in page)


@dataclass(frozen=True, slots=True)
class _Pages:
    """The list of the items that carry one of some texts, page by page."""

    entity_type_id: EntityTypeId
    stamp: Stamp
    texts: Sequence[str]
    more: Sequence[str] = ()

    def page(self, after: int) -> Command:
        wanted: dict[str, Any] = {f"@{self.stamp.field}": self.texts}
        select = ["id", self.stamp.field]
        if self.stamp.split:
            wanted["originatorId"] = self.stamp.originator_id
            select.append("originatorId")
        if after:
            wanted[">id"] = after
        select = ["*"] if "*" in self.more else [*dict.fromkeys((*select, *self.more))]
        return item_list(self.entity_type_id, wanted, select)


def bearing(entity_type_id: EntityTypeId, stamp: Stamp, texts: Sequence[str], *, select: Sequence[str] = ()) -> Command:
    """Lists the first items of a type that bear one of the texts, at most `KEYS` of them, with more of their fields."""
    return _Pages(entity_type_id, stamp, texts, select).page(0)


def item_list(
    entity_type_id: EntityTypeId,
    wanted: Mapping[str, Any],
    select: Sequence[str],
    order: Literal["ASC", "DESC"] = "ASC",
) -> Command:
    """A page of items by id. `useOriginalUfNames` is left at its default: what it does to `select` and `filter` is
    undocumented.
    """
    params = {"entityTypeId": entity_type_id, "order": {"id": order}, "filter": wanted, "select": select, "start": -1}
    return Command("crm.item.list", params)


def items(answer: CommandAnswer) -> list[Mapping[str, Any]]:
    """The items of a list's answer. Raises PortalRefused for a refusal."""
    return [row for row in rows(done(answer).result, "items") if isinstance(row, Mapping) and row.get("id")]


def borne(stamp: Stamp, found: Iterable[Mapping[str, Any]]) -> Iterator[Near]:
    """Items with the texts that they bear, those of other originators left out."""
    for row in found:
        if not stamp.split or row.get("originatorId") == stamp.originator_id:
            yield Near(ItemId(int(row["id"])), str(row.get(stamp.field) or ""))


def unfilterable(stamp: Stamp) -> str:
    """What to do when the portal does not filter by a field."""
    return (
        f"The portal cannot look items up by {stamp.field}. Give the entity an `origin_field`: "
        "a string custom field of the type, which the portal can filter by."
    )


def _slices(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _matched(
    wanted: Mapping[str, str],
    others: Mapping[str, Sequence[str]],
    stamp: Stamp,
    found: Iterable[Mapping[str, Any]],
) -> Found:
    """`wanted`: text → key. `others`: form that a text may have been given → keys."""
    exact: dict[str, set[ItemId]] = {}
    near: dict[str, set[Near]] = {}
    by_fold: dict[str, list[str]] = {}
    for each in borne(stamp, found):
        alike = others.get(each.text, ())
        if each.text in wanted:
            exact.setdefault(wanted[each.text], set()).add(each.item_id)
        else:
            by_fold = by_fold or _folded(wanted)
            alike = (*alike, *by_fold.get(fold(each.text), ()))
        for key in alike:
            near.setdefault(key, set()).add(each)
    return Found(exact, near)


def _folded(wanted: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text, key in wanted.items():
        found.setdefault(fold(text), []).append(key)
    return found
