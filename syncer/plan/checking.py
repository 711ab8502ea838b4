"""Specs against their portal: types, fields, names and the lock file, in few requests, before a row is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from syncer.bitrix24.directory import PortalShelf
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.rights import describe
from syncer.bitrix24.types import smart_processes
from syncer.check.changes import differences, told, used_fields
from syncer.check.facts import Facts, Fields
from syncer.check.fields import IMPORT_ONLY
from syncer.check.lock import Lock
from syncer.check.locking import lock_of, wanted_directories
from syncer.check.needs import Needs, needs
from syncer.check.offline import lock_command, locked
from syncer.check.spec import check, untyped, written_types
from syncer.errors import Finding, PortalRefused
from syncer.mapping.directories import Directories, Entry, chosen
from syncer.mapping.names import NameNotFound
from syncer.model.change import EntityName
from syncer.model.identity import EntityTypeId, PortalName
from syncer.plan.catalogs import field_catalogs
from syncer.spec import Code, SpaTitle, Spec
from syncer.store import PortalId, State

_TITLE_HINT = "write the title as the portal shows it; `type` takes an entityTypeId as well"


@dataclass(frozen=True, slots=True)
class Portrait:
    """What the portal is, as far as the specs want to know, and what is wrong with the specs."""

    types: Mapping[EntityName, EntityTypeId]
    titles: Mapping[str, EntityTypeId]
    catalogs: Mapping[EntityTypeId, Fields]
    shelf: PortalShelf
    names: Directories
    needs: Needs
    findings: tuple[Finding, ...]

    def lock(self, portal: PortalName, specs: Sequence[Spec]) -> Lock:
        """What the lock file would hold now."""
        return lock_of(portal, specs, self.types, self.titles, self.catalogs, self.shelf, self.needs)


def look_at(
    specs: Sequence[Spec],
    *,
    portal: Portal,
    portal_name: PortalName,
    state: State,
    portal_id: PortalId,
    keep: bool,
    among: Collection[EntityName] | None = None,
    locks: bool = True,
    afresh: bool = False,
    copies: set[EntityTypeId] | None = None,
) -> Portrait:
    """Asks the portal for all that the specs name, and checks them. `locks`: against their lock file, too.

    With a lock file, and `afresh`, the fields are asked for anew, whatever copy of them the state has. Types of which
    such a copy served go to `copies`.
    """
    lock_file = specs[0].portal.lock if locks else None
    titles, findings = _titles(specs, portal)
    types = written_types(specs, titles)
    refused: dict[EntityTypeId, PortalRefused] = {}
    catalogs = field_catalogs(
        _wanted(specs, types),
        portal=portal,
        state=state,
        portal_id=portal_id,
        keep=keep,
        refresh=afresh or lock_file is not None or not locks,
        refused=refused,
        copies=copies,
    )
    findings += _refused(specs, types, refused)
    types = {name: kind for name, kind in types.items() if kind in catalogs}
    shelf = PortalShelf(portal)
    named = needs(specs, types, catalogs)
    _foresee(specs, types, catalogs, shelf, named, whole=lock_file is not None or not locks)
    names = Directories(shelf, catalogs)
    facts = Facts(catalogs, names, is_admin=_is_admin(specs, portal), types=titles)
    portrait = Portrait(types, titles, catalogs, shelf, names, named, ())
    if lock_file is not None:
        findings += _since(portrait, specs, portal_name)
    findings += check(specs, types, facts, among=among)
    return Portrait(types, titles, catalogs, shelf, names, named, tuple(findings))


def _titles(specs: Sequence[Spec], portal: Portal) -> tuple[dict[str, EntityTypeId], list[Finding]]:
    """Smart processes by title, and findings for titles that none has, or several have."""
    found: dict[str, EntityTypeId] = {}
    findings: list[Finding] = []
    entries: list[Entry] | None = None
    for spec in specs:
        for entity in spec.entities.values():
            if not isinstance(entity.type, SpaTitle):
                continue
            entries = smart_processes(portal) if entries is None else entries
            try:
                found[entity.type.spa] = EntityTypeId(int(chosen(entity.type.spa, entries, "smart process").code))
            except NameNotFound as error:
                findings.append(untyped(spec, entity, str(error), _TITLE_HINT))
    return found, findings


def _wanted(specs: Sequence[Spec], types: Mapping[EntityName, EntityTypeId]) -> dict[EntityTypeId, set[str]]:
    wanted: dict[EntityTypeId, set[str]] = {}
    for spec in specs:
        for entity in spec.entities.values():
            kind = types.get(EntityName(spec.name, entity.name))
            if kind is not None:
                names = {*entity.fields, *filter(None, [entity.origin_field])}
                wanted.setdefault(kind, set()).update(names)
    return wanted


def _refused(
    specs: Sequence[Spec], types: Mapping[EntityName, EntityTypeId], refused: Mapping[EntityTypeId, PortalRefused]
) -> Iterator[Finding]:
    """Types that the portal does not have, or whose items the webhook's user may not read."""
    for spec in specs:
        for entity in spec.entities.values():
            error = refused.get(types.get(EntityName(spec.name, entity.name), EntityTypeId(0)))
            if error is None:
                continue
            if error.code.casefold() == "access_denied":
                span = spec.span("entities", entity.name, "type")
                yield Finding(Code.RIGHTS, "error", span, f"{error.summary}: {error.detail}", error.hint)
            else:
                yield untyped(spec, entity, f"{error.summary}: {error.detail}", error.hint)


def _foresee(
    specs: Sequence[Spec],
    types: Mapping[EntityName, EntityTypeId],
    catalogs: Mapping[EntityTypeId, Fields],
    shelf: PortalShelf,
    named: Needs,
    *,
    whole: bool,
) -> None:
    """Reads ahead what will be asked for: pipelines in one request, directories in another."""
    kinds = set(named.types)
    kinds |= {kind for kind, fields in catalogs.items() if whole and ("categoryId" in fields or "stageId" in fields)}
    shelf.foresee(types=sorted(kinds))
    pipelines = {}
    for kind in kinds:
        try:
            pipelines[kind] = shelf.pipelines(kind)
        except PortalRefused:
            continue
    staged = pipelines if whole else {kind: each for kind, each in pipelines.items() if kind in named.staged}
    wanted = wanted_directories(specs, types, catalogs, named, staged) if whole or named.staged else named.directories
    shelf.foresee(directories=sorted(wanted))


def _is_admin(specs: Sequence[Spec], portal: Portal) -> bool | None:
    """Whether the caller is an administrator: asked only where an import may depend on it."""
    entities = [entity for spec in specs for entity in spec.entities.values()]
    if any(each.write == "import" and not IMPORT_ONLY.isdisjoint(each.fields) for each in entities):
        return describe(portal).is_admin
    return None


def _since(portrait: Portrait, specs: Sequence[Spec], portal_name: PortalName) -> Iterator[Finding]:
    """What the portal has changed since the lock file was written."""
    span = specs[0].span("portal", "lock")
    found = locked(specs)
    if isinstance(found, Finding):
        yield found
    elif found.portal != portal_name:
        message = f"the lock file is of the portal {found.portal}, and this is {portal_name}: it is not compared"
        yield Finding(Code.PORTAL_CHANGED, "warning", span, message)
    else:
        now = portrait.lock(portal_name, specs)
        changes = differences(found, now, used_fields(specs, portrait.types, found, now))
        yield from told(changes, span, lock_command(specs))
