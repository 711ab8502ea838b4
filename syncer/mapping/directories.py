"""Names that people write → the ids that the portal wants, out of the portal's directories.

Where the directories come from, the portal or its lock file, is a `Shelf`'s matter. Names compare trimmed and without
case, an exact one wins; ids and codes are taken too. What was found is kept, so that a plan can show names beside ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Protocol

from syncer.mapping.names import AmbiguousName, NameNotFound
from syncer.model.field import FieldType, spelling
from syncer.model.identity import DEAL, INVOICE, LEAD, QUOTE, EntityTypeId, type_name

_CATEGORY_IN_CODE: Final = re.compile(r"(?:C|DT\d+_)(\d+):")

Scope = tuple[str, *tuple[Any, ...]]
"""What a found name is a name of: ("stage", 2), ("status", "INDUSTRY"), ("category", 2), ("enum", 2, field) …"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of a directory: what the portal wants, and what people call it."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Pipelines:
    """The pipelines of a type, and the id of the default one; a type without pipelines has none."""

    entries: Sequence[Entry]
    default: int | None


class Shelf(Protocol):
    """Whole directories; each may be asked for again and again, and costs at most one reading."""

    def statuses(self, entity_id: str) -> Sequence[Entry]:
        """The entries of a directory such as `INDUSTRY`, none where there is no such directory."""
        ...

    def directories(self) -> Sequence[str]:
        """The names of all directories."""
        ...

    def pipelines(self, entity_type_id: EntityTypeId) -> Pipelines: ...

    def users(self) -> Sequence[Entry]:
        """Employees, named by their e-mail."""
        ...

    def currencies(self) -> Sequence[Entry]: ...


class Directories:
    """Ids by name: what mapping knows as `Names`. `catalogs` are the fields of the types in use.

    Every method raises `NameNotFound` for a name that is not there (with the nearest ones) or is there twice, and what
    the shelf raises, such as PortalRefused where the webhook may not read the directory.
    """

    def __init__(self, shelf: Shelf, catalogs: Mapping[EntityTypeId, Mapping[str, FieldType]]) -> None:
        self._shelf = shelf
        self._catalogs = catalogs
        self.found: dict[Scope, dict[str, str]] = {}
        """What was asked for: scope → code → name."""

    def status(self, entity_id: str, name: str) -> str:
        """STATUS_ID of an entry of a directory such as `INDUSTRY`."""
        entries = self._shelf.statuses(entity_id)
        if not entries:
            near = get_close_matches(entity_id.upper(), self._shelf.directories(), n=3, cutoff=0.6)
            told = f"; nearest: {', '.join(near)}" if near else ""
            raise NameNotFound(f"there is no directory {entity_id!r}{told}")
        return self._chosen(("status", entity_id), name, entries, f"entry of the directory {entity_id}").code

    def stage(self, entity_type_id: EntityTypeId, name: str, category: str | int | None) -> str:
        """STATUS_ID of a stage, by name or whole code (`C9:WON`); `category` None is the default pipeline."""
        directory = self.stage_directory(entity_type_id, name, category)
        entries = self._shelf.statuses(directory)
        return self._chosen(("stage", entity_type_id), name, entries, f"stage of {directory}").code

    def category(self, entity_type_id: EntityTypeId, name: str) -> int:
        """Id of a pipeline, by name or id."""
        entries = self._shelf.pipelines(entity_type_id).entries
        what = f"pipeline of {type_name(entity_type_id)}"
        return int(self._chosen(("category", entity_type_id), str(name), entries, what).code)

    def enum(self, entity_type_id: EntityTypeId, field: str, label: str) -> int:
        """Id of an option of an enumeration field, in either spelling of the field's name."""
        known = spelling(field, self._catalogs.get(entity_type_id, {}))
        if known is None or known.type != "enumeration":
            told = "no such field" if known is None else f"it is of type {known.type}"
            raise NameNotFound(f"{field!r} of {type_name(entity_type_id)} is no enumeration: {told}")
        entries = [Entry(str(number), text) for number, text in known.items]
        what = f"option of {known.title or known.name}"
        return int(self._chosen(("enum", entity_type_id, known.name), str(label), entries, what).code)

    def user(self, email: str) -> int:
        """Id of an employee, by e-mail or id; of two with one e-mail, the one who was not dismissed."""
        return int(self._chosen(("user",), str(email), self._shelf.users(), "user").code)

    def currency(self, name: str) -> str:
        """Code of a currency, by code or full name."""
        return self._chosen(("currency",), name, self._shelf.currencies(), "currency").code

    def codes(self, entity_id: str) -> dict[str, str]:
        """The codes of a directory's entries, with their names."""
        return {each.code: each.name for each in self._shelf.statuses(entity_id)}

    def currency_codes(self) -> dict[str, str]:
        """The codes of currencies, with their names."""
        return {each.code: each.name for each in self._shelf.currencies()}

    def default_category(self, entity_type_id: EntityTypeId) -> int | None:
        """The pipeline of an item that names none; None for a type without pipelines."""
        return self._shelf.pipelines(entity_type_id).default

    def stage_directory(self, entity_type_id: EntityTypeId, name: str, category: str | int | None) -> str:
        """ENTITY_ID of the directory that a stage is looked for in; a whole code names its pipeline itself."""
        fixed = {LEAD: "STATUS", QUOTE: "QUOTE_STATUS"}.get(entity_type_id)
        if fixed is not None:
            if category is not None:
                raise NameNotFound(f"the type {entity_type_id} has no pipelines; leave `category` out")
            return fixed
        stage_id = self._catalogs.get(entity_type_id, {}).get("stageId")
        if stage_id is None:
            raise NameNotFound(f"the type {entity_type_id} has no stages")
        if category is not None:
            return directory_of(entity_type_id, self.category(entity_type_id, str(category)))
        if coded := _CATEGORY_IN_CODE.match(name):
            return directory_of(entity_type_id, int(coded[1]))
        pipelines = self._shelf.pipelines(entity_type_id)
        if pipelines.default is not None:
            return directory_of(entity_type_id, pipelines.default)
        return stage_id.status_type or directory_of(entity_type_id, 0)

    def _chosen(self, scope: Scope, name: str, entries: Sequence[Entry], what: str) -> Entry:
        entry = chosen(name, entries, what)
        self.found.setdefault(scope, {})[entry.code] = entry.name
        return entry


