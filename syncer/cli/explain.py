"""`syncer explain`: one row, from the source to the verdict."""

from __future__ import annotations

from pathlib import Path

import click

from syncer.bitrix24.lookup import Lookup
from syncer.cli import options
from syncer.cli.output import write
from syncer.cli.plan import planned
from syncer.cli.session import open_session, read_specs
from syncer.errors import SyncerError, UsageError
from syncer.log import redact, redact_json
from syncer.mapping.row import nearest
from syncer.plan.explaining import Explanation
from syncer.plan.targets import Targets
from syncer.plan.witness import Witness
from syncer.plan.workspace import Workspace
from syncer.report.explanation import explanation_json, explanation_lines
from syncer.report.text import KEYS_NAMED, LONGEST_KEY, shorten


@click.command("explain")
@click.argument("spec", type=click.Path(path_type=Path), metavar="SPEC")
@click.argument("entity")
@click.argument("origin_id")
@options.common
@options.state
@options.portal
@options.form
def command(spec: Path, entity: str, origin_id: str, state_url: str | None, portal: Path | None, form: str) -> int:
    """Explain one row: source, templates, references, state, portal, verdict. Writes nothing.

    The verdict is that of a plan of the entity and those it refers to, so the whole source is read.
    """
    specs = read_specs([spec], state_url=state_url, rehearsal=portal)
    with open_session(specs, mode="read") as session, Workspace() as workspace:
        targets, names = session.targets([entity], afresh=True)
        witness = Witness(_index(targets, entity), origin_id)
        plan = planned(session, targets, names, workspace, witness=witness)
        target = plan.targets[witness.index]
        known = targets.ledgers[target.index].ids([origin_id]).get(origin_id)
        if not witness.count:
            raise SyncerError(
                f"the source of {target.name} gives no row with the originId {origin_id!r}",
                detail=_without_row(known is not None),
                hint=f"{_keys_there(witness)}the key is made by {target.entity.origin_id!r}",
                where=str(target.spec.span("entities", entity, "originId")),
            )
        lookup = Lookup(session.portal)
        found = lookup.find(target.entity_type_id, target.stamp, [origin_id]).get(origin_id, ())
        explanation = Explanation(plan, target, witness, known, tuple(found))
        if form == "json":
            write([redact_json(explanation_json(explanation))])
        else:
            write(redact(f"{line}\n") for line in explanation_lines(explanation))
    return 0


def _keys_there(witness: Witness) -> str:
    """Keys that may be meant: what is near, else the first ones."""
    near = nearest(witness.key, witness.others).removeprefix("; ")
    if near or not witness.others:
        return f"{near}\n" if near else ""
    first = ", ".join(repr(shorten(each, LONGEST_KEY)) for each in witness.others[:KEYS_NAMED])
    return f"its keys are such as {first}\n"


def _index(targets: Targets, entity: str) -> int:
    found = [each.index for each in targets.all if each.name.entity == entity]
    if len(found) > 1:
        names = ", ".join(str(targets.all[each].name) for each in found)
        raise UsageError(f"several specs have an entity {entity!r}: {names}", hint="name the spec's file, not a folder")
    return found[0]


def _without_row(known: bool) -> str:
    text = "no row of the query renders that key"
    return text + ("; the state knows an item of it from before: `syncer state show`" if known else "")
