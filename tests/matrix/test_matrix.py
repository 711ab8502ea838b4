"""Every field of every type, standard and custom, times every kind of value: stored as documented, or told why not.

One run over rows of a real PostgreSQL, each of which fills one field with one value.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from tests.matrix.values import COMMENTS, OF_TYPE, Cell, blocked, several, stored
from tests.plan.project import Applied, Project
from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox
from tests.types.specs import NUMBERS, settable

STAMPED = {"originatorId", "originId", "xmlId"}
QUOTE_KEY = "ufCrm_QUOTE_1743678817"
ONE_OF_MANY = {"contactId": "contactIds", "companyId": "companyIds"}
"""Fields that say the same as another one of the type, and so stand in an entity of their own."""
RECKONED = {"taxValue": 0}
"""What the portal reckons itself: 99.9 comes back as 0 (crm-item-add.md)."""
LINKED = {"crm_company": 4, "crm_contact": 3, "crm_deal": 2, "crm_lead": 1, "crm_quote": 7}

Field = Mapping[str, Any]
Cells = dict[tuple[str, str], list[tuple[str, Cell]]]
"""(type, entity) → (field, cell) of each row; the row's key is its number."""


@pytest.fixture(scope="module")
def catalogs(portal: RunningSandbox) -> dict[str, dict[str, Field]]:
    """Type → field → what crm.item.fields says of it, the fields that a spec may fill alone."""
    return {
        kind: {
            name: field
            for name, field in portal.call("crm.item.fields", entityTypeId=number)["result"]["fields"].items()
            if not field["isReadOnly"]
            and name not in STAMPED
            and name != QUOTE_KEY
            and (field["isDynamic"] or name.startswith("parentId") or _added(kind, name))
        }
        for kind, number in NUMBERS.items()
    }


def _added(kind: str, name: str) -> bool:
    facts = settable()[kind].get(name)
    return facts is not None and not facts.get("import")


def cells_of(portal: RunningSandbox, kind: str, name: str, field: Field) -> tuple[Cell, ...]:
    """What the table has for a field, with what only the portal's directories know."""
    cells = OF_TYPE[field["type"]]
    match field["type"]:
        case "crm_status":
            directory = field["settings"]["ENTITY_TYPE"] if field["isDynamic"] else field["statusType"]
            codes = portal.call("crm.status.list", filter={"ENTITY_ID": directory})["result"]
            cells = (*(stored(each["STATUS_ID"]) for each in codes), *cells)
        case "enumeration":
            options = [int(each["ID"]) for each in field["items"]]
            cells = (stored(options[0]), stored(str(options[-1]), options[-1]), *cells)
        case "user" | "employee":
            cells = (stored(2), stored("3", 3), *cells)
        case "integer" if (field.get("settings") or {}).get("MAX_VALUE"):
            least, most = field["settings"]["MIN_VALUE"], field["settings"]["MAX_VALUE"]
            bounds = f"is out of the field's range ({least} to {most})"
            cells = tuple(
                blocked(each.value, bounds) if each.end == "stored" and not least <= each.told <= most else each
                for each in cells
            )
        case "crm_category":
            there = portal.call("crm.category.list", entityTypeId=NUMBERS[kind])["result"]["categories"]
            cells = (*(stored(each["id"]) for each in there), *cells)
        case "text" if name == "comments":
            cells = COMMENTS
        case linked if linked in LINKED or linked == "crm_entity":
            cells = (stored(1), stored("1", 1), *cells)
    if name in RECKONED:
        cells = tuple(replace(each, told=RECKONED[name]) if each.end == "stored" else each for each in cells)
    return several(cells) if field["isMultiple"] and field["type"] != "crm_multifield" else cells


@pytest.fixture(scope="module")
def cells(portal: RunningSandbox, catalogs: dict[str, dict[str, Field]]) -> Cells:
    table: Cells = {}
    for kind, fields in catalogs.items():
        for name, field in fields.items():
            entity = f"{kind}_of_many" if ONE_OF_MANY.get(name) in fields else kind
            rows = table.setdefault((kind, entity), [])
            rows.extend((name, cell) for cell in cells_of(portal, kind, name, field))
    return table


