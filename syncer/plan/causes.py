"""Blocked rows by what blocks them: a parent that is missing may block a thousand rows, and is told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from syncer.model.change import Cause, Reason, RowProblem
from syncer.plan.private_file import PrivateFile

# Sorted in the file's temporary space, so that memory stays flat however many rows are blocked.
_BY_CAUSE: Final = (
    "SELECT reason, message, rows_in_all, origin_id FROM ("
    "SELECT reason, message, origin_id, sum(count) OVER same AS rows_in_all, min(origin_id) OVER same AS first, "
    "row_number() OVER (PARTITION BY reason, message ORDER BY origin_id) AS place "
    "FROM (SELECT reason, message, origin_id, count(*) AS count FROM change "
    "WHERE entity = ? AND action = 'blocked' GROUP BY 1, 2, 3) "
    "WINDOW same AS (PARTITION BY reason, message)) "
    "WHERE place <= ? ORDER BY rows_in_all DESC, first, reason, message, place"
)
_SCHEMA: Final = (
    "CREATE TABLE change (change_id INTEGER PRIMARY KEY, entity INTEGER NOT NULL, origin_id TEXT NOT NULL, "
    "action TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL)"
)


def causes(file: PrivateFile, entity: int, keys: int) -> Iterator[Cause]:
    """What blocks rows of an entity, what blocks most of them first, with the first `keys` of its rows.

    Not to be interrupted by changes of the file.
    """
    rows = file.run(_BY_CAUSE, (entity, keys))
    for (reason, message, count), same in groupby(rows, lambda row: row[:3]):
        yield Cause(RowProblem(Reason(reason), message or ""), count, tuple(key for *_, key in same if key))


def causes_of(blocked: Iterable[tuple[str, str, str]], keys: int) -> Iterator[Cause]:
    """The same of blocked rows that are in no file yet: (originId, reason, message) of each."""
    with PrivateFile(_SCHEMA) as file:
        file.run_many("INSERT INTO change VALUES (NULL, 0, ?, 'blocked', ?, ?)", blocked)
        yield from causes(file, 0, keys)
