"""`syncer state adopt`: what the portal holds of ours becomes known to the state."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from pathlib import Path

import click

from syncer.bitrix24.lookup import Lookup
from syncer.cli import options
from syncer.cli.output import write_lines
from syncer.cli.progress import progress
from syncer.cli.session import Session, open_session, read_specs
from syncer.errors import GuardRefusal, UsageError
from syncer.execute.holding import Holding
from syncer.execute.rebuild import Rebuilt, adopt_all
from syncer.execute.recorder import Recorder
from syncer.model.identity import ItemId
from syncer.plan.plan import Target
from syncer.plan.targets import Targets
from syncer.plan.workspace import Workspace
from syncer.report.text import counted, visible
from syncer.store import Found, Ledger, Status


@click.command("adopt")
@click.argument("entity", required=False)
@click.argument("key", required=False)
@click.option("--id", "item_id", type=click.IntRange(min=1), help="The item in the portal that KEY is.")
@click.option("--spec", required=True, type=click.Path(path_type=Path), help="The spec that names portal and state.")
@options.common
@options.state
@options.portal
def adopt(
    entity: str | None, key: str | None, item_id: int | None, spec: Path, state_url: str | None, portal: Path | None
) -> int:
    """Rebuild the state from the portal alone; or, with ENTITY KEY --id N, say which item one identity is."""
    one = (entity, key, item_id)
    if any(each is None for each in one) and any(each is not None for each in one):
        raise UsageError("write ENTITY KEY --id N, or none of them to adopt all that the portal holds")
    specs = read_specs([spec], state_url=state_url, rehearsal=portal)
    doing = shlex.join(["state", "adopt", *([] if item_id is None else [f"{entity}", f"{key}", "--id", f"{item_id}"])])
    with (
        open_session(specs, mode="write") as session,
        Holding(session.state, doing, specs=(str(spec),)) as holding,
        Workspace() as scratch,
    ):
        targets, _names = session.targets(())
        _refuse_changed(targets)
        targets = targets.recorded(session.state, session.portal_id, holding.hold)
        recorder = Recorder(holding.hold, holding.keeper, targets.ledgers, targets.owners, scratch)
        if entity is not None and key is not None and item_id is not None:
            target = _one(targets, entity)
            _check(session, target, targets.ledgers[target.index], key, ItemId(item_id))
            recorder.adopted(target, [Found(key, ItemId(item_id))])
            write_lines([f"{entity} {key} is item {item_id}."])
            code = 0
        else:
            code = _rebuild(session, targets, recorder, scratch)
        counts = {kind: _count(scratch, targets, kind) for kind in ("adopted", "ambiguous")}
        holding.status, holding.summary = "done", {kind: count for kind, count in counts.items() if count}
    return code


def _rebuild(session: Session, targets: Targets, recorder: Recorder, scratch: Workspace) -> int:
    """Adopts everything, tells of it, and gives the exit code: 7 when the portal holds an identity more than once."""
    with progress("state.adopting") as show:
        found = adopt_all(
            targets,
            state=session.state,
            portal=session.portal,
            portal_id=session.portal_id,
            recorder=recorder,
            workspace=scratch,
            progress=show,
        )
    write_lines(f"{each.name}: {_told(found[each.index])}" for each in targets.all)
    return 7 if any(each.twins for each in found.values()) else 0


def _told(rebuilt: Rebuilt) -> str:
    if rebuilt.shared_with:
        others = ", ".join(map(str, rebuilt.shared_with))
        return f"left to `syncer apply`, which tells its items from those of {others} by their rows"
    twins = f", {len(rebuilt.twins):,} held more than once: {_first(rebuilt.twins)}" if rebuilt.twins else ""
    return f"{counted(rebuilt.adopted, 'item')} adopted{twins}"


def _first(keys: Collection[str], most: int = 5) -> str:
    shown = ", ".join(map(visible, sorted(keys)[:most]))
    return f"{shown}, …" if len(keys) > most else shown


def _count(scratch: Workspace, targets: Targets, kind: str) -> int:
    return sum(scratch.outcome_counts(each.index)[kind] for each in targets.all)


def _refuse_changed(targets: Targets) -> None:
    """Raises GuardRefusal for identities made otherwise than before: to look for these would settle the change."""
    changed = [(targets.all[index].entity.name, count) for index, count in targets.changed.items()]
    if changed:
        raise GuardRefusal(
            "; ".join(
                f"the identity of entity {name} has changed: the state knows {count:,} items by the former one"
                for name, count in changed
            ),
            hint="see what that means with `syncer plan`; `syncer apply --allow identity-change` settles it",
        )


def _one(targets: Targets, entity: str) -> Target:
    """The entity meant. Raises UsageError when there is none, or more than one."""
    found = [each for each in targets.all if entity in (each.entity.name, str(each.name))]
    if len(found) != 1:
        several = f"several specs have an entity {entity!r}; write SPEC/ENTITY"
        raise UsageError(several if found else f"the spec has no entity {entity!r}")
    return found[0]


def _check(session: Session, target: Target, ledger: Ledger, key: str, item_id: ItemId) -> None:
    """Raises UsageError for a key or an item that cannot be it."""
    if not key:
        raise UsageError("an empty KEY is no identity")
    mend = "`syncer state forget` it first, if that is wrong"
    known = ledger.ids([key]).get(key)
    if known is not None and known.status is Status.CREATED:
        raise UsageError(f"{known.owner} {key!r} is item {known.item_id} already", hint=mend)
    for other in session.state.items(session.portal_id, item_id=item_id):
        kind = other.scope.entity_type_id if other.scope else None
        if other.status is Status.CREATED and kind == target.entity_type_id:
            raise UsageError(f"item {item_id} is {other.owner} {other.origin_id!r} already", hint=mend)
    if not Lookup(session.portal).exists(target.entity_type_id, [item_id]):
        raise UsageError(f"the portal shows no item {item_id} of this type")
