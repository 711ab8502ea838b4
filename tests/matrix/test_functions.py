"""Values through the functions and filters of templates, into the types of fields that they are for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.matrix.conftest import custom_field
from tests.plan.project import Project, entity
from tests.sandbox_process import RunningSandbox


def field(kind: str, many: bool = False) -> str:
    """The name of a deal's custom field of that type."""
    upper: str = custom_field(2, kind, many)["name"]
    return f"ufCrm_{upper.removeprefix('UF_CRM_')}"


STORED: list[tuple[str, str, Any, Any]] = [
    # field, template of `row.v`, value, what the portal shows
    (field("enumeration"), f"{{{{ enum('{field('enumeration')}', row.v) }}}}", "Second", 902),
    (field("enumeration", True), f"{{{{ [enum('{field('enumeration')}', 'First'), 902] }}}}", "", [901, 902]),
    (field("crm_status"), "{{ status('SOURCE', row.v) }}", "E-Mail", "EMAIL"),
    ("sourceId", "{{ status('SOURCE', row.v) }}", "  e-mail ", "EMAIL"),
    ("stageId", "{{ stage(row.v) }}", "Won", "WON"),
    ("currencyId", "{{ currency(row.v) }}", "Pound Sterling", "GBP"),
    ("assignedById", "{{ user(row.v) }}", "John.Smith@example.com", 2),
    ("observers", "{{ [user(row.v), 3] }}", "john.smith@example.com", [2, 3]),
    (field("employee"), "{{ user(row.v) }}", "maria.lopez@example.com", 3),
    (field("money"), "{{ row.v | money('USD') }}", "300.50", "300.50|USD"),
    (field("money", True), "{{ [row.v | money('USD'), '1|EUR'] }}", 7, ["7|USD", "1|EUR"]),
    (field("date"), "{{ row.v | date }}", "2020-02-29 23:59:59", "2020-02-29"),
    (field("datetime"), "{{ row.v | datetime('Europe/Berlin') }}", "2024-07-01 12:00:00", "2024-07-01T12:00:00+02:00"),
    (field("datetime"), "{{ row.v | datetime('Europe/Berlin') }}", "2024-01-01", "2024-01-01T00:00:00+01:00"),
    (field("datetime"), "{{ row.v | datetime('America/St_Johns') }}", "2024-01-01", "2024-01-01T00:00:00-03:30"),
    (field("string"), "{{ row.v | phone('DE') }}", "030 123456 ext. 12", "+4930123456 ext. 12"),
    (field("string"), "{{ row.v | phone('DE') }}", "no phone", "no phone"),
    (field("iblock_element"), "{{ row.v | int }}", "17", 17),
    (field("file"), "{{ file(row.v) }}", "a.txt", b"hello"),
    (field("file", True), "{{ [file(row.v), file('b.txt')] }}", "a.txt", [b"hello", b"b"]),
    ("companyId", "{{ ref('companies', row.v) }}", "A", "company"),
    ("contactIds", "{{ row.v.split(',') }}", "1", [1]),
    (field("crm"), "{{ link('companies', row.v) }}", "A", "CO_company"),
    ("parentId1220", "{{ ref('deliveries', row.v) }}", "A", "delivery"),
]
BLOCKED: list[tuple[str, str, Any, str]] = [
    # field, template, value, why the row is blocked
    (field("enumeration"), f"{{{{ enum('{field('enumeration')}', row.v) }}}}", "Third", "no option of"),
    (field("crm_status"), "{{ status('SOURCE', row.v) }}", "Pigeon", "of the directory SOURCE is named 'Pigeon'"),
    ("stageId", "{{ stage(row.v) }}", "Wonn", "nearest: 'Won' (WON)"),
    ("currencyId", "{{ currency(row.v) }}", "Thaler", "no currency is named 'Thaler'"),
    ("assignedById", "{{ user(row.v) }}", "nobody@example.com", "no user is named"),
    (field("money"), "{{ row.v | money('USD') }}", "a lot", "money"),
    (field("datetime"), "{{ row.v | datetime('Europe/Berlin') }}", "2024-03-31 02:30:00", "clocks were put forward"),
    (field("datetime"), "{{ row.v | datetime('Europe/Berlin') }}", "2024-10-27 02:30:00", "the clocks were put back"),
    (field("datetime"), "{{ row.v | datetime('Mars/Olympus') }}", "2024-10-27", "is not a time zone"),
    (field("datetime"), "{{ row.v | datetime }}", "2024-10-27 12:00:00", "has no time zone"),
    (field("date"), "{{ row.v | date }}", "yesterday", "is not a date"),
    (field("file"), "{{ file(row.v) }}", "../a.txt", "no path below the folder"),
    (field("string"), "{{ file(row.v) }}", "a.txt", "is a file"),
    (field("string"), "{{ file(row.v) }} it is", "a.txt", "never a part of text"),
    ("companyId", "{{ ref('companies', row.v) }}", "Z", "Z"),
    (field("crm"), "{{ link('companies', row.v) }}", "Z", "Z"),
]  # fmt: skip


@pytest.fixture
def project(portal: RunningSandbox, tmp_path: Path) -> Project:
    project = Project(tmp_path, portal)
    files = project.folder / "data" / "files"
    files.mkdir()
    (files / "a.txt").write_text("hello")
    (files / "b.txt").write_text("b")
    project.table("customer", "id, name", [("A", "Company A")])
    return project


def test_names_and_moments_and_files_arrive_or_block_their_row(
    project: Project, portal: RunningSandbox, tell: Any
) -> None:
    """An entity for each template, since a field has one; all in one run."""
    entities: dict[str, Any] = {"companies": entity("company", "customer"), "deliveries": entity(1220, "customer")}
    nulls = set()
    for number, (name, template, value, _) in enumerate([*STORED, *BLOCKED]):
        rows = [(f"{number}-1", value)]
        if "split" not in template and " it is" not in template:
            rows.append((f"{number}-null", None))
            nulls.add(f"{number}-null")
        project.table(f"t{number}", "id, v", rows)
        entities[f"e{number}"] = entity("deal", f"t{number}", fields={name: template})
    project.spec(entities, attachments="data/files")
    applied = project.apply()
    assert applied.summary == {"created": 2 + len(STORED) + len(nulls), "blocked": len(BLOCKED)}
    items, company = project.items(2), project.items(4)["A"]["id"]
    (delivery,) = (each["id"] for each in portal.items(1220) if each.get("xmlId") == "erp:A")
    known = {"company": company, "CO_company": f"CO_{company}", "delivery": delivery}
    for number, (name, template, value, told) in enumerate(STORED):
        found = items[f"{number}-1"][name]
        if name == field("file"):
            found = portal.read(found["url"])
        elif name == field("file", True):
            found = [portal.read(each["url"]) for each in found]
        elif name == field("date"):
            found = found[:10]
        elif name == field("datetime"):
            found, told = (dt.datetime.fromisoformat(each) for each in (found, told))
        assert found == (known.get(told, told) if isinstance(told, str) else told), (template, value)
    for number, (name, template, _, words) in enumerate(BLOCKED, len(STORED)):
        assert words in applied.planned.message(f"{number}-1"), (name, template)
    assert nulls <= items.keys()
    tell(f"functions and filters: {len(STORED)} values stored, {len(BLOCKED)} blocked, {len(nulls)} nulls")
