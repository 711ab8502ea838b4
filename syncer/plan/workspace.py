"""The planner's private file: keys seen, changes found, references between them.

An SQLite file of mode 0600 in the temporary directory, whose name there is taken away at once: it is gone with
the process, however that ends. It keeps memory flat however long a source is, finds duplicates of a key by an
index instead of a set, and lets no source cursor stay open while items are sent. It holds row values, so nobody
else may read it; it is never a state.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import lt
from typing import Any, Literal, NamedTuple

from syncer.model.change import DriftKind, Reason
from syncer.plan.private_file import PrivateFile
from syncer.plan.workspace_tables import SCHEMA

Action = Literal["create", "adopt", "blocked", "unknown"]

OutcomeKind = Literal["created", "adopted", "failed", "unknown", "ambiguous"]


class Became(NamedTuple):
    """What became of a change in this run; the newest word counts."""

    origin_id: str
    kind: OutcomeKind
    item_id: int | None = None
    code: str | None = None
    message: str | None = None


class Entry(NamedTuple):
    """One change as the file holds it; `fields` is the JSON of `model.wire`."""

    origin_id: str
    action: Action
    fields: str | None = None
    item_id: int | None = None
    reason: Reason | None = None
    message: str | None = None
    stored_key: str | None = None


class Workspace(PrivateFile):
    """See the module. Entities are told apart by their index in the plan."""

    def __init__(self) -> None:
        super().__init__(SCHEMA)
        self._ascending, self._newest = True, ""  # the keys seen so far, and the last of them
        self._in_turn: set[int] = set()

    # -- keys of the entity that is being read ---------------------------------------------------------------

    def see(self, keys: Sequence[str]) -> None:
        """Notes keys of the entity being read, in any number and order."""
        if not keys:
            return
        self.run("INSERT INTO seen SELECT value FROM json_each(?)", (json.dumps(keys, ensure_ascii=False),))
        if self._ascending:
            self._ascending = self._newest < keys[0] and all(map(lt, keys, islice(keys, 1, None)))
            self._newest = keys[-1]

    def duplicates(self) -> Iterator[tuple[str, int]]:
        """Keys seen more than once with how often, in key order."""
        if self._ascending:  # each key was greater than the one before it: none can be there twice
            return
        self.run("CREATE INDEX temp.seen_by_key ON seen (origin_id)")
        yield from self.run("SELECT origin_id, count(*) FROM seen GROUP BY origin_id HAVING count(*) > 1").fetchall()

    def forget_seen(self) -> None:
        self.run("DROP INDEX IF EXISTS seen_by_key")
        self.run("DELETE FROM seen")
        self._ascending, self._newest = True, ""

    # -- changes ---------------------------------------------------------------------------------------------

    def add(self, entity: int, entries: Sequence[Entry]) -> list[int]:
        """Adds changes and gives their numbers, in the order of `entries`."""
        first: int = self.run("SELECT coalesce(max(change_id), 0) + 1 FROM change").fetchone()[0]
        numbers = list(range(first, first + len(entries)))
        self.run_many(
            "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                (number, entity, e.origin_id, e.action, e.fields, e.item_id, e.reason, e.message)
                for number, e in zip(numbers, entries, strict=True)
            ),
        )
        return numbers

    def note_parents(self, parents: Iterable[tuple[int, int, str, int]]) -> None:
        """Notes that a change refers to an item: (change number, parent's entity, originId, item id)."""
        self.run_many("INSERT INTO parent VALUES (?, ?, ?, ?)", parents)

    def actions(self, entity: int, keys: Sequence[str]) -> dict[str, Entry]:
        """What is planned for these keys of an entity; keys without a change are absent."""
        rows = self.run(
            # CROSS: each key is looked up. SQLite would take the entity's changes, and go through the keys for each.
            "SELECT c.origin_id, c.action, NULL, c.item_id, c.reason, c.message, c.stored_key FROM json_each(?) k "
            "CROSS JOIN change c ON c.entity = ? AND c.origin_id = k.value",
            (json.dumps(keys, ensure_ascii=False), entity),
        )
        return {row[0]: _entry(row) for row in rows}

    def fields(self, entity: int, key: str) -> str | None:
        """The fields of a key as JSON; None when it has none."""
        row = self.run("SELECT fields FROM change WHERE entity = ? AND origin_id = ?", (entity, key)).fetchone()
        return None if row is None else row[0]

    def replace_with_blocked(self, entity: int, key: str, reason: Reason, messages: Sequence[str]) -> Counter[str]:
        """Drops every change of a key and adds blocked ones; tells how many of which action were dropped."""
        gone = Counter(
            row[0]
            for row in self.run(
                "DELETE FROM change WHERE entity = ? AND origin_id = ? RETURNING action", (entity, key)
            ).fetchall()
        )
        self.add(entity, [Entry(key, "blocked", reason=reason, message=text) for text in messages])
        return gone

    def adopt(self, entity: int, found: Iterable[tuple[str, int, str | None]]) -> None:
        """Turns creates, and rows that were blocked for their twins, into adoptions of the items found for them:
        (key, item id, the key as the portal keeps it if that is not the same).
        """
        self.run_many(
            "UPDATE change SET action = 'adopt', item_id = ?, stored_key = ?, fields = NULL, reason = NULL, "
            "message = NULL WHERE entity = ? AND origin_id = ? AND (action = 'create' OR reason = ?)",
            ((item_id, stored, entity, key, Reason.AMBIGUOUS) for key, item_id, stored in found),
        )

    def longest(self, entity: int) -> str | None:
        """The longest key among an entity's creates."""
        new = "SELECT origin_id FROM change WHERE entity = ? AND action = 'create'"
        sql = f"{new} ORDER BY length(origin_id) DESC, origin_id LIMIT 1"
        row = self.run(sql, (entity,)).fetchone()
        return None if row is None else row[0]

    def suspect(self, entity: int, key: str, item_id: int | None, stored_key: str, message: str) -> None:
        """Blocks a create because of an item that may be its own, kept under another key; None: several items."""
        self.run(
            "UPDATE change SET action = 'blocked', fields = NULL, reason = ?, message = ?, item_id = ?, stored_key = ? "
            "WHERE entity = ? AND origin_id = ? AND action = 'create'",
            (Reason.AMBIGUOUS, message, item_id, stored_key, entity, key),
        )

    def suspects(self, entity: int) -> tuple[int, int]:
        """How many rows `suspect` blocked, and for how many items."""
        count, items = self.run(
            "SELECT count(*), count(DISTINCT item_id) FROM change "
            "WHERE entity = ? AND action = 'blocked' AND stored_key IS NOT NULL",
            (entity,),
        ).fetchone()
        return count, items

    def accept_suspects(self, entity: int) -> None:
        """Turns the rows that `suspect` blocked into adoptions of the items that it named."""
        self.run(
            "UPDATE change SET action = 'adopt', reason = NULL, message = NULL "
            "WHERE entity = ? AND action = 'blocked' AND item_id IS NOT NULL",
            (entity,),
        )

    def block(self, entity: int, key: str, reason: Reason, message: str, *, unknown: bool = False) -> None:
        """Turns the create of a key into a blocked row; `unknown`: also one that was found absent."""
        self.run(
            "UPDATE change SET action = 'blocked', fields = NULL, reason = ?, message = ? "
            "WHERE entity = ? AND origin_id = ? AND (action = 'create' OR ? AND action = 'unknown')",
            (reason, message, entity, key, unknown),
        )

    def latest(self, entity: int, field: str) -> float | None:
        """The latest moment in a field of an entity's creates, as unix time; one without it is after all others."""
        self.define("moment", _moment)
        found: float | None = self.run(
            "SELECT max(moment(coalesce(json_extract(fields, '$.' || ?), ''))) FROM change "
            "WHERE entity = ? AND action = 'create'",
            (field, entity),
        ).fetchone()[0]
        return found

    def block_before(self, entity: int, field: str, before: float, reason: Reason, message: str) -> None:
        """Blocks the creates whose field has a moment before that unix time."""
        self.define("moment", _moment)
        self.run(
            "UPDATE change SET action = 'blocked', fields = NULL, reason = ?, message = ? WHERE entity = ? "
            "AND action = 'create' AND moment(coalesce(json_extract(fields, '$.' || ?), '')) < ?",
            (reason, message, entity, field, before),
        )

    def parent_items(self, child: int, chunk: int) -> Iterator[tuple[int, list[int]]]:
        """Ids of existing items that rows to be sent of an entity refer to, in chunks: (parent's entity, ids)."""
        parents = self.run(
            "SELECT DISTINCT p.entity FROM parent p JOIN change c USING (change_id) WHERE c.entity = ?",
            (child,),
        ).fetchall()
        for (parent,) in parents:
            after = 0
            while True:
                rows = self.run(
                    "SELECT DISTINCT p.item_id FROM parent p JOIN change c USING (change_id) "
                    "WHERE c.entity = ? AND c.action IN ('create', 'unknown') AND p.entity = ? AND p.item_id > ? "
                    "ORDER BY p.item_id LIMIT ?",
                    (child, parent, after, chunk),
                ).fetchall()
                if not rows:
                    break
                after = rows[-1][0]
                yield parent, [row[0] for row in rows]

    def block_children_of(self, child: int, parent: int, item_id: int, message: str) -> int:
        """Blocks the rows to be sent of an entity that refer to an item that is gone; tells how many there were."""
        return self.run(
            "UPDATE change SET action = 'blocked', fields = NULL, reason = ?, message = ? "
            "WHERE entity = ? AND action IN ('create', 'unknown') AND change_id IN "
            "(SELECT change_id FROM parent WHERE entity = ? AND item_id = ?)",
            (Reason.DELETED_REF, message, child, parent, item_id),
        ).rowcount

    # -- reading the finished plan ---------------------------------------------------------------------------

    def counts(self, entity: int) -> Counter[str]:
        """How many changes of each action an entity has."""
        return Counter(
            dict(self.run("SELECT action, count(*) FROM change WHERE entity = ? GROUP BY action", (entity,)))
        )

    def blocked(self, entity: int, reason: Reason) -> int:
        """How many rows of an entity are blocked for this reason."""
        count: int = self.run(
            "SELECT count(*) FROM change WHERE entity = ? AND action = 'blocked' AND reason = ?", (entity, reason)
        ).fetchone()[0]
        return count

    def entries(self, entity: int, *actions: Action, chunk: int = 2000) -> Iterator[list[Entry]]:
        """Changes of an entity by key, in chunks; the given actions alone, or all.

        Each chunk is read whole before it is given, so the file may be changed while a caller goes through.
        """
        wanted = actions or ("create", "adopt", "blocked", "unknown")
        after: tuple[str, int] = ("", 0)
        while True:
            rows = self.run(
                "SELECT origin_id, action, fields, item_id, reason, message, stored_key, change_id FROM change "
                "WHERE entity = ? AND (origin_id, change_id) > (?, ?) "
                "AND action IN (SELECT value FROM json_each(?)) ORDER BY origin_id, change_id LIMIT ?",
                (entity, *after, json.dumps(wanted), chunk),
            ).fetchall()
            if not rows:
                return
            after = (rows[-1][0], rows[-1][7])
            yield [_entry(row) for row in rows]

    def drifted(self, entity: int, chunk: int = 2000) -> Iterator[tuple[str, DriftKind, int, str]]:
        """What has drifted of an entity by key: (originId, kind, item id, message)."""
        after = ""
        while rows := self.run(
            "SELECT origin_id, kind, item_id, coalesce(message, '') FROM drift WHERE entity = ? AND origin_id > ? "
            "ORDER BY origin_id LIMIT ?",
            (entity, after, chunk),
        ).fetchall():
            after = rows[-1][0]
            yield from rows

    # -- what became of it -----------------------------------------------------------------------------------

    def note(self, entity: int, outcomes: Iterable[Became]) -> None:
        """Notes outcomes of this run; an earlier one of the same key is replaced."""
        self.run_many(
            "INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?, ?, ?)", ((entity, *each) for each in outcomes)
        )

    def unnote(self, entity: int, keys: Iterable[str]) -> None:
        """Takes back outcomes: nothing happened to these keys, they may be sent."""
        self.run_many("DELETE FROM outcome WHERE entity = ? AND origin_id = ?", ((entity, key) for key in keys))

    def outcome_counts(self, entity: int) -> Counter[str]:
        return Counter(dict(self.run("SELECT kind, count(*) FROM outcome WHERE entity = ? GROUP BY kind", (entity,))))

    def ends(self, entity: int) -> Counter[str]:
        """How many of the plan's rows came to which end. Rows that have left the source, or are blocked, are none."""
        return Counter(
            dict(
                self.run(
                    "SELECT kind, count(*) FROM outcome o WHERE entity = ? AND EXISTS (SELECT 1 FROM change c "
                    "WHERE c.entity = o.entity AND c.origin_id = o.origin_id AND c.action <> 'blocked') GROUP BY kind",
                    (entity,),
                )
            )
        )

    def outcomes(self, entity: int, kind: OutcomeKind, chunk: int = 2500) -> Iterator[list[Became]]:
        """Outcomes of one kind by key, in chunks that are read whole before they are given."""
        after = ""
        while True:
            rows = self.run(
                "SELECT origin_id, kind, item_id, code, message FROM outcome "
                "WHERE entity = ? AND kind = ? AND origin_id > ? ORDER BY origin_id LIMIT ?",
                (entity, kind, after, chunk),
            ).fetchall()
            if not rows:
                return
            after = rows[-1][0]
            yield [Became(*row) for row in rows]

    def made(self, entity: int, chunk: int) -> Iterator[list[Became]]:
        """What this run made, by key, in chunks: created, or failed although there is an item."""
        after = ""
        while True:
            rows = self.run(
                "SELECT origin_id, kind, item_id, code, message FROM outcome WHERE entity = ? AND origin_id > ? "
                "AND kind IN ('created', 'failed') AND item_id IS NOT NULL ORDER BY origin_id LIMIT ?",
                (entity, after, chunk),
            ).fetchall()
            if not rows:
                return
            after = rows[-1][0]
            yield [Became(*row) for row in rows]

    def mark_unread(self, entity: int, keys: Iterable[str]) -> None:
        """These were created, and no answer has shown how the portal stored them."""
        self.run_many("INSERT OR IGNORE INTO unread VALUES (?, ?)", ((entity, key) for key in keys))

    def mark_read(self, entity: int, keys: Iterable[str]) -> None:
        self.run_many("DELETE FROM unread WHERE entity = ? AND origin_id = ?", ((entity, key) for key in keys))

    def unread(self, entity: int, chunk: int) -> Iterator[list[Entry]]:
        """Creates of this plan that `mark_unread` was told of, with their fields and item ids, in chunks by key."""
        after = ""
        while True:
            rows = self.run(
                "SELECT u.origin_id, c.action, c.fields, o.item_id, NULL, NULL, NULL FROM unread u "
                "JOIN outcome o USING (entity, origin_id) JOIN change c USING (entity, origin_id) "
                "WHERE u.entity = ? AND u.origin_id > ? AND o.kind = 'created' AND c.action IN ('create', 'unknown') "
                "ORDER BY u.origin_id LIMIT ?",
                (entity, after, chunk),
            ).fetchall()
            if not rows:
                return
            after = rows[-1][0]
            yield [_entry(row) for row in rows]

    def unsent(self, entity: int, chunk: int = 500, *, held: bool = False) -> Iterator[list[Entry]]:
        """Creates, and unknown ones found absent, that have no outcome yet, in chunks; by key, or in their turns.

        Creates that bear a reason are held back (see `alike`), and only given when asked for.
        """
        in_turn = entity in self._in_turn
        place, start = (
            ("t.turn", "turn t JOIN change c USING (entity, origin_id)") if in_turn else ("c.origin_id", "change c")
        )
        after: str | int = 0 if in_turn else ""
        while True:
            rows = self.run(
                "SELECT c.origin_id, c.action, c.fields, c.item_id, c.reason, c.message, c.stored_key, "  # noqa: S608
                f"{place} FROM {start} WHERE {place[0]}.entity = ? AND {place} > ? "
                "AND c.action IN ('create', 'unknown') AND (c.reason IS NULL OR ?) AND NOT EXISTS "
                "(SELECT 1 FROM outcome o WHERE o.entity = c.entity AND o.origin_id = c.origin_id) "
                f"ORDER BY {place} LIMIT ?",
                (entity, after, held, chunk),
            ).fetchall()
            if not rows:
                return
            after = rows[-1][7]
            yield [_entry(row) for row in rows]

    def take_turns(self, entity: int, field: str) -> None:
        """From now on `unsent` gives an entity's rows by the moment in a field, those without one last."""
        self.define("moment", _moment)
        self.run(
            "INSERT INTO turn SELECT entity, row_number() OVER "
            "(ORDER BY moment(coalesce(json_extract(fields, '$.' || ?), '')), origin_id), origin_id "
            "FROM change WHERE entity = ? AND action IN ('create', 'unknown')",
            (field, entity),
        )
        self._in_turn.add(entity)


def _moment(text: str) -> float:
    """Unix time of a moment with its offset; for anything else one after all others."""
    try:
        return dt.datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return float(2**62)


def _entry(row: Sequence[Any]) -> Entry:
    origin_id, action, fields, item_id, reason, message, stored_key, *_ = row
    return Entry(origin_id, action, fields, item_id, reason and Reason(reason), message, stored_key)
