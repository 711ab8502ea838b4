"""Rows that refer to other rows of their own entity."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.execute.dead_runs import died_sending
from tests.plan.project import Project, entity

FIELDS = {"title": "{{ row.name }}", "ufCrmParent": "{{ link('companies', row.parent) }}"}
COMPANIES = {"companies": entity("company", "customer", fields=FIELDS)}


def family(project: Project, *rows: tuple[str, str | None]) -> None:
    project.portal.control("POST", "fields", {"entityTypeId": 4, "name": "UF_CRM_PARENT", "type": "crm"})
    project.table("customer", "id, name, parent", [(key, f"Company {key}", parent) for key, parent in rows])
    project.spec(COMPANIES)


def parents(project: Project) -> dict[str, str | None]:
    """originId → its parent's, by the portal's items."""
    items: dict[str, dict[str, Any]] = project.items(4)
    keys = {f"CO_{each['id']}": key for key, each in items.items()}
    return {key: keys.get(str(each["ufCrmParent"])) if each["ufCrmParent"] else None for key, each in items.items()}


def test_rows_are_created_in_waves_parents_first(project: Project) -> None:
    """The keys are in an order against that of the family, and a third run adds to what is there."""
    tree = {"A": "B", "B": "C", "C": "D", "D": None, "E": "C", "F": None}
    family(project, *tree.items())
    plan = project.plan()
    assert set(plan.actions().values()) == {"create"}
    assert plan.changes[0]["fields"]["ufCrmParent"] == {"ref": ["companies", "B", "CO"]}
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 6}, 0)
    assert parents(project) == tree
    assert project.apply().summary == {"unchanged": 6}
    family(project, *tree.items(), ("G", "A"), ("H", "G"))
    plan = project.plan()
    assert plan.changes[0]["fields"]["ufCrmParent"] == f"CO_{project.items(4)['A']['id']}"
    assert project.apply().summary == {"created": 2, "unchanged": 6}
    assert parents(project) == tree | {"G": "A", "H": "G"}


def test_circles_and_what_is_below_them_are_blocked_and_nothing_else_is(project: Project) -> None:
    family(project, ("A", "B"), ("B", "C"), ("C", "A"), ("D", "A"), ("E", "D"), ("S", "S"), ("X", None), ("Y", "X"))
    plan = project.plan()
    assert plan.actions() == dict.fromkeys("ABCDES", "blocked missing_ref") | {"X": "create", "Y": "create"}
    for key in "ABC":
        assert "'A' → 'B' → 'C' → 'A'" in plan.message(key)
    assert "'A' is itself blocked" in plan.message("D")
    assert "refers to itself" in plan.message("S")
    assert project.apply().summary == {"created": 2, "blocked": 6}


def test_missing_blocked_adopted_and_deleted_parents(project: Project) -> None:
    family(project, ("A", None), ("B", None))
    project.apply()
    made = project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "K"})
    gone = project.items(4)["B"]["id"]
    project.portal.call("crm.item.delete", entityTypeId=4, id=gone)
    rows = [("C", "nobody"), ("D", "C"), ("E", "B"), ("F", "E"), ("K", None), ("L", "K"), ("T", None), ("T", None)]
    family(project, ("A", None), *rows, ("U", "T"), ("V", "A"))
    plan = project.plan()
    missing = dict.fromkeys("CDFU", "blocked missing_ref")
    assert plan.actions() == missing | {
        "E": "blocked deleted_ref",
        "K": "adopt",
        "L": "create",
        "T": "blocked duplicate_key",
        "V": "create",
    }
    assert f"item {gone}" in plan.message("E")
    assert "'nobody'" in plan.message("C")
    project.apply()
    assert parents(project)["L"] == "K"
    assert project.items(4)["K"]["id"] == made["result"]["item"]["id"]


def test_a_wave_waits_for_a_lost_answer_and_nothing_is_made_twice(project: Project) -> None:
    family(project, ("A", None), ("B", "A"), ("C", "B"))
    died_sending(project, ["B"])
    assert project.plan().actions() == {"A": "create", "B": "unknown", "C": "create"}
    project.fault("command", at="after", method="crm.item.add", code="INTERNAL_SERVER_ERROR", text="lost")
    applied = project.apply()
    applied = applied if applied.exit_code == 0 else project.apply()
    assert applied.exit_code == 0
    assert parents(project) == {"A": None, "B": "A", "C": "B"}


def test_a_parent_that_the_portal_refuses_leaves_its_line_for_later(project: Project) -> None:
    family(project, ("A", None), ("B", "A"), ("C", "B"))
    project.fault("command", at="before", method="crm.item.add", code="CRM_FIELD_ERROR_REQUIRED", text="no")
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"failed": 1, "not_sent": 2}, 3)
    assert project.apply().summary == {"created": 3}
    assert parents(project) == {"A": None, "B": "A", "C": "B"}


def test_v_tells_columns_nobody_uses_and_fields_no_row_fills(project: Project) -> None:
    project.portal.control("POST", "fields", {"entityTypeId": 4, "name": "UF_CRM_PARENT", "type": "crm"})
    project.table("customer", "id, name, parent, fax", [("A", "Company A", None, "1"), ("B", "Company B", None, "2")])
    project.spec(COMPANIES)
    code, out, errors = project.run("plan", "-v", "--format", "json")
    assert code == 0
    assert "coverage" not in out
    assert re.search(r"specs/\w+\.yaml:\d+:\d+: note: shop/companies: no template uses the column fax\n", errors)
    assert "note: shop/companies: none of 2 rows fills the field ufCrmParent\n" in errors
    assert "note: " not in project.run("plan")[2]
    events = [json.loads(line) for line in project.run("plan", "-v", "--log-format", "json")[2].splitlines()]
    told = {each["event"]: each for each in events if each["event"].startswith("coverage.")}
    assert told["coverage.unused_columns"]["columns"] == ["fax"]
    assert told["coverage.never_filled"]["fields"] == ["ufCrmParent"]