@pytest.fixture(scope="module")
def project(
    portal: RunningSandbox, postgres: Postgres, cells: Cells, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """A spec with an entity for each type, and a row for each cell; row 0 fills nothing."""
    url = postgres.fresh_database()
    place = make_url(url)
    project = Project(tmp_path_factory.mktemp("matrix"), portal)
    entities: dict[str, Any] = {}
    with psycopg.connect(host=str(place.query["host"]), user=place.username, dbname=place.database) as database:
        for (kind, entity), rows in cells.items():
            database.execute(f"CREATE TABLE {entity} (key int, f text, v jsonb)".encode())
            with database.cursor().copy(f"COPY {entity} FROM STDIN".encode()) as copy:
                copy.write_row((0, "", None))
                for key, (name, cell) in enumerate(rows, 1):
                    copy.write_row((key, name, json.dumps(cell.value)))
            names = dict.fromkeys(name for name, _ in rows)
            entities[entity] = {
                "type": NUMBERS[kind],
                "source": "erp",
                "query": f"TABLE {entity}",
                "originId": f"{entity}-{{{{ row.key }}}}",
                "fields": {name: f"{{{{ row.v if row.f == '{name}' }}}}" for name in names},
            } | ({"origin_field": QUOTE_KEY} if kind == "quote" else {})
    project.spec(entities, sources={"erp": {"url": url}})
    return project


@pytest.fixture(scope="module")
def applied(project: Project) -> Applied:
    return project.apply()


def test_every_cell_comes_to_its_documented_end(
    project: Project, applied: Applied, cells: Cells, catalogs: dict[str, dict[str, Field]], tell: Any
) -> None:
    messages = {each["originId"]: each for each in applied.planned.changes if each["action"] == "blocked"}
    failures = applied.listed("failures")
    wrong: list[str] = []
    ends: Counter[str] = Counter()
    for (kind, entity), rows in cells.items():
        items = _items(project, kind)
        nothing = items[f"{entity}-0"]
        for key, (name, cell) in enumerate(rows, 1):
            origin, type_ = f"{entity}-{key}", catalogs[kind][name]["type"]
            found = _end(origin, name, type_, items, nothing, messages, failures)
            ends[f"{cell.case}: {cell.end}"] += 1
            if not _fits(cell, found, type_):
                wrong.append(
                    f"{kind}.{name} ({type_}) {cell.case} {cell.value!r:.60}: {found!r:.200}, not {cell!r:.120}"
                )
    assert not wrong, f"{len(wrong)} of {ends.total()} cells:\n" + "\n".join(wrong[:80])
    otherwise = {(each["field"], each["kind"]) for each in applied.document["stored_otherwise"]}
    assert otherwise == {("comments", "changed"), *((name, "changed") for name in RECKONED)}
    fields = sum(len(found) for found in catalogs.values())
    counts = ", ".join(f"{name} {count:,}" for name, count in sorted(ends.items()))
    tell(f"matrix: {ends.total():,} cells of {fields} fields of {len(catalogs)} types; {counts}")


def _items(project: Project, kind: str) -> dict[str, dict[str, Any]]:
    field = {"quote": QUOTE_KEY, "invoice": "xmlId", "spa": "xmlId"}.get(kind, "originId")
    return {
        str(item[field]).removeprefix("erp:"): item for item in project.portal.items(NUMBERS[kind]) if item.get(field)
    }


def _end(
    origin: str,
    name: str,
    type_: str,
    items: Mapping[str, Any],
    nothing: Mapping[str, Any],
    messages: Mapping[str, Any],
    failures: Mapping[str, str],
) -> tuple[str, Any]:
    """What became of a row: its end, and what tells of it."""
    if origin in messages:
        return "blocked", f"{messages[origin]['reason']}: {messages[origin]['message']}"
    if origin in failures:
        return "refused", failures[origin]
    if origin not in items:
        return "lost", None
    item = items[origin]
    value, default = (_without_id(each.get(name), each) for each in (item, nothing))
    return "unset" if value == default else "stored", _plain(type_, item.get(name))


def _without_id(value: Any, item: Mapping[str, Any]) -> Any:
    """A generated title has the item's number in it."""
    return value.removesuffix(str(item["id"])) if isinstance(value, str) else value


def _plain(type_: str, value: Any) -> Any:
    if isinstance(value, list) and type_ == "crm_multifield":
        return [{part: each[part] for part in ("typeId", "valueType", "value")} for each in value]
    if isinstance(value, list):
        return [_plain(type_, each) for each in value]
    if isinstance(value, str) and type_ == "date":
        return value[:10]
    if isinstance(value, str) and type_ == "datetime":
        return dt.datetime.fromisoformat(value)
    return value


def _fits(cell: Cell, found: tuple[str, Any], type_: str) -> bool:
    end, told = found
    match cell.end:
        case "stored":
            wanted = cell.told if type_ == "date" else _plain(type_, cell.told)
            return end in ("stored", "unset") and told == wanted
        case "unset":
            return end == "unset"
        case "blocked":
            return end == "blocked" and told.startswith(("value: ", "render: ")) and cell.told in told
        case "refused":
            return end == "refused" and told == cell.told
