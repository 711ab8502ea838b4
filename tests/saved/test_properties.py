"""Whatever happens between a plan and its apply: each row is as approved, or it is not sent."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncer.cli.session import open_session
from syncer.errors import PlanFileError
from tests.plan.project import DEALS, Project, entity
from tests.sandbox_process import RunningSandbox
from tests.saved.steps import apply_saved, refused, save

KEYS = "ABCD"
CHANGES = (
    *(f"UPDATE customer SET name = 'Other' WHERE id = '{key}'" for key in "AB"),
    *(f"DELETE FROM customer WHERE id = '{key}'" for key in "AC"),
    "INSERT INTO customer VALUES ('E', 'New')",
    "INSERT INTO customer VALUES ('A', 'Twice')",
    "UPDATE purchase SET customer = 'B' WHERE id = 1",
    "DELETE FROM purchase WHERE id = 2",
    "INSERT INTO purchase VALUES (9, 'New', 'A')",
)
KINDS = {"companies": 4, "deals": 2}
REFUSED = ("the spec is edited", "a comment is added to the spec", "the portal wants another field")
"""What makes the whole file unfit."""
EVENTS = ("created elsewhere", "deleted in the portal", "the state is lost", "companies applied", "all applied")


def happen(project: Project, event: str) -> None:
    companies = project.items(4)
    match event:
        case "created elsewhere" if "B" not in companies:
            fields = {"originatorId": "erp", "originId": "B", "title": "Theirs"}
            project.portal.call("crm.item.add", entityTypeId=4, fields=fields)
        case "deleted in the portal" if companies:
            project.portal.call("crm.item.delete", entityTypeId=4, id=min(each["id"] for each in companies.values()))
        case "the state is lost":
            project.state_file.unlink(missing_ok=True)
        case "companies applied":
            project.apply(only=["companies"])
        case "all applied":
            project.apply()
        case "the spec is edited":
            project.spec(DEALS | {"companies": entity("company", "customer", fields={"title": "{{ row.name }}!"})})
        case "a comment is added to the spec":
            (spec,) = (project.folder / "specs").glob("*.yaml")
            spec.write_text(f"{spec.read_text()}# of no meaning\n")
        case "the portal wants another field":
            wanted = {"entityTypeId": 4, "name": "UF_CRM_WANTED", "type": "string", "required": True}
            project.portal.control("POST", "fields", wanted)
        case _ if event in CHANGES:
            project.change(event)


def both(project: Project) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (name, key): item
        for name, kind in (("companies", 4), ("deals", 2))
        for key, item in project.items(kind).items()
    }


@settings(max_examples=16, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(st.sampled_from((*CHANGES, *EVENTS)), max_size=2),
    between=st.lists(st.sampled_from((*CHANGES, *EVENTS)), max_size=3),
    unfit=st.none() | st.sampled_from(REFUSED),
)
def test_each_row_is_as_approved_or_not_sent(
    process: RunningSandbox, before: list[str], between: list[str], unfit: str | None
) -> None:
    with tempfile.TemporaryDirectory() as name:
        process.control("DELETE", "")
        project = Project(Path(name), process)
        project.customers(*KEYS[:3])
        project.purchases((1, "A"), (2, "C"), (3, "D"))
        project.spec(DEALS)
        for event in before:
            happen(project, event)
        file = Path(name) / "plan.jsonl"
        saved = save(project, file)
        assert project.plan().digest == saved.digest(), "two plans of one situation have one digest"
        approved = {
            (target.name.entity, change["originId"]): change
            for target in saved.targets
            for change in saved.records(target)
        }
        for event in between:
            happen(project, event)
        there = both(project)
        if unfit is not None:
            happen(project, unfit)
            calls = project.calls()
            error = refused(project, file)
            assert isinstance(error, PlanFileError), error
            assert (project.calls(), both(project).keys()) == (calls, there.keys()), "nothing is sent of an unfit file"
            return
        applied = apply_saved(project, file)
        now = both(project)
        for row, item in now.items():
            if row not in there:
                assert approved[row]["action"] == "create"
                fields = approved[row]["fields"]
                assert item["title"] == fields["title"]
                if "companyId" in fields:
                    parent = fields["companyId"]
                    expected = parent if isinstance(parent, int) else now["companies", parent.origin_id]["id"]
                    assert item["companyId"] == expected
        told = {
            (row["entity"], row["originId"])
            for kind in ("not_sent", "failures", "unknown", "ambiguous")
            for row in applied.document[kind]
        }
        pending = {row for row, change in approved.items() if change["action"] in ("create", "adopt")}
        known = {(name, key) for name, kind in KINDS.items() for key in project.known(entity_type_id=kind)}
        assert pending <= now.keys() | told | known, "each row is there, was there, or is told as not sent"
        calls = project.calls()
        again = apply_saved(project, file)
        assert project.calls() == calls, "applied again it creates nothing"
        assert again.exit_code == applied.exit_code
        if not between:
            assert applied.exit_code == 0
            assert project.plan().summary.keys() <= {"unchanged", "blocked"}


def test_a_plan_asks_nothing_but_reads_and_has_no_way_to_write(project: Project, tmp_path: Path) -> None:
    project.customers(*KEYS)
    project.purchases((1, "A"), (2, "C"))
    project.spec(DEALS)
    project.apply(only=["companies"])
    project.portal.control(
        "POST", "faults", {"kind": "command", "method": "crm.item.add", "at": "before", "code": "NO"}
    )
    before = project.portal.control("GET", "log")["calls"]
    save(project, tmp_path / "plan.jsonl")
    after = project.portal.control("GET", "log")["calls"]
    ran = {method for method, count in after.items() if count != before.get(method, 0)}
    assert ran
    assert all(method.rpartition(".")[2] in ("list", "fields", "get", "types") for method in ran - {"batch"}), ran
    with open_session(project.load(), mode="read") as session:
        for method in ("crm.item.add", "crm.item.batchImport", "crm.item.update"):
            with pytest.raises(ValueError, match="only read"):
                session.portal.call(method, {"entityTypeId": 4, "fields": {}})
            with pytest.raises(ValueError, match="only read"):
                session.portal.submit_alone(method, {"entityTypeId": 4, "fields": {}})
    assert project.portal.control("GET", "log")["calls"] == after
