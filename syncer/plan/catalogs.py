"""The fields of the types in use: from the state while fresh, else from the portal."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from syncer.bitrix24.catalog import from_json, read_fields, to_json
from syncer.bitrix24.portal import Portal
from syncer.errors import PortalRefused
from syncer.model.field import FieldType, spelling
from syncer.model.identity import EntityTypeId
from syncer.store import PortalId, State

FRESH_SECONDS = 3600.0


def field_catalogs(
    wanted: Mapping[EntityTypeId, Collection[str]],
    *,
    portal: Portal,
    state: State,
    portal_id: PortalId,
    keep: bool,
    refresh: bool = False,
    refused: dict[EntityTypeId, PortalRefused] | None = None,
    copies: set[EntityTypeId] | None = None,
) -> dict[EntityTypeId, Mapping[str, FieldType]]:
    """The catalog of each type. `wanted` are the field names that specs use.

    A copy in the state serves for an hour, unless it lacks a wanted field: somebody may have just added it. All that
    is not fresh is asked for in one request; `keep` writes it to the state. A type that the portal refuses to
    tell of goes to `refused`, or raises PortalRefused. Types of which the copy served go to `copies`.
    """
    catalogs: dict[EntityTypeId, Mapping[str, FieldType]] = {}
    for kind, names in wanted.items():
        copy = None if refresh else state.portals.catalog(portal_id, _name(kind))
        if copy is not None and 0 <= copy.now - copy.fetched_at < FRESH_SECONDS:
            fields = from_json(copy.body)
            if all(spelling(name, fields) for name in names):
                catalogs[kind] = fields
                if copies is not None:
                    copies.add(kind)
    missing = [kind for kind in wanted if kind not in catalogs]
    if missing:
        for kind, fields in read_fields(portal, missing, refused=refused).items():
            catalogs[kind] = fields
            if keep:
                state.portals.put_catalog(portal_id, _name(kind), to_json(fields))
    return catalogs


def _name(kind: EntityTypeId) -> str:
    return f"fields:{kind}"
