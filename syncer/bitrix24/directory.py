"""The portal's directories, so that people may write names where the portal wants ids.

Each is read once, when it is first needed, whole (pages of 50). Names compare trimmed and without case, an
exact one wins; ids and codes are taken too. It is what mapping knows as `Names`. Source:
api-reference/crm/status/index.md, …/universal/category/crm-category-list.md,
api-reference/user/user-get.md, api-reference/crm/currency/crm-currency-list.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from syncer.bitrix24.answer import Done, done, rows
from syncer.bitrix24.catalog import spelling
from syncer.bitrix24.encode import Command
from syncer.bitrix24.portal import Portal
from syncer.errors import PortalRefused
from syncer.mapping.names import NameNotFound
from syncer.model.field import FieldType
from syncer.model.identity import DEAL, INVOICE, LEAD, QUOTE, EntityTypeId

PAGE: Final = 50
_CATEGORY_IN_CODE: Final = re.compile(r"(?:C|DT\d+_)(\d+):")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of a directory: what the portal wants, and what people call it."""

    code: str
    name: str


class Directory:
    """Ids by name. `catalogs` are the fields of the types in use (`catalog.read_fields`).

    Every method raises `NameNotFound` for a name that is not there (with the nearest ones) or is there
    twice, and PortalRefused where the webhook may not read the directory.
    """

    def __init__(self, portal: Portal, catalogs: Mapping[EntityTypeId, Mapping[str, FieldType]]) -> None:
        self._portal = portal
        self._catalogs = catalogs
        self._statuses: dict[str, list[Entry]] = {}
        self._categories: dict[EntityTypeId, _Pipelines] = {}
        self._users: list[Entry] | None = None
        self._currencies: list[Entry] | None = None

    def status(self, entity_id: str, name: str) -> str:
        """STATUS_ID of an entry of a directory such as `INDUSTRY`."""
        return chosen(name, self._read_statuses(entity_id), f"entry of the directory {entity_id}")

    def stage(self, entity_type_id: EntityTypeId, name: str, category: str | int | None) -> str:
        """STATUS_ID of a stage, by name or whole code (`C9:WON`); `category` None is the default pipeline."""
        directory = self._stage_directory(entity_type_id, name, category)
        return chosen(name, self._read_statuses(directory), f"stage of {directory}")

    def category(self, entity_type_id: EntityTypeId, name: str) -> int:
        """Id of a pipeline, by name or id."""
        pipelines = self._pipelines(entity_type_id)
        return int(chosen(str(name), pipelines.entries, f"pipeline of the type {entity_type_id}"))

    def enum(self, entity_type_id: EntityTypeId, field: str, label: str) -> int:
        """Id of an option of an enumeration field, in either spelling of the field's name."""
        found = spelling(field, self._catalogs.get(entity_type_id, {}))
        if found is None or found.type != "enumeration":
            told = "no such field" if found is None else f"it is of type {found.type}"
            raise NameNotFound(f"{field!r} of the type {entity_type_id} is no enumeration: {told}")
        entries = [Entry(str(number), text) for number, text in found.items]
        return int(chosen(str(label), entries, f"option of {found.title or found.name}"))

    def user(self, email: str) -> int:
        """Id of an employee, by e-mail or id; of two with one e-mail, the one who was not dismissed."""
        if self._users is None:
            self._users = self._read_users()
        return int(chosen(str(email), self._users, "user"))

    def currency(self, name: str) -> str:
        """Code of a currency, by code or full name."""
        if self._currencies is None:
            told = read_all(self._portal, Command("crm.currency.list", {}))
            self._currencies = [
                Entry(str(row["CURRENCY"]), str(row.get("FULL_NAME") or row["CURRENCY"])) for row in told
            ]
        return chosen(name, self._currencies, "currency")

    def _stage_directory(self, entity_type_id: EntityTypeId, name: str, category: str | int | None) -> str:
        fixed = {LEAD: "STATUS", QUOTE: "QUOTE_STATUS"}.get(entity_type_id)
        if fixed is not None:
            if category is not None:
                raise NameNotFound(f"the type {entity_type_id} has no pipelines; leave `category` out")
            return fixed
        stage_id = self._catalogs.get(entity_type_id, {}).get("stageId")
        if stage_id is None:
            raise NameNotFound(f"the type {entity_type_id} has no stages")
        if category is not None:
            return _directory_of(entity_type_id, self.category(entity_type_id, str(category)))
        if coded := _CATEGORY_IN_CODE.match(name):
            return _directory_of(entity_type_id, int(coded[1]))
        pipelines = self._pipelines(entity_type_id)
        if pipelines.default is not None:
            return _directory_of(entity_type_id, pipelines.default)
        return stage_id.status_type or _directory_of(entity_type_id, 0)

    def _read_statuses(self, entity_id: str) -> list[Entry]:
        if entity_id not in self._statuses:
            command = Command("crm.status.list", {"filter": {"ENTITY_ID": entity_id}, "order": {"SORT": "ASC"}})
            self._statuses[entity_id] = [
                Entry(str(row["STATUS_ID"]), str(row.get("NAME") or "")) for row in read_all(self._portal, command)
            ]
        return self._statuses[entity_id]

    def _pipelines(self, entity_type_id: EntityTypeId) -> _Pipelines:
        if entity_type_id not in self._categories:
            command = Command("crm.category.list", {"entityTypeId": entity_type_id})
            try:
                told = read_all(self._portal, command, "categories")
            except PortalRefused as error:
                if error.code.casefold() != "entity_type_not_supported":
                    raise
                told = []  # a type without pipelines, or a smart process where they are switched off
            default = next((int(row["id"]) for row in told if row.get("isDefault") in ("Y", True)), None)
            entries = [Entry(str(row["id"]), str(row.get("name") or "")) for row in told]
            self._categories[entity_type_id] = _Pipelines(entries, default)
        return self._categories[entity_type_id]

    def _read_users(self) -> list[Entry]:
        told = read_all(self._portal, Command("user.get", {"sort": "ID", "order": "ASC"}))
        if told and not any("EMAIL" in row for row in told):
            raise PortalRefused(
                "The webhook may not see the e-mails of users",
                code="insufficient_scope",
                status=200,
                hint="Add the scope user_basic (or user) to the webhook; user_brief hides e-mails.",
            )
        active = {_folded(row.get("EMAIL")) for row in told if row.get("ACTIVE") in (True, "Y")}
        return [
            Entry(str(row["ID"]), str(row.get("EMAIL") or ""))
            for row in told
            if row.get("ACTIVE") in (True, "Y") or _folded(row.get("EMAIL")) not in active
        ]


