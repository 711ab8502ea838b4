"""`syncer state forget|release|move|unlock|upgrade`: mending the state by hand."""

from __future__ import annotations

import shlex

import click

from syncer.cli.output import write_lines
from syncer.cli.placing import existing, in_portal, placed
from syncer.cli.state_reading import identities
from syncer.errors import UsageError
from syncer.execute.holding import Holding
from syncer.model.change import EntityName
from syncer.spec import DatabaseUrl
from syncer.store import Known, Ledger, PortalId, State, Status


@click.command("forget")
@click.argument("entity")
@click.argument("key")
@in_portal
@placed
def forget(at: DatabaseUrl, entity: str, key: str, portal: str | None) -> int:
    """Drop what the state knows of one identity. The next apply looks it up in the portal, and creates it if absent."""
    with State.open(existing(at), mode="write") as state:
        portal_id, ledger, _ = _the_one(state, entity, key, portal)
        with Holding(state, shlex.join(["state", "forget", entity, key])) as holding:
            known = ledger.ids([key]).get(key)  # a run may have ended since
            if known is not None and known.status in (
                Status.INTENDED,
                Status.UNKNOWN,
            ):  # its request may still be on its way
                state.portals.distrust(portal_id)
            ledger.forget(holding.hold, [key])
            holding.status = "done"
    write_lines([f"Forgotten: {entity} {key}. The next apply asks the portal for it."])
    return 0


@click.command("release")
@click.argument("entity")
@click.argument("key")
@in_portal
@placed
def release(at: DatabaseUrl, entity: str, key: str, portal: str | None) -> int:
    """Let a row that failed be tried again as if it never had."""
    with State.open(existing(at), mode="write") as state:
        _, ledger, _ = _the_one(state, entity, key, portal, Status.FAILED)
        with Holding(state, shlex.join(["state", "release", entity, key])) as holding:
            ledger.release(holding.hold, [key])
            holding.status = "done"
    write_lines([f"Released: {entity} {key}."])
    return 0


@click.command("move")
@click.argument("old")
@click.argument("new")
@placed
def move(at: DatabaseUrl, old: str, new: str) -> int:
    """Give all that OLD owns to NEW, both written SPEC/ENTITY: what `moved_from` in the spec does."""
    before, after = _named(old), _named(new)
    with State.open(existing(at), mode="write") as state:
        portals = [each.id for each in state.portals.all() if state.owners.find(each.id, before)]
        if not portals:
            raise UsageError(f"the state knows no {old}", hint="`syncer state list` shows what it knows")
        with Holding(state, shlex.join(["state", "move", old, new])) as holding:
            for portal_id in portals:
                state.owners.rename(holding.hold, portal_id, before, after)
            holding.status = "done"
    write_lines([f"{old} is {new} now."])
    return 0


@click.command("upgrade")
@placed
def upgrade(at: DatabaseUrl) -> int:
    """Bring the state's tables to this program's version. No run may be under way."""
    if at.reveal().startswith("sqlite"):  # a server's empty database may be given its tables by who may make them
        existing(at)
    before, after = State.upgrade(at)
    write_lines([f"The state is at version {after}; it was at {before or 'none'}."])
    return 0


@click.command("unlock")
@placed
def unlock(at: DatabaseUrl) -> int:
    """Take the lease from its holder. For a holder that is gone for good: a living one stops at once."""
    with State.open(existing(at), mode="write") as state:
        holder = state.lease.unlock()
    if holder is None:
        write_lines(["Nobody holds the state."])
    else:
        write_lines([f"Taken from run {holder.run_id} of {holder.user}@{holder.host}, pid {holder.pid}."])
    return 0


def _named(text: str) -> EntityName:
    spec, mark, entity = text.partition("/")
    if not mark or not spec or not entity:
        raise click.BadParameter(f"{text!r}: write SPEC/ENTITY")
    return EntityName(spec, entity)


def _the_one(
    state: State, entity: str, key: str, portal: str | None, only: Status | None = None
) -> tuple[PortalId, Ledger, Known]:
    """The one identity meant. Raises UsageError when there is none, or more than one."""
    found = [
        (each, known) for each, known in identities(state, entity, key, portal) if only is None or known.status is only
    ]
    portals = {each.name for each, _ in found}
    if not found:
        what = f"{only.value} {entity}" if only else entity
        raise UsageError(f"the state knows no {what} {key!r}", hint="`syncer state list` shows what it knows")
    if len(portals) > 1:
        raise UsageError(
            f"the state knows {entity} {key!r} in several portals", hint=f"--portal NAME: {', '.join(sorted(portals))}"
        )
    if len(found) > 1:
        raise UsageError(f"the state knows several {entity} {key!r}", hint="write SPEC/ENTITY")
    ((where, known),) = found
    assert known.scope is not None
    return where.id, state.ledger(where.id, known.scope), known
