"""The portal's directories, each read whole (pages of 50) when it is first needed. It is what mapping knows as `Shelf`.

Sources: api-reference/crm/status/index.md, …/universal/category/crm-category-list.md,
api-reference/user/user-get.md, api-reference/crm/currency/crm-currency-list.md.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final, TypeVar

from syncer.bitrix24.answer import Done, Refusal, done, rows
from syncer.bitrix24.encode import Command
from syncer.bitrix24.portal import Portal
from syncer.errors import PortalRefused
from syncer.mapping.directories import Entry, Pipelines, folded
from syncer.model.identity import EntityTypeId

PAGE: Final = 50

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class PortalShelf:
    """Directories as the portal has them now. Every method raises PortalRefused where the webhook may not read one.

    `foresee` reads many of them in few requests; a refusal is kept, and raised when the directory is asked for.
    """

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._statuses: dict[str, list[Entry] | PortalRefused] = {}
        self._pipelines: dict[EntityTypeId, Pipelines | PortalRefused] = {}
        self._users: list[Entry] | None = None
        self._currencies: list[Entry] | None = None
        self._directories: list[str] | None = None

    def statuses(self, entity_id: str) -> list[Entry]:
        self.foresee(directories=[entity_id])
        return _told(self._statuses[entity_id])

    def directories(self) -> list[str]:
        if self._directories is None:
            told = read_all(self._portal, Command("crm.status.entity.types", {}))
            self._directories = [str(row["ID"]) for row in told if row.get("ID")]
        return self._directories

    def pipelines(self, entity_type_id: EntityTypeId) -> Pipelines:
        self.foresee(types=[entity_type_id])
        return _told(self._pipelines[entity_type_id])

    def users(self) -> list[Entry]:
        if self._users is None:
            self._users = _employees(read_all(self._portal, Command("user.get", {"sort": "ID", "order": "ASC"})))
        return self._users

    def currencies(self) -> list[Entry]:
        if self._currencies is None:
            told = read_all(self._portal, Command("crm.currency.list", {}))
            self._currencies = [
                Entry(str(row["CURRENCY"]), str(row.get("FULL_NAME") or row["CURRENCY"])) for row in told
            ]
        return self._currencies

    def foresee(self, *, types: Iterable[EntityTypeId] = (), directories: Iterable[str] = ()) -> None:
        """Reads the pipelines of types, and directories, that are not read yet: a request for 50 of them."""
        kinds = [each for each in dict.fromkeys(types) if each not in self._pipelines]
        asked = {each: Command("crm.category.list", {"entityTypeId": each}) for each in kinds}
        self._pipelines |= _read(self._portal, asked, "categories", _pipelines)
        names = [each for each in dict.fromkeys(directories) if each not in self._statuses]
        self._statuses |= _read(self._portal, {each: _entries(each) for each in names}, "", _statuses)


def _entries(entity_id: str) -> Command:
    return Command("crm.status.list", {"filter": {"ENTITY_ID": entity_id}, "order": {"SORT": "ASC"}})


def _statuses(told: list[Mapping[str, Any]]) -> list[Entry]:
    return [Entry(str(row["STATUS_ID"]), str(row.get("NAME") or "")) for row in told]


def _pipelines(told: list[Mapping[str, Any]]) -> Pipelines:
    default = next((int(row["id"]) for row in told if row.get("isDefault") in ("Y", True)), None)
    return Pipelines([Entry(str(row["id"]), str(row.get("name") or "")) for row in told], default)


def _read(
    portal: Portal, commands: Mapping[K, Command], name: str, make: Callable[[list[Mapping[str, Any]]], V]
) -> dict[K, V | PortalRefused]:
    """What several lists hold, or why each may not be read. One list alone needs no batch."""
    found: dict[K, V | PortalRefused] = {}
    if len(commands) == 1:
        (key, command) = next(iter(commands.items()))
        try:
            found[key] = make(read_all(portal, command, name))
        except PortalRefused as error:
            found[key] = make([]) if _has_none(error) else error
        return found
    try:
        answers = portal.read_many(commands)
    except PortalRefused as error:  # one that holds for the run, so for each of them
        return dict.fromkeys(commands, error)
    for key, answer in answers.items():
        if isinstance(answer, Refusal):
            refused = answer.error()
            found[key] = make([]) if _has_none(refused) else refused
        else:
            found[key] = make(_rest(portal, commands[key], done(answer), name))
    return found


def _has_none(error: PortalRefused) -> bool:
    """A type without pipelines, or a smart process where they are switched off."""
    return error.code.casefold() == "entity_type_not_supported"


def _told(found: V | PortalRefused) -> V:
    if isinstance(found, PortalRefused):
        raise found
    return found


def _employees(told: list[Mapping[str, Any]]) -> list[Entry]:
    """Of two with one e-mail, the one who was not dismissed."""
    if told and not any("EMAIL" in row for row in told):
        raise PortalRefused(
            "The portal does not show the e-mails of users",
            code="insufficient_scope",
            status=200,
            hint="Add the scope user_basic (or user) to the webhook or application; user_brief hides e-mails.",
        )
    active = {folded(row.get("EMAIL")) for row in told if row.get("ACTIVE") in (True, "Y")}
    return [
        Entry(str(row["ID"]), str(row.get("EMAIL") or ""))
        for row in told
        if row.get("ACTIVE") in (True, "Y") or folded(row.get("EMAIL")) not in active
    ]


def read_all(portal: Portal, command: Command, name: str = "") -> list[Mapping[str, Any]]:
    """All rows of a list method with pages of 50 (`name`: the member of the result that holds them).

    One request for a list of a page; where the portal tells the total, the other pages go in batches.
    """
    return _rest(portal, command, portal.call(command.method, command.params), name)


def _rest(portal: Portal, command: Command, first: Done, name: str) -> list[Mapping[str, Any]]:
    """The rows of the first page and of those after it."""
    found = _rows(first, name)
    if first.total:
        starts = range(len(found), first.total, PAGE) if found else range(0)
        answers = portal.read_many({start: _page(command, start) for start in starts})
        for answer in answers.values():
            found += _rows(done(answer), name)
        return found
    page = found
    while len(page) >= PAGE:
        page = _rows(portal.call(command.method, _page(command, len(found)).params), name)
        found = found + page
    return found


def _page(command: Command, start: int) -> Command:
    return Command(command.method, {**command.params, "start": start})


def _rows(answer: Done, name: str) -> list[Mapping[str, Any]]:
    return [row for row in rows(answer.result, name) if isinstance(row, Mapping)]
