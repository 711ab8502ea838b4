"""The history: which runs there were, and what befell which identity in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import sqlalchemy as sa

from syncer.model.change import EntityName
from syncer.model.identity import Scope
from syncer.store.database import AnyRow, Database
from syncer.store.records import Kind, Outcome, Run
from syncer.store.tables import item, outcome, owner, run, scope

PAGE = 2000

_COLUMNS = (
    run.c.id,
    run.c.command,
    run.c.specs,
    run.c.git_commit,
    run.c.user,
    run.c.host,
    run.c.pid,
    run.c.job_url,
    run.c.started,
    run.c.finished,
    run.c.status,
    run.c.summary,
)


def _run(row: AnyRow) -> Run:
    return Run(**{**row._mapping, "specs": tuple(row.specs)})


class Runs:
    """Reading the history; `Lease` starts and ends runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, limit: int = 50) -> list[Run]:
        """The last runs, newest first."""
        rows = self._database.read(sa.select(*_COLUMNS).order_by(run.c.number.desc()).limit(limit))
        return [_run(row) for row in rows]

    def find(self, run_id: str) -> Run | None:
        row = self._database.one(sa.select(*_COLUMNS).where(run.c.id == run_id))
        return None if row is None else _run(row)

    def outcomes(self, run_id: str, kinds: Collection[Kind] = ()) -> Iterator[Outcome]:
        """What befell identities in a run, in order, page by page; of all kinds when none is given.

        The owner is the present one of the identity, None when it was forgotten since.
        """
        query = (
            sa.select(outcome, scope.c.entity_type_id, scope.c.originator_id, owner.c.spec, owner.c.entity)
            .select_from(outcome)
            .join(run, run.c.number == outcome.c.run)
            .join(scope, scope.c.id == outcome.c.scope_id)
            .outerjoin(item, sa.and_(item.c.scope_id == outcome.c.scope_id, item.c.origin_id == outcome.c.origin_id))
            .outerjoin(owner, owner.c.id == item.c.owner_id)
            .where(run.c.id == run_id)
            .order_by(outcome.c.id)
            .limit(PAGE)
        )
        if kinds:
            query = query.where(outcome.c.kind.in_(kinds))
        last = 0
        while rows := self._database.read(query.where(outcome.c.id > last)):
            yield from map(_outcome, rows)
            last = rows[-1].id


def _outcome(row: AnyRow) -> Outcome:
    return Outcome(
        scope=Scope(row.entity_type_id, row.originator_id),
        owner=None if row.spec is None else EntityName(row.spec, row.entity),
        origin_id=row.origin_id,
        kind=Kind(row.kind),
        item_id=row.item_id,
        code=row.code,
        message=row.message,
        at=row.at,
    )
