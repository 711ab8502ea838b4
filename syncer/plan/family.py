"""References between the rows of one entity, such as a company's parent company.

A row may come before the one that it refers to, so these references are looked at once all rows are read. Everything
is done in the planner's private file, set-wise or in chunks; in memory is no more than one circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from syncer.model import wire
from syncer.model.change import Reason
from syncer.plan.parents import to_item, why_missing
from syncer.plan.plan import Target
from syncer.plan.workspace import Workspace
from syncer.store import Known, Ledger

CHUNK: Final = 2000
NAMED: Final = 8
"""Rows of a circle that a message names."""

_SENT: Final = "action IN ('create', 'unknown')"


class Family:
    """One target that refers to itself. `note` its references batch by batch, `resolve` once all changes are known."""

    def __init__(self, target: Target, workspace: Workspace, ledger: Ledger) -> None:
        self._target = target
        self._workspace = workspace
        self._ledger = ledger
        self._name = target.entity.name
        self.any = self._name in target.parents

    def note(self, numbers: Iterable[int], rows: Iterable[Mapping[str, Any] | None]) -> None:
        """Notes what rows refer to, by the numbers of their changes."""
        if self.any:
            self._workspace.run_many(
                "INSERT OR IGNORE INTO within VALUES (?, ?, ?)",
                (
                    (self._target.index, number, key)
                    for number, fields in zip(numbers, rows, strict=True)
                    for key in sorted({ref.origin_id for ref in wire.references(fields or {}) if self._own(ref.entity)})
                ),
            )

    def resolve(self) -> None:
        """Puts in the ids of items that are there, and blocks rows whose parents will never be."""
        if self.any:
            self._take_planned()
            self._take_known()
            self.block_descent()
            self._block_circles()

    def block_descent(self) -> None:
        """A row below a blocked one is blocked, however deep."""
        if not self.any:
            return
        self._workspace.run(
            "WITH RECURSIVE below(change_id, parent_key) AS ("  # noqa: S608
            "SELECT w.change_id, w.parent_key FROM change p JOIN within w ON w.entity = p.entity "
            "AND w.parent_key = p.origin_id WHERE p.entity = :own AND p.action = 'blocked' UNION "
            "SELECT w.change_id, w.parent_key FROM below b JOIN change p ON p.change_id = b.change_id "
            "JOIN within w ON w.entity = p.entity AND w.parent_key = p.origin_id) "
            "UPDATE change SET action = 'blocked', fields = NULL, reason = :reason, "
            "message = :name || ' ''' || b.parent_key || ''' is itself blocked' "
            "FROM (SELECT change_id, min(parent_key) AS parent_key FROM below GROUP BY change_id) b "
            f"WHERE change.change_id = b.change_id AND {_SENT}",
            {"own": self._target.index, "reason": Reason.MISSING_REF, "name": self._name},
        )

    def _own(self, entity: str) -> bool:
        return entity == self._name

    def _take_planned(self) -> None:
        """Parents that are to be adopted have their ids already."""
        after = ""
        while rows := self._workspace.run(
            "SELECT DISTINCT p.origin_id, p.item_id FROM within w JOIN change p ON p.entity = w.entity "
            "AND p.origin_id = w.parent_key WHERE w.entity = ? AND p.action = 'adopt' AND p.origin_id > ? "
            "ORDER BY p.origin_id LIMIT ?",
            (self._target.index, after, CHUNK),
        ).fetchall():
            after = rows[-1][0]
            self._put_in(dict(rows))

    def _take_known(self) -> None:
        """Parents without a change are known to the state, or missing."""
        after = ""
        while rows := self._workspace.run(
            "SELECT DISTINCT w.parent_key FROM within w WHERE w.entity = ? AND w.parent_key > ? AND NOT EXISTS "
            "(SELECT 1 FROM change p WHERE p.entity = w.entity AND p.origin_id = w.parent_key) "
            "ORDER BY w.parent_key LIMIT ?",
            (self._target.index, after, CHUNK),
        ).fetchall():
            keys = [row[0] for row in rows]
            after = keys[-1]
            known = self._ledger.ids(keys)
            ids = {key: at for key in keys if (at := to_item(known.get(key), self._target.known_as)) is not None}
            self._put_in(ids)
            self._block_missing({key: known.get(key) for key in keys if key not in ids})

    def _put_in(self, ids: Mapping[str, int]) -> None:
        """Ids in place of references, in the fields of all children of some items."""
        values = {(self._name, key): item_id for key, item_id in ids.items()}
        for key, item_id in ids.items():
            after = 0
            while rows := self._workspace.run(
                "SELECT c.change_id, c.fields FROM within w JOIN change c USING (change_id) "  # noqa: S608
                f"WHERE w.entity = ? AND w.parent_key = ? AND c.change_id > ? AND c.{_SENT} ORDER BY 1 LIMIT ?",
                (self._target.index, key, after, CHUNK),
            ).fetchall():
                after = rows[-1][0]
                self._workspace.run_many(
                    "UPDATE change SET fields = ? WHERE change_id = ?",
                    [(wire.dumps(wire.resolve(wire.loads(fields), values)), number) for number, fields in rows],
                )
                self._workspace.note_parents((number, self._target.index, key, item_id) for number, _ in rows)

    def _block_missing(self, missing: Mapping[str, Known | None]) -> None:
        self._workspace.run_many(
            f"UPDATE change SET action = 'blocked', fields = NULL, reason = ?, message = ? WHERE {_SENT} "  # noqa: S608
            "AND change_id IN (SELECT change_id FROM within WHERE entity = ? AND parent_key = ?)",
            [
                (Reason.MISSING_REF, why_missing(self._name, key, known), self._target.index, key)
                for key, known in missing.items()
            ],
        )

    # -- circles ---------------------------------------------------------------------------------------------

    def _block_circles(self) -> None:
        """What is left when all rows are taken out whose parents were taken out before is in a circle, or below one."""
        self._take_out_all_that_can_go()
        blocked: list[tuple[Reason, str, int]] = []
        while (start := self._workspace.run("SELECT min(change_id) FROM waiting").fetchone()[0]) is not None:
            way = self._walk(start)
            self._workspace.run_many("DELETE FROM waiting WHERE change_id = ?", ((each,) for each in way))
            *_, last = way
            if (parent := self._parent_within(last, way)) is not None:
                circle = list(way)[list(way).index(parent) :]
                text = self._told([way[each] for each in circle])
                blocked += [(Reason.MISSING_REF, text, each) for each in circle]
        self._workspace.run_many(
            "UPDATE change SET action = 'blocked', fields = NULL, reason = ?, message = ? WHERE change_id = ?", blocked
        )
        if blocked:
            self.block_descent()

    def _take_out_all_that_can_go(self) -> None:
        """Leaves in `waiting` the rows that no wave would reach. One wave at a time, by an index."""
        run, own = self._workspace.run, self._target.index
        run("DELETE FROM waiting")
        run(
            "INSERT INTO waiting SELECT w.change_id, count(*) FROM within w JOIN change c USING (change_id) "  # noqa: S608
            "JOIN change p ON p.entity = w.entity AND p.origin_id = w.parent_key "
            f"WHERE w.entity = ? AND c.{_SENT} AND p.{_SENT} GROUP BY w.change_id",
            (own,),
        )
        run("DELETE FROM wave")
        run(
            "INSERT INTO wave SELECT DISTINCT p.change_id FROM within w JOIN change p ON p.entity = w.entity "  # noqa: S608
            f"AND p.origin_id = w.parent_key WHERE w.entity = ? AND p.{_SENT} "
            "AND p.change_id NOT IN (SELECT change_id FROM waiting)",
            (own,),
        )
        while run("SELECT EXISTS (SELECT 1 FROM wave)").fetchone()[0]:
            run(
                "UPDATE waiting SET parents = parents - n.count FROM (SELECT w.change_id, count(*) AS count "
                "FROM wave JOIN change p USING (change_id) JOIN within w ON w.entity = p.entity "
                "AND w.parent_key = p.origin_id GROUP BY w.change_id) n WHERE n.change_id = waiting.change_id"
            )
            run("DELETE FROM wave")
            run("INSERT INTO wave SELECT change_id FROM waiting WHERE parents = 0")
            run("DELETE FROM waiting WHERE parents = 0")

    def _walk(self, start: int) -> dict[int, str]:
        """Upwards from one row that waits to the next, until one comes again, or waits no more: number → key."""
        way: dict[int, str] = {}
        number: int | None = start
        while number is not None and number not in way:
            way[number] = self._workspace.run("SELECT origin_id FROM change WHERE change_id = ?", (number,)).fetchone()[
                0
            ]
            number = self._waiting_parent(number)
        return way

    def _waiting_parent(self, number: int) -> int | None:
        row = self._workspace.run(
            "SELECT p.change_id FROM within w JOIN change p ON p.entity = w.entity AND p.origin_id = w.parent_key "
            "JOIN waiting x ON x.change_id = p.change_id WHERE w.change_id = ? ORDER BY 1 LIMIT 1",
            (number,),
        ).fetchone()
        return None if row is None else row[0]

    def _parent_within(self, number: int, way: Mapping[int, str]) -> int | None:
        """The row of a walk that its last row refers to; None: it ended below a circle that is dealt with."""
        rows = self._workspace.run(
            "SELECT p.change_id FROM within w JOIN change p ON p.entity = w.entity AND p.origin_id = w.parent_key "
            "WHERE w.change_id = ? ORDER BY 1",
            (number,),
        ).fetchall()
        return next((each for (each,) in rows if each in way), None)

    def _told(self, keys: list[str]) -> str:
        if len(keys) == 1:
            return f"{self._name} {keys[0]!r} refers to itself, so it could never be created"
        shown = " → ".join([*map(repr, keys[:NAMED]), *(["…"] if len(keys) > NAMED else []), repr(keys[0])])
        return f"{self._name} refer to each other in a circle, so none of them could be the first: {shown}"
