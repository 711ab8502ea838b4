"""Whether a look-up that finds nothing can be believed: items that are known to be there must still be found.

A right that is taken away amid a run makes the portal show less, without an error. What was sent would then seem to be
absent, and be sent a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from syncer.bitrix24.lookup import KEYS, Lookup
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.rights import describe
from syncer.errors import SyncerError
from syncer.plan.hits import look_up
from syncer.plan.plan import Target
from syncer.plan.probes import Probes
from syncer.store import Ledger

HALF: Final = KEYS // 2
"""Items of each kind that one list asks for: people may have deleted some of them."""


class Witnesses:
    """Items that the state has as created, the last ones and some others, of each target."""

    def __init__(self, portal: Portal, lookup: Lookup, ledgers: Mapping[int, Ledger], probes: Probes) -> None:
        self._portal = portal
        self._lookup = lookup
        self._ledgers = ledgers
        self._probes = probes

    def missing(self, target: Target) -> SyncerError | None:
        """Why absence proves nothing now: none of them is found. Who has created nothing yet has no witness, and an
        administrator reads all, so people have deleted them. Raises PortalError.
        """
        ledger = self._ledgers[target.index]
        known = {each.origin_id: each for each in ledger.witnesses(HALF)}
        if not known:
            return None
        stored = {key: each.stored_key for key, each in known.items() if each.stored_key}
        hits = look_up(self._lookup, target, ledger, known, self._probes.rules(target), stored=stored)
        if any(each.item_id in hits.items.get(key, ()) for key, each in known.items()):
            return None
        caller = describe(self._portal)
        if caller.is_admin:
            return None
        key, example = next(iter(known.items()))
        return SyncerError(
            "items that were created are not found by their identity any more, so lost answers cannot be settled",
            detail=f"item {example.item_id}, for one, is not shown to user {caller.user_id} {caller.name}".rstrip(),
            where=f"{target.name} {key}",
            hint="give the user that syncer acts as the right to read all items of this type (CRM, Settings, Access "
            "permissions) and run it again; if people deleted all of them, `syncer state forget` the unknown ones",
        )
