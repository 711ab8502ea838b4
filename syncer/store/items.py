"""Reading the ledger: what the state knows of identities, by sets of keys or page by page."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from syncer.model.change import EntityName
from syncer.model.identity import EntityTypeId, ItemId, Scope
from syncer.store.database import Database
from syncer.store.dialect import Now
from syncer.store.records import Kind, Known, OwnerId, Pending, PortalId, Status
from syncer.store.tables import NOT_CREATED, item, outcome, owner, run, scope

PAGE = 2000
KEY = {"key": sa.Text()}
MISSING = -1

COLUMNS = (
    item.c.origin_id,
    item.c.status,
    scope.c.entity_type_id,
    scope.c.originator_id,
    owner.c.spec,
    owner.c.entity,
    item.c.item_id,
    item.c.payload_hash,
    item.c.attempts,
    item.c.code,
    item.c.message,
    item.c.stored_key,
    item.c.adopted,
    item.c.other_ids,
    item.c.intended_at,
    item.c.settled_at,
    run.c.id.label("run_id"),
)


def joined(start: sa.FromClause) -> sa.Join:
    """A FROM that has `item`, with the owner, the scope and the run of each item."""
    return (
        start.outerjoin(owner, owner.c.id == item.c.owner_id)
        .outerjoin(scope, scope.c.id == item.c.scope_id)
        .outerjoin(run, run.c.number == item.c.run)
    )


def known(row: Sequence[Any]) -> Known:
    """A row of `COLUMNS`."""
    (origin_id, status, type_id, originator_id, spec, entity, item_id, payload, attempts, *rest) = row
    (code, message, stored_key, adopted, other_ids, intended_at, settled_at, run_id) = rest
    return Known(
        origin_id=origin_id,
        status=Status(status),
        scope=Scope(EntityTypeId(type_id), originator_id),
        owner=EntityName(spec, entity),
        item_id=item_id,
        payload_hash=payload,
        attempts=attempts,
        code=code,
        message=message,
        stored_key=stored_key,
        adopted=adopted,
        other_ids=tuple(map(ItemId, json.loads(other_ids))) if other_ids else (),
        intended_at=intended_at,
        settled_at=settled_at,
        run_id=run_id,
    )


def pending(database: Database, scope_id: int) -> Pending:
    """What was left intended or unknown in a scope."""
    rows = database.read(
        sa.select(*COLUMNS)
        .select_from(joined(item))
        .where(
            item.c.scope_id + 0 == scope_id,  # not by the primary key, or SQLite walks over the whole scope
            item.c.status.in_([Status.INTENDED, Status.UNKNOWN]),
            NOT_CREATED,
        )
    )
    left = sorted(map(known, rows), key=lambda one: one.origin_id)
    return Pending(float(database.scalar(sa.select(Now()))), tuple(left))


def left_open(database: Database, portal_id: PortalId, specs: Collection[str]) -> dict[str, int]:
    """How many items of some specs each run left intended or unknown: run id → count, the newest run first."""
    rows = database.read(
        sa.select(run.c.id, sa.func.count())
        .select_from(joined(item))
        .where(
            scope.c.portal_id == portal_id,
            owner.c.spec.in_(specs),
            item.c.status.in_([Status.INTENDED, Status.UNKNOWN]),
            NOT_CREATED,
        )
        .group_by(run.c.id, run.c.number)
        .order_by(run.c.number.desc())
    )
    return {row[0]: row[1] for row in rows}


def stream(
    database: Database,
    portal_id: PortalId,
    *,
    owner_id: OwnerId | None = None,
    status: Status | None = None,
    attempts: int = 0,
    item_id: ItemId | None = None,
) -> Iterator[Known]:
    """The items of a portal by scope and key, page by page, so that no cursor stays open.

    `attempts` leaves out those with fewer failures of the same payload.
    """
    query = sa.select(*COLUMNS).select_from(joined(item)).order_by(item.c.origin_id).limit(PAGE)
    if owner_id is not None:
        query = query.where(item.c.owner_id == owner_id)
    if status is not None:
        query = query.where(item.c.status == status)
    if attempts:
        query = query.where(item.c.attempts >= attempts)
    if item_id is not None:
        query = query.where(item.c.item_id == item_id)
    scopes = database.read(sa.select(scope.c.id).where(scope.c.portal_id == portal_id).order_by(scope.c.id))
    for (scope_id,) in scopes:
        here = page = query.where(item.c.scope_id == scope_id)
        while rows := database.read(page):
            yield from map(known, rows)
            page = here.where(item.c.origin_id > rows[-1].origin_id)


def counts(database: Database, portal_id: PortalId) -> dict[tuple[OwnerId, Status], int]:
    """How many items each owner has in each status."""
    rows = database.read(
        sa.select(item.c.owner_id, item.c.status, sa.func.count())
        .join_from(item, scope, scope.c.id == item.c.scope_id)
        .where(scope.c.portal_id == portal_id)
        .group_by(item.c.owner_id, item.c.status)
    )
    return {(OwnerId(owner_id), Status(status)): count for owner_id, status, count in rows}


class KeyQueries:
    """Questions about sets of keys of one scope, each one statement whatever their number."""

    def __init__(self, database: Database, scope_id: int) -> None:
        self._database = database
        asked = database.dialect.rows("asked", KEY)
        self._ids = (
            sa.select(*COLUMNS)
            .select_from(joined(item))
            .where(item.c.scope_id == scope_id, item.c.origin_id.in_(sa.select(asked.c.key)))
        )
        self._stored_as = (
            sa.select(*COLUMNS)
            .select_from(joined(item))
            .where(item.c.scope_id == scope_id, item.c.stored_key.in_(sa.select(asked.c.key)))
        )
        self._created = (
            sa.select(*COLUMNS)
            .select_from(joined(item))
            .where(item.c.scope_id == scope_id, item.c.status == Status.CREATED)
            .order_by(item.c.origin_id)
        )
        made = outcome.c.kind.in_([Kind.CREATED, Kind.ADOPTED])
        self._made = sa.select(outcome.c.origin_id).where(outcome.c.scope_id == scope_id, made)
        # A look-up for each key, by its place in the query: as a join, PostgreSQL reads the whole table for a batch.
        plain = sa.and_(item.c.status == Status.CREATED, item.c.owner_id == sa.bindparam("owner_id"))
        settled = (
            sa.select(sa.case((plain, 1), else_=0))
            .where(item.c.scope_id == scope_id, item.c.origin_id == asked.c.key)
            .scalar_subquery()
        )
        flagged = sa.select(asked.c.key, sa.func.coalesce(settled, MISSING).label("settled")).subquery()
        self._unsettled = sa.select(flagged.c.key, flagged.c.settled).where(flagged.c.settled != 1)

    def ids(self, keys: Sequence[str]) -> list[Known]:
        """Those of the keys that have a row."""
        return [known(row) for row in self._database.read(self._ids, self._asked(keys))]

    def stored_as(self, texts: Sequence[str]) -> list[Known]:
        """Those that the portal stored otherwise than they were sent, and as one of these texts."""
        return [known(row) for row in self._database.read(self._stored_as, self._asked(texts))]

    def witnesses(self, count: int) -> list[Known]:
        """The last ones that were created or adopted and are so still, and the first ones by key."""
        newest = self._database.read(self._made.order_by(outcome.c.id.desc()).limit(count))
        last = {one.origin_id: one for one in self.ids([key for (key,) in newest]) if one.status is Status.CREATED}
        first = map(known, self._database.read(self._created.limit(count)))
        return list((last | {one.origin_id: one for one in first}).values())

    def unsettled(self, owner_id: OwnerId, keys: Sequence[str]) -> list[Known]:
        """Those of the keys that are not created, or not this owner's; `status` None: there is no row."""
        rows = self._database.read(self._unsettled, {**self._asked(keys), "owner_id": owner_id})
        missing = [Known(key) for key, settled in rows if settled == MISSING]
        others = [key for key, settled in rows if settled != MISSING]
        return missing + self.ids(others) if others else missing

    def _asked(self, keys: Sequence[str]) -> dict[str, object]:
        # in order, because neighbours share a page of the table: three times faster when they come at random
        return self._database.dialect.values("asked", 1, [(key,) for key in sorted(keys)])