FEW: Final = 12
"""Entries that are all named where none is near the name; of more the first ones are."""


def chosen(name: str, entries: Sequence[Entry], what: str) -> Entry:
    """The entry of that name: exact name, exact code, then name and code without case and space.

    Raises NameNotFound when there is none, AmbiguousName when there are several.
    """
    wanted = folded(name)
    tests = (
        lambda each: each.name == name,
        lambda each: each.code == name,
        lambda each: folded(each.name) == wanted,
        lambda each: folded(each.code) == wanted,
    )
    for test in tests if wanted else ():
        hits = {each.code: each for each in entries if test(each)}
        if len(hits) == 1:
            return next(iter(hits.values()))
        if hits:
            both = ", ".join(f"{each.code} ({each.name})" for each in hits.values())
            raise AmbiguousName(f"more than one {what} is named {name!r}: {both}; write the code instead")
    raise NameNotFound(f"no {what} is named {name!r}{_advice(name, entries)}")


def directory_of(entity_type_id: EntityTypeId, category: int) -> str:
    """ENTITY_ID of a pipeline's stages (api-reference/crm/status/index.md)."""
    if entity_type_id == DEAL:
        return f"DEAL_STAGE_{category}" if category else "DEAL_STAGE"
    kind = "SMART_INVOICE" if entity_type_id == INVOICE else f"DYNAMIC_{entity_type_id}"
    return f"{kind}_STAGE_{category}"


def category_of(stage: str) -> int:
    """The pipeline that a stage's code names; one that names none is of pipeline 0."""
    coded = _CATEGORY_IN_CODE.match(stage)
    return int(coded[1]) if coded else 0


def folded(value: Any) -> str:
    """As names compare: trimmed, without case."""
    return str(value or "").strip().casefold()


def _advice(name: str, entries: Sequence[Entry]) -> str:
    texts = {folded(text): f"{each.name!r} ({each.code})" for each in entries for text in (each.code, each.name)}
    near = dict.fromkeys(texts[text] for text in get_close_matches(folded(name), texts, n=3, cutoff=0.5))
    if near:
        return f"; nearest: {', '.join(near)}"
    shown = ", ".join(f"{each.name!r} ({each.code})" for each in entries[:FEW] if each.name)
    if len(entries) > FEW or any(not each.name for each in entries):
        return f"; there are {len(entries)}, such as {shown}" if shown else f"; there are {len(entries)}"
    return f"; there {'is' if len(entries) == 1 else 'are'} {shown or 'none'}"
