"""`syncer portal stages` and `users`: the names that templates may use, with the ids they stand for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from syncer.bitrix24.catalog import read_fields
from syncer.bitrix24.directory import PortalShelf
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.types import spa_types
from syncer.cli import options
from syncer.cli.output import write_json, write_lines
from syncer.cli.session import Session, open_session, read_specs
from syncer.mapping.directories import Entry, directory_of
from syncer.model.identity import LEAD, QUOTE, TYPE_NAMES, EntityTypeId
from syncer.report.text import visible


def reached(function: options.Command) -> options.Command:
    """`--spec`, which names the portal, and what goes with it."""
    spec = click.option(
        "--spec", required=True, type=click.Path(path_type=Path), help="The spec that names the portal."
    )
    return options.common(options.state(options.portal(options.form(spec(function)))))


def kind_of(session: Session, type_: str) -> EntityTypeId:
    """`deal`, an entityTypeId, or the title of a smart process."""
    found = TYPE_NAMES.get(type_) or (EntityTypeId(int(type_)) if type_.isdecimal() else None)
    return spa_types(session.portal, [type_])[type_] if found is None else found


@click.command("stages")
@click.argument("type", metavar="TYPE")
@reached
def stages(type: str, spec: Path, portal: Path | None, form: str, state_url: str | None) -> int:  # noqa: A002
    """The pipelines of TYPE and their stages, names with codes.

    TYPE is deal, lead, …, an entityTypeId, or the title of a smart process.
    """
    with open_session(read_specs([spec], state_url=state_url, rehearsal=portal), mode="read") as session:
        kind = kind_of(session, type)
        shelf = PortalShelf(session.portal)
        pipelines = shelf.pipelines(kind)
        places = {each.code: directory_of(kind, int(each.code)) for each in pipelines.entries}
        places = places or {"": _directory(session.portal, kind)}
        shelf.foresee(directories=places.values())
        found = [
            (next((each for each in pipelines.entries if each.code == code), None), shelf.statuses(directory))
            for code, directory in places.items()
        ]
        default = pipelines.default
    if form == "json":
        write_json(
            [json.dumps([_record(each, its, default) for each, its in found], ensure_ascii=False, indent=1), "\n"]
        )
    else:
        write_lines(line for each, its in found for line in _lines(each, its, default))
    return 0


def _directory(portal: Portal, kind: EntityTypeId) -> str:
    """Where the stages of a type without pipelines are: a smart process tells it by its fields alone."""
    if fixed := {LEAD: "STATUS", QUOTE: "QUOTE_STATUS"}.get(kind):
        return fixed
    stage = read_fields(portal, [kind])[kind].get("stageId")
    return (stage and stage.status_type) or directory_of(kind, 0)


def _record(pipeline: Entry | None, its: Sequence[Entry], default: int | None) -> dict[str, object]:
    named = (
        {}
        if pipeline is None
        else {"id": int(pipeline.code), "name": pipeline.name, "default": int(pipeline.code) == default}
    )
    return {**named, "stages": [{"code": each.code, "name": each.name} for each in its]}


def _lines(pipeline: Entry | None, its: Sequence[Entry], default: int | None) -> Iterator[str]:
    if pipeline is not None:
        mark = ", the default" if int(pipeline.code) == default else ""
        yield f"{visible(pipeline.name)} ({pipeline.code}{mark})"
    elif not its:
        yield "no stages"
    yield from _named(its, "  " if pipeline is not None else "")


def _named(entries: Sequence[Entry], indent: str = "") -> Iterator[str]:
    longest = max((len(each.code) for each in entries), default=0)
    yield from (f"{indent}{each.code:<{longest}}  {visible(each.name)}" for each in entries)


@click.command("users")
@reached
def users(spec: Path, portal: Path | None, form: str, state_url: str | None) -> int:
    """The employees whom user() knows, by e-mail."""
    with open_session(read_specs([spec], state_url=state_url, rehearsal=portal), mode="read") as session:
        found = PortalShelf(session.portal).users()
    if form == "json":
        told = [{"id": int(each.code), "email": each.name} for each in found]
        write_json([json.dumps(told, ensure_ascii=False, indent=1), "\n"])
    else:
        write_lines(_named(found))
    return 0
