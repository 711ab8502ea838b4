"""Plans and runs as JSON: one document, nothing else on stdout, in the form of the contract."""

from __future__ import annotations

import json

from tests.plan.project import COMPANIES, DEALS, Project


def test_a_plan_is_one_document(project: Project) -> None:
    project.customers("A", 'quo"te\u2028', "C", "C")
    project.purchases((1, "A"))
    project.spec(DEALS)
    code, out, _ = project.run("plan", "--format", "json")
    document = json.loads(out)
    assert code == 0
    assert list(document) == ["format_version", "specs", "summary", "entities", "forecast", "digest", "changes"]
    assert document["format_version"] == "1"
    assert document["specs"][0]["name"] == "shop"
    assert document["specs"][0]["files"]["specs/shop.yaml"].startswith("sha256:")
    assert document["summary"] == {"create": 3, "adopt": 0, "unchanged": 0, "blocked": 2, "unknown": 0, "filtered": 0}
    assert [each["entity"] for each in document["entities"]] == ["companies", "deals"]
    assert [(each["entity"], each["originId"]) for each in document["changes"]] == [
        ("companies", "A"),
        ("companies", "C"),
        ("companies", "C"),
        ("companies", 'quo"te\u2028'),
        ("deals", "1"),
    ]
    assert document == project.plan().document


def test_an_empty_plan_is_a_document_too(project: Project) -> None:
    project.customers()
    project.spec(COMPANIES)
    code, out, _ = project.run("plan", "--format", "json", "--detailed-exitcode")
    assert (code, json.loads(out)["changes"]) == (0, [])


def test_pending_creates_are_2_when_asked(project: Project) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    assert project.run("plan", "--detailed-exitcode")[0] == 2
    assert project.run("plan")[0] == 0


def test_a_run_is_one_document(project: Project) -> None:
    project.customers("A", "B")
    project.purchases((1, "A"), (2, "B"))
    project.spec(DEALS)
    project.fault("command", at="before", method="crm.item.add", code="CRM_FIELD_ERROR_REQUIRED", text="no", skip=1)
    code, out, _ = project.run("apply", "--format", "json")
    document = json.loads(out)
    assert code == 3
    assert document["summary"]["created"] == 2
    assert document["failures"] == [
        {"spec": "shop", "entity": "companies", "originId": "B", "code": "CRM_FIELD_ERROR_REQUIRED", "message": "no"}
    ]
    assert document["not_sent"] == [{"spec": "shop", "entity": "deals", "originId": "2", "reason": "parent"}]
    assert document["requests"] == project.portal.control("GET", "log")["requests"]
    assert document["seconds"] > 0


def test_events_are_json_lines_with_the_identity(project: Project) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    _, _, errors = project.run("apply", "--log-format", "json")
    events = {each["event"]: each for each in map(json.loads, errors.splitlines())}
    assert {"run.started", "batch.sent", "item.created", "run.finished"} <= events.keys()
    created = events["item.created"]
    assert {name: created[name] for name in ("spec", "entity", "entityTypeId", "originatorId", "originId", "id")} == {
        "spec": "shop",
        "entity": "companies",
        "entityTypeId": 4,
        "originatorId": "erp",
        "originId": "A",
        "id": 1,
    }
    assert created["run"] == events["run.started"]["run"]
    assert created["seconds"] >= 0
