"""`syncer state list|show`: what the state knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from syncer.cli.output import write_json, write_lines
from syncer.cli.placing import in_portal, noticed, placed
from syncer.errors import UsageError
from syncer.model.change import QUARANTINE
from syncer.report.text import kind, visible
from syncer.spec import DatabaseUrl
from syncer.store import Known, Portal, State, Status


@click.command("list")
@click.option("--entity", metavar="ENTITY", help="Items of this entity alone; SPEC/ENTITY where several have it.")
@click.option("--status", type=click.Choice([each.value for each in Status]), help="Items of this status alone.")
@click.option("--quarantined", is_flag=True, help="Rows that failed too often to be sent again, alone.")
@click.option("--format", "form", type=click.Choice(["text", "json", "jsonl"]), default="text", help="Of stdout.")
@placed
def list_items(entity: str | None, status: str | None, quarantined: bool, form: str, at: DatabaseUrl) -> int:
    """Every identity the state knows, a line each."""
    wanted = Status.FAILED if quarantined else Status(status) if status else None
    with State.open(noticed(at), mode="read") as state:
        rows = _items(state, entity, wanted, QUARANTINE if quarantined else 0)
        if form == "json":
            write_json(_json_list(rows))
        elif form == "jsonl":
            write_json(json.dumps(_record(portal, item), ensure_ascii=False) + "\n" for portal, item in rows)
        else:
            write_lines(_line(portal, item) for portal, item in rows)
    return 0


@click.command("show")
@click.argument("entity")
@click.argument("key")
@in_portal
@placed
def show_item(entity: str, key: str, portal: str | None, at: DatabaseUrl) -> int:
    """All that the state knows of one identity, as JSON."""
    with State.open(noticed(at), mode="read") as state:
        found = [_record(where.name, item) for where, item in identities(state, entity, key, portal)]
    if not found:
        raise UsageError(f"the state knows no {entity} {key!r}", hint="`syncer state list` shows what it knows")
    write_json([json.dumps(found, ensure_ascii=False, indent=1), "\n"])
    return 0


def _items(state: State, entity: str | None, status: Status | None, attempts: int) -> Iterator[tuple[str, Known]]:
    for portal in state.portals.all():
        if entity is None:
            yield from ((portal.name, item) for item in state.items(portal.id, status=status, attempts=attempts))
            continue
        for owner in state.owners.all(portal.id):
            if entity in (owner.name.entity, str(owner.name)):
                items = state.items(portal.id, owner_id=owner.id, status=status, attempts=attempts)
                yield from ((portal.name, item) for item in items)


def identities(state: State, entity: str, key: str, portal: str | None) -> Iterator[tuple[Portal, Known]]:
    """What the state knows of a key: of ENTITY in any spec, or of SPEC/ENTITY; in one portal when that is named.

    Raises UsageError for a portal that the state does not know.
    """
    portals = state.portals.all()
    if portal is not None and portal not in {each.name for each in portals}:
        known = ", ".join(each.name for each in portals)
        raise UsageError(f"the state knows no portal {portal!r}", hint=f"it knows: {known}" if known else "")
    for where in portals:
        if portal in (None, where.name):
            for owner in state.owners.all(where.id):
                if entity in (owner.name.entity, str(owner.name)):
                    item = state.ledger(where.id, owner.scope).ids([key]).get(key)
                    if item is not None and item.owner == owner.name:
                        yield where, item


def _line(portal: str, item: Known) -> str:
    scope = item.scope
    where = f"{kind(scope.entity_type_id)} {item.item_id or '-'}" if scope else "-"
    trouble = visible(f"  {item.code or ''} {item.message or ''}".rstrip())
    return f"{item.owner}  {visible(item.origin_id)}  {item.status}  {where}  {portal}{trouble}"


_JSON_NAMES = {"origin_id": "originId", "item_id": "id", "other_ids": "otherIds"}


def _record(portal: str, item: Known) -> dict[str, Any]:
    record = {name: value for name, value in asdict(item).items() if value not in (None, (), {})}
    record.pop("scope", None)
    record.pop("owner", None)
    record = {_JSON_NAMES.get(name, name): value for name, value in record.items()}
    for name in ("intended_at", "settled_at"):
        if name in record:
            record[name] = datetime.fromtimestamp(record[name], UTC).isoformat(timespec="seconds")
    head: dict[str, Any] = {"portal": portal}
    if item.owner:
        head |= {"spec": item.owner.spec, "entity": item.owner.entity}
    if item.scope:
        head |= {"entityTypeId": item.scope.entity_type_id, "originatorId": item.scope.originator_id}
    return head | record


def _json_list(rows: Iterator[tuple[str, Known]]) -> Iterator[str]:
    between = "[\n"
    for portal, item in rows:
        yield between + " " + json.dumps(_record(portal, item), ensure_ascii=False)
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"
