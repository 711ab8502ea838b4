"""Smart processes by title: `{spa: TITLE}` → entityTypeId.

Source: api-reference/crm/universal/user-defined-object-types/crm-type-list.md (administrators of the CRM
alone), and api-reference/crm/auxiliary/enum/crm-enum-owner-type.md (everybody).
"""

from __future__ import annotations

from collections.abc import Iterable

from syncer.bitrix24.directory import read_all
from syncer.bitrix24.encode import Command
from syncer.bitrix24.portal import Portal
from syncer.errors import PortalError, PortalRefused
from syncer.mapping.directories import Entry, chosen
from syncer.mapping.names import NameNotFound
from syncer.model.identity import EntityTypeId


def spa_types(portal: Portal, titles: Iterable[str]) -> dict[str, EntityTypeId]:
    """title → entityTypeId. Raises PortalError for a title that no smart process has, or more than one."""
    wanted = list(dict.fromkeys(titles))
    entries = smart_processes(portal) if wanted else []
    found: dict[str, EntityTypeId] = {}
    for title in wanted:
        try:
            found[title] = EntityTypeId(int(chosen(title, entries, "smart process").code))
        except NameNotFound as error:
            raise PortalError(
                f"{error}",
                hint="Write the title as the portal shows it; `type` takes an entityTypeId as well.",
            ) from None
    return found


def smart_processes(portal: Portal) -> list[Entry]:
    """Every smart process: entityTypeId and title."""
    try:
        told = read_all(portal, Command("crm.type.list", {}), "types")
        return [Entry(str(row["entityTypeId"]), str(row.get("title") or "")) for row in told]
    except PortalRefused as error:
        if error.code.casefold() != "access_denied":
            raise
    told = read_all(portal, Command("crm.enum.ownertype", {}))
    return [
        Entry(str(row["ID"]), str(row.get("NAME") or ""))
        for row in told
        if str(row.get("SYMBOL_CODE", "")).startswith("DYNAMIC_")
    ]
