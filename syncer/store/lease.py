"""The lease: one run at a time writes to the portal and to the ledger; each has a higher fencing token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa

from syncer.errors import StateLockedError
from syncer.log import redact, redact_all
from syncer.store.database import Database
from syncer.store.dialect import SECONDS, Now
from syncer.store.records import Hold, Holder, NewRun, Status
from syncer.store.tables import NOT_CREATED, item, lease, run

LOST_RUN = "lost"
"""The status of a run that ended without saying so."""


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


class Lease:
    """Taking, keeping and giving back the lease. All times are the database's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, new: NewRun, seconds: float) -> Hold:
        """Takes the lease and starts the run, in one transaction.

        A lease is free when it was released or has run out; else raises StateLockedError, telling who has it.
        When the last one was not released, what it left unsettled may have left until its end: `lost_until`.
        """
        with self._database.transaction():
            self._database.write(self._database.dialect.upsert(lease).values(id=1, fence=0).on_conflict_do_nothing())
            before = self._database.one(sa.select(lease.c.run, lease.c.expires).with_for_update())
            number = self._database.scalar(_start(new))
            taken = self._database.one(
                sa.update(lease)
                .where(sa.or_(lease.c.run.is_(None), lease.c.expires <= Now()))
                .values(fence=lease.c.fence + 1, run=number, since=Now(), expires=Now() + seconds)
                .returning(lease.c.fence, lease.c.since, lease.c.expires)
            )
            if taken is None:
                raise locked(self._database)
            assert before is not None
            if before.expires is not None:
                self._take_over(before.run, before.expires)
        return Hold(new.id, number, taken.fence, taken.expires, taken.since, before.expires)

    def renew(self, hold: Hold, seconds: float) -> float:
        """Moves the lease's end to `seconds` from now, and gives it. Raises StateLockedError."""
        row = self._database.one(
            sa.update(lease)
            .where(lease.c.fence == hold.fence, lease.c.run == hold.run)
            .values(expires=Now() + seconds)
            .returning(lease.c.expires)
        )
        if row is None:
            raise taken_away(self._database, hold)
        return float(row.expires)

    def finish(self, hold: Hold, status: str, summary: dict[str, object], *, orderly: bool = True) -> None:
        """Ends the run and gives the lease back. Raises StateLockedError when it is not ours any more.

        Not `orderly`: what was sent may be under way still, so the next run reckons from now for what is open. And a
        holder whose lease was taken before its end may be alive until then, whatever runs come and go meanwhile.
        """
        expires: sa.ColumnElement[float] | None = None if orderly else Now()
        if hold.lost_until is not None:
            lost = sa.literal(hold.lost_until, SECONDS)
            expires = sa.case((lost > Now(), lost), else_=expires)
        with fenced(self._database, hold):
            self._database.write(
                sa.update(run)
                .where(run.c.number == hold.run)
                .values(finished=Now(), status=status, summary=redact_all(summary))
            )
            self._database.write(sa.update(lease).values(run=None, since=None, expires=expires))

    def unlock(self) -> Holder | None:
        """Takes the lease from its holder, dead or alive, and tells who that was; None when it was free.

        The old end stays: until then a holder that is alive after all may send, and the next run reckons so.
        """
        with self._database.transaction():
            self._database.one(sa.select(lease.c.id).with_for_update())
            holder = self.holder()
            if holder is not None:
                _close(self._database, sa.select(lease.c.run).scalar_subquery())
                self._database.write(sa.update(lease).values(run=None, since=None))
        return holder

    def holder(self) -> Holder | None:
        """Who holds the lease, even if it has run out by now; None when it is free."""
        row = self._database.one(
            sa.select(
                run.c.id,
                run.c.command,
                run.c.user,
                run.c.host,
                run.c.pid,
                run.c.job_url,
                lease.c.since,
                lease.c.expires,
                Now().label("now"),
            ).join_from(lease, run, lease.c.run == run.c.number)
        )
        return None if row is None else Holder(*row)

    def _take_over(self, number: int | None, expired: float) -> None:
        """Closes the run that lost the lease, and lets what it left count from the end of its lease."""
        if number is not None:
            _close(self._database, number)
        self._database.write(
            sa.update(item)
            .where(
                item.c.status.in_([Status.INTENDED, Status.UNKNOWN]),
                NOT_CREATED,
                item.c.intended_at < expired,
            )
            .values(intended_at=expired)
        )


@contextmanager
def fenced(database: Database, hold: Hold, *, live: bool = False) -> Iterator[None]:
    """A transaction that only the holder of the lease gets, and that nobody can take the lease within.

    `live`: the lease must not have run out either, as before something is sent. Raises StateLockedError.
    """
    with database.transaction():
        mine = database.one(
            sa.select((lease.c.expires > Now()).label("live"))
            .where(lease.c.fence == hold.fence, lease.c.run == hold.run)
            .with_for_update(read=True)
        )
        if mine is None:
            raise taken_away(database, hold)
        if live and not mine.live:
            raise StateLockedError(
                f"the lease of run {hold.run_id} has run out",
                detail="The process stood still for longer than its lease; nothing more was sent.",
                hint="Run it again.",
            )
        yield


def refuse_held(database: Database) -> None:
    """Raises StateLockedError while a run holds the lease, whatever the version of the tables."""
    holder = Lease(database).holder()
    if holder is not None and holder.expires > holder.now:
        raise locked(database)


def locked(database: Database) -> StateLockedError:
    """The error that tells who holds the lease."""
    holder = Lease(database).holder()
    if holder is None:
        return StateLockedError(f"the state {database.place} is locked", hint="Try again.")
    job = f", {holder.job_url}" if holder.job_url else ""
    return StateLockedError(
        f"the state {database.place} is locked by run {holder.run_id}",
        detail=redact(
            f"`{holder.command}` of {holder.user or 'unknown'} on {holder.host}, process {holder.pid}{job}; "
            f"since {_utc(holder.since)}, until {_utc(holder.expires)} unless renewed"
        ),
        hint="Wait for it (`--wait SECONDS`). If that process is dead, the lease ends by itself; "
        "`syncer state unlock --spec SPEC` ends it now.",
    )


def taken_away(database: Database, hold: Hold) -> StateLockedError:
    """The error of a run that has lost its lease: to another, who is told, or to `unlock`."""
    if Lease(database).holder() is not None:
        return locked(database)
    return StateLockedError(
        f"the lease of run {hold.run_id} was taken away",
        detail="Another run took it over, or `syncer state unlock` ended it.",
        hint="Look at `syncer runs list`, then run it again.",
    )


def _start(new: NewRun) -> sa.Executable:
    return (
        sa.insert(run)
        .values(
            id=new.id,
            command=redact(new.command),
            specs=list(new.specs),
            git_commit=new.git_commit,
            user=new.user,
            host=new.host,
            pid=new.pid,
            job_url=new.job_url and redact(new.job_url),
            started=Now(),
            status="running",
        )
        .returning(run.c.number)
    )


def _close(database: Database, number: int | sa.ScalarSelect[int | None]) -> None:
    database.write(
        sa.update(run).where(run.c.number == number, run.c.finished.is_(None)).values(finished=Now(), status=LOST_RUN)
    )
