"""Values of columns that an entity expects to be unique, kept in the workspace while its rows pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from syncer.plan.workspace import Workspace

_TABLE: Final = "CREATE TABLE expected (place INTEGER NOT NULL, value TEXT NOT NULL, origin_id TEXT NOT NULL)"
_COUNT: Final = "SELECT count(*) FROM (SELECT 1 FROM expected WHERE place = ? GROUP BY value HAVING count(*) > 1)"
_FIRST: Final = (
    "SELECT value, count(*) FROM expected WHERE place = ? GROUP BY value HAVING count(*) > 1 "
    "ORDER BY min(rowid) LIMIT ?"
)
_KEYS: Final = "SELECT origin_id FROM expected WHERE place = ? AND value = ? ORDER BY rowid LIMIT ?"


class Values:
    """The values of one entity's columns, by the number of the expectation."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        workspace.run(_TABLE)

    def note(self, values: Iterable[tuple[int, str, str]]) -> None:
        """Notes values: (number of the expectation, value, the row's key)."""
        self._workspace.run_many("INSERT INTO expected VALUES (?, ?, ?)", values)

    def shared(self, place: int, most: int) -> tuple[int, list[tuple[str, list[str], int]]]:
        """How many values stand in several rows, and the first `most`: (value, keys of its first rows, its rows)."""
        run = self._workspace.run
        run("CREATE INDEX IF NOT EXISTS expected_by_value ON expected (place, value)")
        number: int = run(_COUNT, (place,)).fetchone()[0]
        first = run(_FIRST, (place, most)).fetchall()
        return number, [
            (value, [row[0] for row in run(_KEYS, (place, value, most)).fetchall()], count) for value, count in first
        ]

    def forget(self) -> None:
        self._workspace.run("DROP TABLE expected")