@dataclass(frozen=True, slots=True)
class _Pipelines:
    entries: list[Entry]
    default: int | None


def read_all(portal: Portal, command: Command, name: str = "") -> list[Mapping[str, Any]]:
    """All rows of a list method with pages of 50 (`name`: the member of the result that holds them).

    One request for a list of a page; where the portal tells the total, the other pages go in batches.
    """
    first = portal.call(command.method, command.params)
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


def chosen(name: str, entries: Sequence[Entry], what: str) -> str:
    """The code of the entry of that name: exact name, exact code, then name and code without case and
    space.
    """
    wanted = _folded(name)
    tests = (
        lambda each: each.name == name,
        lambda each: each.code == name,
        lambda each: _folded(each.name) == wanted,
        lambda each: _folded(each.code) == wanted,
    )
    for test in tests if wanted else ():
        codes = dict.fromkeys(each.code for each in entries if test(each))
        if len(codes) == 1:
            return next(iter(codes))
        if codes:
            raise NameNotFound(f"more than one {what} is named {name!r}: {', '.join(codes)}; write the code instead")
    raise NameNotFound(f"no {what} is named {name!r}{_advice(name, entries)}")


def _advice(name: str, entries: Sequence[Entry]) -> str:
    texts = {_folded(text): f"{each.name!r} ({each.code})" for each in entries for text in (each.code, each.name)}
    near = dict.fromkeys(texts[text] for text in get_close_matches(_folded(name), texts, n=3, cutoff=0.5))
    if near:
        return f"; nearest: {', '.join(near)}"
    return f"; there are {len(entries)}" if entries else "; there are none"


def _directory_of(entity_type_id: EntityTypeId, category: int) -> str:
    """ENTITY_ID of a pipeline's stages (api-reference/crm/status/index.md)."""
    if entity_type_id == DEAL:
        return f"DEAL_STAGE_{category}" if category else "DEAL_STAGE"
    kind = "SMART_INVOICE" if entity_type_id == INVOICE else f"DYNAMIC_{entity_type_id}"
    return f"{kind}_STAGE_{category}"


def _page(command: Command, start: int) -> Command:
    return Command(command.method, {**command.params, "start": start})


def _rows(answer: Done, name: str) -> list[Mapping[str, Any]]:
    return [row for row in rows(answer.result, name) if isinstance(row, Mapping)]


def _folded(value: Any) -> str:
    return str(value or "").strip().casefold()
