"""A portal and the specs that use it → what its lock file holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

from syncer.check.facts import Fields
from syncer.check.lock import Lock
from syncer.check.needs import Needs
from syncer.errors import PortalRefused
from syncer.mapping.directories import Directories, Entry, Pipelines, Shelf, directory_of, folded
from syncer.mapping.names import NameNotFound
from syncer.model.change import EntityName
from syncer.model.field import spelling
from syncer.model.identity import LEAD, QUOTE, EntityTypeId
from syncer.spec import Spec

_OF_STAGES = re.compile(r"(?:DEAL_STAGE|SMART_INVOICE_STAGE|DYNAMIC_\d+_STAGE)(?:_\d+)?|STATUS|QUOTE_STATUS", re.ASCII)


def lock_of(
    portal: str,
    specs: Sequence[Spec],
    types: Mapping[EntityName, EntityTypeId],
    titles: Mapping[str, EntityTypeId],
    catalogs: Mapping[EntityTypeId, Fields],
    shelf: Shelf,
    named: Needs,
) -> Lock:
    """What the portal has of all that these specs use. What the webhook may not read is left out."""
    kinds = sorted(set(types.values()))
    pipelines = {kind: found for kind in kinds if (found := _pipelines(kind, catalogs, shelf)) is not None}
    wanted = wanted_directories(specs, types, catalogs, named, pipelines)
    directories = {name: entries for name in wanted if (entries := _statuses(name, shelf))}
    currencies = None
    if named.currencies or _uses(specs, types, catalogs, "crm_currency"):
        with suppress(PortalRefused):
            currencies = shelf.currencies()
    known: Sequence[str] = ()
    if directories:
        with suppress(PortalRefused):
            known = [each for each in shelf.directories() if not _OF_STAGES.fullmatch(each)]
    return Lock(
        portal,
        {kind: catalogs[kind] for kind in kinds},
        titles,
        pipelines,
        directories,
        known,
        currencies,
        _users(named, shelf, catalogs),
    )


def wanted_directories(
    specs: Sequence[Spec],
    types: Mapping[EntityName, EntityTypeId],
    catalogs: Mapping[EntityTypeId, Fields],
    named: Needs,
    pipelines: Mapping[EntityTypeId, Pipelines],
) -> list[str]:
    """The directories that specs name, those of the fields they fill, and the stages of types whose stage they set."""
    found = set(named.directories)
    for spec, name, kind in _entities(specs, types):
        for field in spec.entities[name].fields:
            known = spelling(field, catalogs[kind])
            if known is None or known.type != "crm_status":
                continue
            if known.name != "stageId":
                found.update([known.status_type] if known.status_type else [])
            elif kind in (LEAD, QUOTE):
                found.add("STATUS" if kind == LEAD else "QUOTE_STATUS")
            elif kind in pipelines and pipelines[kind].entries:
                found.update(directory_of(kind, int(each.code)) for each in pipelines[kind].entries)
            elif known.status_type:
                found.add(known.status_type)
    return sorted(found)


def _entities(specs: Sequence[Spec], types: Mapping[EntityName, EntityTypeId]) -> list[tuple[Spec, str, EntityTypeId]]:
    return [
        (spec, name, types[EntityName(spec.name, name)])
        for spec in specs
        for name in spec.entities
        if EntityName(spec.name, name) in types
    ]


def _uses(
    specs: Sequence[Spec], types: Mapping[EntityName, EntityTypeId], catalogs: Mapping[EntityTypeId, Fields], type_: str
) -> bool:
    return any(
        (known := spelling(field, catalogs[kind])) is not None and known.type == type_
        for spec, name, kind in _entities(specs, types)
        for field in spec.entities[name].fields
    )


def _pipelines(kind: EntityTypeId, catalogs: Mapping[EntityTypeId, Fields], shelf: Shelf) -> Pipelines | None:
    if "categoryId" not in catalogs[kind] and "stageId" not in catalogs[kind]:
        return None
    try:
        return shelf.pipelines(kind)
    except PortalRefused:
        return None


def _statuses(name: str, shelf: Shelf) -> Sequence[Entry]:
    try:
        return shelf.statuses(name)
    except PortalRefused:
        return ()


def _users(named: Needs, shelf: Shelf, catalogs: Mapping[EntityTypeId, Fields]) -> dict[str, int | None]:
    names = Directories(shelf, catalogs)
    found: dict[str, int | None] = {}
    for each in sorted(named.users, key=folded):
        try:
            found[folded(each)] = names.user(each)
        except NameNotFound:
            found[folded(each)] = None
        except PortalRefused:
            return {}
    return found
