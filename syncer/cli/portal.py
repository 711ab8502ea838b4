"""`syncer portal`: what the webhook or application may do, and what the portal has."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from syncer.bitrix24.rights import describe
from syncer.bitrix24.types import smart_processes
from syncer.cli.output import write_json, write_lines
from syncer.cli.portal_lock import lock
from syncer.cli.portal_names import kind_of, reached, stages, users
from syncer.cli.session import open_session, read_specs
from syncer.model.field import FieldType
from syncer.plan.catalogs import field_catalogs
from syncer.report.text import visible


@click.group("portal", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """What the webhook or application of a spec may do and what its portal has."""


command.add_command(lock)
command.add_command(stages)
command.add_command(users)


@command.command("check")
@reached
def check(
    spec: Path,
    portal: Path | None,
    form: str,
    state_url: str | None,
) -> int:
    """Who the webhook or application acts as, and what it may do. Lists the smart processes, too."""
    loaded = read_specs([spec], state_url=state_url, rehearsal=portal)
    with open_session(loaded, mode="read") as session:
        rights = describe(session.portal)
        processes = smart_processes(session.portal)
        titles = ", ".join(f"{visible(each.name)} ({each.code})" for each in processes)
        if form == "json":
            named = [{"entityTypeId": int(each.code), "title": each.name} for each in processes]
            document = {"portal": session.portal_name, **asdict(rights), "smart_processes": named}
            write_json([json.dumps(document, ensure_ascii=False, indent=1, default=sorted), "\n"])
        else:
            admin = "an administrator" if rights.is_admin else "not an administrator"
            write_lines(
                [
                    f"portal {session.portal_name}",
                    f"acts as user {rights.user_id}, {admin}",
                    f"scopes: {', '.join(sorted(rights.scopes))}",
                    f"smart processes: {titles or 'none'}",
                ]
            )
    return 0


@command.command("fields")
@click.argument("type", metavar="TYPE")
@reached
def fields(
    type: str,  # noqa: A002 -- the name users see
    spec: Path,
    portal: Path | None,
    form: str,
    state_url: str | None,
) -> int:
    """The fields of TYPE, asked for now and kept in the state.

    TYPE is company, deal, …, an entityTypeId, or the title of a smart process.
    """
    loaded = read_specs([spec], state_url=state_url, rehearsal=portal)
    with open_session(loaded, mode="write") as session:
        kind = kind_of(session, type)
        catalog = field_catalogs(
            {kind: ()},
            portal=session.portal,
            state=session.state,
            portal_id=session.portal_id,
            keep=True,
            refresh=True,
        )[kind]
    if form == "json":
        write_json([json.dumps([asdict(each) for each in catalog.values()], ensure_ascii=False, indent=1), "\n"])
    else:
        longest = max(map(len, catalog), default=0)
        write_lines(f"{name:<{longest}}  {_described(field)}" for name, field in catalog.items())
    return 0


def _described(field: FieldType) -> str:
    marks = [
        word
        for word, holds in (
            ("read-only", field.is_read_only),
            ("required", field.is_required),
            ("several", field.is_multiple),
        )
        if holds
    ]
    labels = ", ".join(label for _, label in field.items)
    return visible("  ".join(part for part in (field.type, field.title, " ".join(marks), labels) if part))
