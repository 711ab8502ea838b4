"""The ledger of one portal's scope: what is known of its identities, and every step that changes it.

    missing, failed -> intended -> created, failed, unknown, or what it was before
    unknown -> created, failed, ambiguous, or what it was before
    all but created -> created (adopted)

A step is one transaction under the run's fencing token: it changes every row it is given and adds a line of
history for each, or does nothing. It raises StateLockedError when another run took the lease, StateError when
a row is not where the step starts from.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from syncer.errors import StateError
from syncer.log import redact
from syncer.store import items
from syncer.store.database import Database
from syncer.store.dialect import BIG, Now
from syncer.store.lease import fenced
from syncer.store.records import Found, Hold, Intent, Kind, Known, OwnerId, Pending, Status, Trouble, Twins
from syncer.store.tables import item, outcome

Columns = Mapping[str, sa.types.TypeEngine[Any]]

# The scope comes with every key: were it a constant, SQLite would walk over the scope for each of the given rows.
KEY: Columns = {"scope": sa.Integer(), "key": sa.Text()}
INTENT: Columns = {**KEY, "payload_hash": sa.Text()}
FOUND: Columns = {**KEY, "item_id": BIG, "stored_key": sa.Text(), "payload_hash": sa.Text()}
TROUBLE: Columns = {**KEY, "code": sa.Text(), "message": sa.Text()}
TWINS: Columns = {**KEY, "item_id": BIG, "other_ids": sa.Text()}

OPEN = (Status.INTENDED, Status.UNKNOWN)
LONGEST_MESSAGE = 2000


class Ledger:
    """Keys here are originIds of one scope; a key occurs once in what a call is given."""

    def __init__(self, database: Database, scope_id: int) -> None:
        self._database = database
        self._scope_id = scope_id
        self._queries = items.KeyQueries(database, scope_id)

    def unsettled(self, owner_id: OwnerId, keys: Sequence[str]) -> list[Known]:
        """The keys that are not plainly created by this owner, missing ones included; in no certain order."""
        return self._queries.unsettled(owner_id, keys)

    def ids(self, keys: Sequence[str]) -> dict[str, Known]:
        """What is known of keys, whoever owns them; a missing key has no entry."""
        return {row.origin_id: row for row in self._queries.ids(keys)}

    def stored_as(self, texts: Sequence[str]) -> list[Known]:
        """Identities whose keys the portal stored as one of these texts, otherwise than they were sent.

        Reads the whole scope, for such keys are rare: ask only when the portal has shown the texts.
        """
        return self._queries.stored_as(texts)

    def witnesses(self, count: int) -> list[Known]:
        """Some identities that are created: the last ones that became so, and some others; twice so many at most."""
        return self._queries.witnesses(count)

    def pending(self) -> Pending:
        """What earlier runs left intended or unknown here."""
        return items.pending(self._database, self._scope_id)

    def intend(self, hold: Hold, owner_id: OwnerId, intents: Sequence[Intent]) -> list[Known]:
        """Commits that these are about to be sent: missing and failed ones become intended.

        Gives those that are neither, unchanged: they must not be sent. Raises StateLockedError also when the
        lease has run out and nobody took it yet.
        """
        given, values = self._given(INTENT, intents)
        fresh = self._insert(hold, owner_id, given, status=Status.INTENDED, payload_hash=given.c.payload_hash)
        again = sa.case((item.c.payload_hash == fresh.excluded.payload_hash, item.c.attempts), else_=0)
        statement = fresh.on_conflict_do_update(
            index_elements=["scope_id", "origin_id"],
            set_=_excluded(fresh, "owner_id", "status", "run", "fence", "payload_hash", "intended_at")
            | {"attempts": again, "settled_at": None},
            where=item.c.status == Status.FAILED,
        ).returning(item.c.origin_id)
        with fenced(self._database, hold, live=True):
            taken = {row[0] for row in self._database.read(statement, values)}
            refused = [intent.origin_id for intent in intents if intent.origin_id not in taken]
            return self._queries.ids(refused) if refused else []

    def created(self, hold: Hold, found: Sequence[Found]) -> None:
        """The portal made them, or a look-up found them: intended, unknown, ambiguous ones become created."""
        given, values = self._given(FOUND, found)
        change = self._update(hold, given, (*OPEN, Status.AMBIGUOUS)).values(
            status=Status.CREATED,
            item_id=given.c.item_id,
            stored_key=given.c.stored_key,
            settled_at=Now(),
            attempts=0,
            code=None,
            message=None,
            other_ids=None,
        )
        self._step(hold, Kind.CREATED, change, given, values, [row.origin_id for row in found])

    def adopted(self, hold: Hold, owner_id: OwnerId, found: Sequence[Found]) -> None:
        """The portal has them already: whatever is not created becomes so, as this owner's."""
        given, values = self._given(FOUND, found)
        cells = {name: given.c[name] for name in ("item_id", "stored_key", "payload_hash")}
        fresh = self._insert(hold, owner_id, given, status=Status.CREATED, adopted=sa.true(), settled_at=Now(), **cells)
        change = fresh.on_conflict_do_update(
            index_elements=["scope_id", "origin_id"],
            set_=_excluded(fresh, "owner_id", "status", "run", "fence", "settled_at", "adopted", *cells)
            | {"attempts": 0, "code": None, "message": None, "other_ids": None},
            where=item.c.status != Status.CREATED,
        )
        self._step(hold, Kind.ADOPTED, change, given, values, [row.origin_id for row in found])

    def failed(self, hold: Hold, troubles: Sequence[Trouble]) -> None:
        """The portal said no, and why: intended and unknown ones become failed, with one attempt more."""
        given, values = self._given(TROUBLE, _clean(troubles))
        change = self._update(hold, given, OPEN).values(
            status=Status.FAILED,
            code=given.c.code,
            message=given.c.message,
            attempts=item.c.attempts + 1,
            settled_at=Now(),
        )
        self._step(hold, Kind.FAILED, change, given, values, [row.origin_id for row in troubles])

    def lost(self, hold: Hold, troubles: Sequence[Trouble]) -> None:
        """The answer was lost: intended ones become unknown. They left just now at the latest: a request may wait for
        its turn long after it was intended.
        """
        given, values = self._given(TROUBLE, _clean(troubles))
        change = self._update(hold, given, OPEN).values(
            status=Status.UNKNOWN, code=given.c.code, message=given.c.message, intended_at=Now()
        )
        self._step(hold, Kind.UNKNOWN, change, given, values, [row.origin_id for row in troubles])

    def absent(self, hold: Hold, keys: Sequence[str]) -> None:
        """A look-up that counts did not find them: they are again what they were, missing or failed."""
        self._revert(hold, Kind.ABSENT, keys)

    def refused(self, hold: Hold, keys: Sequence[str]) -> None:
        """They were refused before they ran, or never left: they are again what they were."""
        self._revert(hold, Kind.REFUSED, keys)

    def ambiguous(self, hold: Hold, owner_id: OwnerId, twins: Sequence[Twins]) -> None:
        """The portal holds several items of each: they become ambiguous, with the oldest as `item_id`."""
        rows = [(twin.origin_id, min(twin.item_ids), json.dumps(sorted(twin.item_ids)[1:])) for twin in twins]
        given, values = self._given(TWINS, rows)
        cells = {name: given.c[name] for name in ("item_id", "other_ids")}
        fresh = self._insert(hold, owner_id, given, status=Status.AMBIGUOUS, settled_at=Now(), **cells)
        change = fresh.on_conflict_do_update(
            index_elements=["scope_id", "origin_id"],
            set_=_excluded(fresh, "status", "run", "fence", "settled_at", *cells),
        )
        self._step(hold, Kind.AMBIGUOUS, change, given, values, [row.origin_id for row in twins])

    def forget(self, hold: Hold, keys: Sequence[str]) -> None:
        """Whatever they are, they become missing."""
        given, values = self._given(KEY, [(key,) for key in keys])
        self._step(hold, Kind.FORGOTTEN, self._delete(given, tuple(Status)), given, values, keys)

    def release(self, hold: Hold, keys: Sequence[str]) -> None:
        """Failed ones may be tried again: their attempts count from nought."""
        given, values = self._given(KEY, [(key,) for key in keys])
        change = self._update(hold, given, (Status.FAILED,)).values(attempts=0)
        self._step(hold, Kind.RELEASED, change, given, values, keys)

    def _revert(self, hold: Hold, kind: Kind, keys: Sequence[str]) -> None:
        given, values = self._given(KEY, [(key,) for key in keys])
        before = self._update(hold, given, OPEN).where(item.c.attempts > 0).values(status=Status.FAILED)
        never = self._delete(given, OPEN).where(item.c.attempts == 0)
        with fenced(self._database, hold):
            changed = self._database.write(before, values) + self._database.write(never, values)
            self._record(hold, kind, given, values, keys, changed)

    def _step(
        self,
        hold: Hold,
        kind: Kind,
        change: sa.Executable,
        given: sa.FromClause,
        values: Mapping[str, Any],
        keys: Collection[str],
    ) -> None:
        with fenced(self._database, hold):
            self._record(hold, kind, given, values, keys, self._database.write(change, values))

    def _record(
        self,
        hold: Hold,
        kind: Kind,
        given: sa.FromClause,
        values: Mapping[str, Any],
        keys: Collection[str],
        changed: int,
    ) -> None:
        """Adds the history of a step, once it is sure that all its rows were changed."""
        if changed != len(keys):
            raise StateError(
                f"{len(keys) - changed} of {len(keys)} items of the state cannot become {kind}",
                detail=f"They are not where that starts from: {', '.join(sorted(keys)[:5])}.",
                hint="See `syncer state show`, and run it again.",
            )
        told = {name: given.c[name] for name in ("item_id", "code", "message") if name in given.c}
        cells = {
            "run": sa.literal(hold.run),
            "scope_id": given.c.scope,
            "origin_id": given.c.key,
            "kind": sa.literal(kind.value),
            "at": Now(),
            **told,
        }
        self._database.write(sa.insert(outcome).from_select(list(cells), sa.select(*cells.values())), values)

    def _given(self, columns: Columns, rows: Sequence[Sequence[Any]]) -> tuple[sa.FromClause, dict[str, Any]]:
        dialect = self._database.dialect
        scoped = [(self._scope_id, *row) for row in rows]
        return dialect.rows("given", columns), dialect.values("given", len(columns), scoped)

    def _insert(
        self,
        hold: Hold,
        owner_id: OwnerId,
        given: sa.FromClause,
        *,
        status: Status,
        **cells: sa.ColumnElement[Any],
    ) -> Any:
        """An upsert of the given rows as new ones; the caller says what becomes of those that are there."""
        row = {
            "scope_id": given.c.scope,
            "origin_id": given.c.key,
            "owner_id": sa.literal(owner_id),
            "status": sa.literal(status.value),
            "run": sa.literal(hold.run),
            "fence": sa.literal(hold.fence, BIG),
            "attempts": sa.literal(0),
            "adopted": sa.false(),
            "intended_at": Now() if status is Status.INTENDED else sa.null(),
            **cells,
        }
        # SQLite wants a WHERE here, or it takes ON CONFLICT for the condition of a join
        rows = sa.select(*row.values()).where(given.c.key.is_not(None))
        return self._database.dialect.upsert(item).from_select(list(row), rows)

    def _update(self, hold: Hold, given: sa.FromClause, allowed: Collection[Status]) -> sa.Update:
        return (
            sa.update(item)
            .where(
                item.c.scope_id == given.c.scope,
                item.c.origin_id == given.c.key,
                item.c.status.in_(allowed),
            )
            .values(run=hold.run, fence=hold.fence)
        )

    def _delete(self, given: sa.FromClause, allowed: Collection[Status]) -> sa.Delete:
        return sa.delete(item).where(
            item.c.scope_id == self._scope_id,
            item.c.origin_id.in_(sa.select(given.c.key)),
            item.c.status.in_(allowed),
        )


def _excluded(fresh: Any, *names: str) -> dict[str, Any]:
    return {name: fresh.excluded[name] for name in names}


def _clean(troubles: Sequence[Trouble]) -> list[Trouble]:
    """The portal's words as a database can hold them: no secret, no NUL, no half character, not endless."""
    return [Trouble(row.origin_id, _text(row.code), _text(row.message)) for row in troubles]


def _text(words: str) -> str:
    return redact(words).replace("\0", "").encode("utf-8", "replace").decode()[:LONGEST_MESSAGE]
