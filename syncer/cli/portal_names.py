"""`syncer portal stages` and `users`: the names that templates may use, with the ids they stand for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import click

from syncer.bitrix24.catalog import read_fields
from syncer.bitrix24.directory import PortalShelf
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.types import spa_types
from syncer.cli import options
from syncer.cli.output import write_json, write_lines
from syncer.cli.session import Session, open_session, read_specs
from syncer.errors import PortalError, UsageError
from syncer.mapping.directories import Entry, directory_of
from syncer.model.identity import COMPANY, CONTACT, LEAD, QUOTE, TYPE_NAMES, EntityTypeId
from syncer.report.text import visible
from syncer.spec import SpaTitle, Spec

SPECS: Final = Path("specs")


def reached(function: options.Command) -> options.Command:
    """`--spec`, which names the portal, and what goes with it."""
    spec = click.option(
        "--spec",
        type=click.Path(path_type=Path),
        callback=_spec,
        help="The spec that names the portal. Default: those in specs/ here.",
    )
    return options.common(options.state(options.portal(options.form(spec(function)))))


def _spec(_ctx: click.Context, _param: click.Parameter, given: Path | None) -> Path:
    if given is None and not SPECS.is_dir():
        raise UsageError(
            "no spec is named, and there is no folder specs/ here", hint="name the portal by a spec: --spec SPEC"
        )
    return given or SPECS


def kind_of(session: Session, type_: str) -> EntityTypeId:
    """`deal`, an entityTypeId, or the title of a smart process."""
    found = TYPE_NAMES.get(type_) or (EntityTypeId(int(type_)) if type_.isdecimal() else None)
    if found is not None:
        return found
    try:
        return spa_types(session.portal, [type_])[type_]
    except PortalError as error:
        if near := get_close_matches(type_.casefold(), TYPE_NAMES, n=1):
            raise PortalError(error.summary, hint=f"did you mean `{near[0]}`?") from None
        raise


@click.command("stages")
@click.argument("type", metavar="[TYPE]", required=False)
@reached
def stages(type: str | None, spec: Path, portal: Path | None, form: str, state_url: str | None) -> int:  # noqa: A002
    """The pipelines of TYPE and their stages, names with codes.

    TYPE is deal, lead, …, an entityTypeId, or the title of a smart process; without it, of all types of the spec.
    """
    specs = read_specs([spec], state_url=state_url, rehearsal=portal)
    names = [type] if type is not None else _types_with_stages(specs)
    with open_session(specs, mode="read") as session:
        told = [_staged(session, name) for name in names]
    if form == "json":
        records = [
            ({} if type is not None else {"type": each.type}) | _record(pipeline, its, each.default)
            for each in told
            for pipeline, its in each.pipelines
        ]
        write_json([json.dumps(records, ensure_ascii=False, indent=1), "\n"])
    elif type is not None:
        write_lines(_lines(told[0]))
    else:
        write_lines(line for each in told for line in (visible(each.type), *(f"  {line}" for line in _lines(each))))
    return 0


@dataclass(frozen=True, slots=True)
class _Staged:
    """A type as it was named, and its stages by pipeline: None where it has none."""

    type: str
    pipelines: Sequence[tuple[Entry | None, Sequence[Entry]]]
    default: int | None


def _types_with_stages(specs: Sequence[Spec]) -> list[str]:
    """The types of the specs, as `kind_of` takes them. Contacts and companies have no stages."""
    written = (entity.type for spec in specs for entity in spec.entities.values())
    names = (each.spa if isinstance(each, SpaTitle) else str(each) for each in written)
    without = {"contact", "company", str(CONTACT), str(COMPANY)}
    return [name for name in dict.fromkeys(names) if name not in without]


def _staged(session: Session, type_: str) -> _Staged:
    kind = kind_of(session, type_)
    shelf = PortalShelf(session.portal)
    pipelines = shelf.pipelines(kind)
    places = {each.code: directory_of(kind, int(each.code)) for each in pipelines.entries}
    places = places or {"": _directory(session.portal, kind)}
    shelf.foresee(directories=places.values())
    found = [
        (next((each for each in pipelines.entries if each.code == code), None), shelf.statuses(directory))
        for code, directory in places.items()
    ]
    return _Staged(type_, found, pipelines.default)


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


def _lines(told: _Staged) -> Iterator[str]:
    for pipeline, its in told.pipelines:
        if pipeline is not None:
            mark = ", the default" if int(pipeline.code) == told.default else ""
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
