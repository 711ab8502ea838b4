"""Items that an import would make too late: it takes none that is older than those that are there.

Source: api-reference/crm/universal/import/index.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from syncer.bitrix24.lookup import Lookup
from syncer.model.change import Reason
from syncer.plan.plan import Target
from syncer.plan.workspace import Workspace

FIELD = "createdTime"


def block_too_old(target: Target, earlier: Iterable[Target], workspace: Workspace, lookup: Lookup) -> None:
    """Blocks creates that are older than what the portal has of their type, or will have when their turn comes: the
    `earlier` targets go first. Raises PortalError when the portal cannot be asked.
    """
    if workspace.latest(target.index, FIELD) is None:
        return
    if (newest := lookup.newest(target.entity_type_id)) is not None:
        item_id, made = newest
        than, hint = f"that of item {item_id}, the newest of the type ({made})", f"leave {FIELD} out of such rows"
        _block(target, workspace, _unix_time(made), than, hint)
    for other in earlier:
        if other.entity_type_id == target.entity_type_id:
            latest = workspace.latest(other.index, FIELD)
            than, hint = f"that of rows of {other.name}, which go first", "make one entity of both, by UNION ALL"
            _block(target, workspace, latest, than, hint)


def _block(target: Target, workspace: Workspace, before: float | None, than: str, hint: str) -> None:
    if before is not None:
        text = f"{FIELD} is before {than}, and an import takes none that is older than what is there: {hint}"
        workspace.block_before(target.index, FIELD, before, Reason.VALUE, text)


def _unix_time(text: str) -> float | None:
    try:
        return dt.datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None
