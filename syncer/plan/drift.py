"""Drift: what is otherwise by now than when items were created. It is told, and changes nothing in what apply does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from syncer.bitrix24.lookup import Lookup
from syncer.mapping import Converter, RowMapping
from syncer.model import wire
from syncer.model.change import Reason, RowProblem
from syncer.model.identity import ItemId
from syncer.model.tally import DriftTally
from syncer.plan.parents import EXISTS_CHUNK, Parents
from syncer.plan.plan import Target
from syncer.plan.workspace import Workspace
from syncer.store import Ledger

_ADOPTED: Final = "adopted"
_SAME: Final = "same"


class Drift:
    """Watches one target's rows that have an item already: `see` them batch by batch, `settle` after the last one."""

    def __init__(
        self,
        target: Target,
        *,
        workspace: Workspace,
        ledger: Ledger,
        mapping: RowMapping,
        converter: Converter,
        parents: Parents,
        lookup: Lookup,
    ) -> None:
        self._target = target
        self._workspace = workspace
        self._ledger = ledger
        self._mapping = mapping
        self._converter = converter
        self._parents = parents
        self._lookup = lookup

    def see(self, rows: Sequence[tuple[str, tuple[Any, ...]]]) -> None:
        """Compares rows, by key, with what their items were created with, and notes every one."""
        if not rows:
            return
        known = self._ledger.ids([key for key, _ in rows])
        payloads = self._payloads(rows)
        notes = []
        for (key, _), (payload, why) in zip(rows, payloads, strict=True):
            item = known.get(key)
            if item is None or item.item_id is None:
                continue
            kind = _SAME if payload == item.payload_hash else "changed"
            kind = _ADOPTED if item.payload_hash is None else kind
            notes.append((self._target.index, key, item.item_id, kind, why if kind == "changed" else None))
        self._workspace.run_many("INSERT OR IGNORE INTO drift VALUES (?, ?, ?, ?, ?)", notes)

    def _payloads(self, rows: Sequence[tuple[str, tuple[Any, ...]]]) -> Iterator[tuple[str | None, str | None]]:
        """What each row would be sent as, as the state keeps it; None and why for a row that could not be sent."""
        converted = [
            fields if isinstance(fields, RowProblem) else self._converter.convert(fields)
            for fields in self._mapping.fields([row for _, row in rows])
        ]
        ids = self._parents.known(
            {ref for fields in converted if not isinstance(fields, RowProblem) for ref in wire.references(fields)}
        )
        for (key, _), fields in zip(rows, converted, strict=True):
            if isinstance(fields, RowProblem):
                yield None, f"{fields.reason}: {fields.message}"
                continue
            resolved = wire.resolve(fields, ids)
            lost = next(wire.references(resolved), None)
            why = (
                None if lost is None else f"{Reason.MISSING_REF}: there is no item of {lost.entity} {lost.origin_id!r}"
            )
            yield wire.payload_hash(resolved | self._target.stamp.fields(key)), why

    def settle(self, alive: Callable[[], None]) -> DriftTally:
        """Looks for the items in the portal, by their ids and in bulk; `alive` is called after each request."""
        run, index = self._workspace.run, self._target.index
        run(
            "DELETE FROM drift WHERE entity = ? AND EXISTS (SELECT 1 FROM change c "
            "WHERE c.entity = drift.entity AND c.origin_id = drift.origin_id)",  # a key that the source has twice
            (index,),
        )
        look = not self._target.entity.trust_state
        if look:
            self._look(alive)
        counts = dict(run("SELECT kind, count(*) FROM drift WHERE entity = ? GROUP BY kind", (index,)).fetchall())
        run("DELETE FROM drift WHERE entity = ? AND kind IN (?, ?)", (index, _SAME, _ADOPTED))
        return DriftTally(
            changed=counts.get("changed", 0),
            deleted=counts.get("deleted", 0),
            not_compared=counts.get(_ADOPTED, 0),
            not_looked_for=0 if look else sum(counts.values()),
        )

    def _look(self, alive: Callable[[], None]) -> None:
        run, index = self._workspace.run, self._target.index
        run("CREATE INDEX IF NOT EXISTS drift_by_item ON drift (entity, item_id)")
        after = 0
        while True:
            rows = run(
                "SELECT DISTINCT item_id FROM drift WHERE entity = ? AND item_id > ? ORDER BY 1 LIMIT ?",
                (index, after, EXISTS_CHUNK),
            ).fetchall()
            if not rows:
                return
            ids = [ItemId(row[0]) for row in rows]
            after = ids[-1]
            gone = set(ids) - self._lookup.exists(self._target.entity_type_id, ids)
            self._workspace.run_many(
                "UPDATE drift SET kind = 'deleted', message = NULL WHERE entity = ? AND item_id = ?",
                ((index, each) for each in gone),
            )
            alive()
