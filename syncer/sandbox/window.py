"""A window onto the portal's file for the pages: it reads what was committed, and can write nothing.

It has a connection and a thread of its own, so that a search over many items keeps no request of the portal waiting.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

PAGE: Final = 50
WORDS: Final = 10
"""Words of a search that count."""

ITEMS: Final = 500
"""Items that are looked up for the sake of their names."""
_MOMENT: Final = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*"

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which items of a type, in which order.

    `order`: names of fields whose texts make up what is sorted by. `ranks`: its values in the order that counts instead
    of the alphabet's, where there is one. `page`: from 1; a page past the last one gives the last one.
    """

    entity_type_id: int
    search: str
    order: Sequence[str]
    ranks: Sequence[str]
    descending: bool
    page: int


@dataclass(frozen=True, slots=True)
class Items:
    """A page of items: their fields, how many there are on all pages, and which page it became."""

    items: Sequence[dict[str, Any]]
    total: int
    page: int
    pages: int


class Window:
    """Opens the file when it is first looked at."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "page")
        self._db: sqlite3.Connection | None = None

    async def counts(self) -> dict[int, int]:
        """How many items each type has."""
        return await self._look(lambda db: dict(db.execute("SELECT type, count(*) FROM item GROUP BY type").fetchall()))

    async def items(self, wanted: Wanted) -> Items:
        """A page of items."""
        return await self._look(lambda db: _page(db, wanted))

    async def item(self, entity_type_id: int, item_id: int) -> dict[str, Any] | None:
        """The fields of an item that are not empty, or None without such an item."""
        return (await self.several([(entity_type_id, item_id)])).get((entity_type_id, item_id))

    async def several(self, keys: Iterable[tuple[int, int]]) -> Mapping[tuple[int, int], dict[str, Any]]:
        """Items by type and id, as far as they are there; no more than `ITEMS` are looked up."""
        wanted = list(dict.fromkeys(keys))[:ITEMS]

        def look(db: sqlite3.Connection) -> dict[tuple[int, int], dict[str, Any]]:
            query = "SELECT body FROM item WHERE type = ? AND id = ?"
            rows = ((key, db.execute(query, key).fetchone()) for key in wanted)
            return {key: json.loads(row[0]) for key, row in rows if row}

        return await self._look(look) if wanted else {}

    async def files(self, ids: Iterable[int]) -> Mapping[int, tuple[str, int]]:
        """Names and sizes, in bytes, of uploaded files."""
        wanted = list(ids)[:ITEMS]

        def look(db: sqlite3.Connection) -> dict[int, tuple[str, int]]:
            query = "SELECT name, length(content) FROM file WHERE id = ?"
            rows = ((each, db.execute(query, (each,)).fetchone()) for each in wanted)
            return {each: (row[0], row[1]) for each, row in rows if row}

        return await self._look(look) if wanted else {}

    async def _look(self, look: Callable[[sqlite3.Connection], Found]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: look(self._open()))

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            address = f"{self._path.absolute().as_uri()}?mode=ro"
            self._db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=30.0)
            self._db.create_function("folded", 1, _folded, deterministic=True)
        return self._db

    def close(self) -> None:
        """Before the portal folds its log into the file: an open reader would keep it from that."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=True)

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def _folded(text: object) -> str:
    return str(text).casefold()


def _page(db: sqlite3.Connection, wanted: Wanted) -> Items:
    where, values = _search(wanted.search)
    from_where = f"FROM item WHERE type = ?{where}"
    (total,) = db.execute(f"SELECT count(*) {from_where}", (wanted.entity_type_id, *values)).fetchone()
    pages = max(1, -(-total // PAGE))
    page = min(max(1, wanted.page), pages)
    order, more = _order(wanted)
    rows = db.execute(
        f"SELECT body {from_where} ORDER BY {order} LIMIT {PAGE} OFFSET ?",
        (wanted.entity_type_id, *values, *more, (page - 1) * PAGE),
    )
    return Items([json.loads(row[0]) for row in rows], total, page, pages)


def _search(text: str) -> tuple[str, list[str]]:
    """The condition that an item has every word in some value, whatever its case.

    The first half reads no JSON and lets few items through. The second half asks for values, not for names of fields,
    and for no moments: `11` would find whatever was made in November.
    """
    where, values = "", []
    for word in text.split()[:WORDS]:
        written = json.dumps(word, ensure_ascii=False)[1:-1]
        if word.isascii():
            one = "{} LIKE ? ESCAPE '!'"
            values += [_like(written), _MOMENT, _like(word)]
        else:  # LIKE knows the case of ASCII alone
            one = "instr(folded({}), ?) > 0"
            values += [written.casefold(), _MOMENT, word.casefold()]
        exists = f"EXISTS (SELECT 1 FROM json_tree(item.body) WHERE atom NOT GLOB ? AND {one.format('atom')})"  # noqa: S608
        where += f" AND CASE WHEN {one.format('body')} THEN {exists} ELSE 0 END"
    return where, values


def _like(word: str) -> str:
    for special in "!%_":
        word = word.replace(special, "!" + special)
    return f"%{word}%"


def _order(wanted: Wanted) -> tuple[str, list[str]]:
    """ORDER BY and its values. Items without the field come last, whatever the direction."""
    way = "DESC" if wanted.descending else "ASC"
    if list(wanted.order) == ["id"]:
        return f"id {way}", []
    paths = [f"$.{name}" for name in wanted.order]
    text = " || ' ' || ".join("coalesce(json_extract(body, ?), '')" for _ in paths)
    if wanted.ranks:
        cases = " ".join(f"WHEN ? THEN {rank}" for rank in range(len(wanted.ranks)))
        return f"trim({text}) = '', CASE {text} {cases} END {way}, id {way}", [*paths, *paths, *wanted.ranks]
    return f"trim({text}) = '', {text} COLLATE NOCASE {way}, id {way}", [*paths, *paths]
