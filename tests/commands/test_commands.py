"""What each command prints where, and what it exits with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.installed import COMPANIES, Desk, syncer


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk whose rows are all in the portal; only looked at."""
    desk = Desk(tmp_path_factory.mktemp("applied"))
    done = desk.run("apply", "specs", "--format", "json")
    assert done.code == 0, done
    assert done.json["summary"]["created"] == 5
    return desk


def test_validate_says_that_all_is_well(desk: Desk) -> None:
    done = desk.run("validate", "specs")
    assert (done.code, done.out, done.errors) == (0, "1 spec checked: no problems.\n", "")


def test_validate_needs_neither_variables_nor_source_nor_portal(desk: Desk) -> None:
    desk.spec(portal={"webhook": "${NO_SUCH}"}, sources={"erp": {"url": "${NEITHER}"}})
    assert desk.run("validate", "specs", "--format", "json").json == {"findings": []}
    assert not list((desk.folder / "state").iterdir())


def test_validate_tells_findings_as_json(desk: Desk) -> None:
    desk.spec(nmae="x", version=2)
    done = desk.run("validate", "specs", "--format", "json")
    assert (done.code, done.errors) == (1, "")
    first, second = done.json["findings"]
    assert first == {
        "code": "SYN102",
        "severity": "error",
        "file": "specs/shop.yaml",
        "line": 1,
        "column": 10,
        "message": "`version`: expected 1, the only version there is, found the number 2",
        "hint": "",
    }
    assert (second["code"], second["hint"]) == ("SYN101", "did you mean `name`?")


def test_a_plan_writes_nothing_and_tells_what_comes_next(desk: Desk) -> None:
    done = desk.run("plan", "specs")
    assert (done.code, done.errors) == (0, "")
    assert "Plan: 5 create.\n" in done.out
    assert done.out.endswith("\nNext: syncer apply specs\n")
    assert not (desk.folder / "state" / "syncer.db").exists()


def test_a_plan_as_json_is_one_document(desk: Desk) -> None:
    done = desk.run("plan", "specs", "--format", "json", "--detailed-exitcode")
    assert (done.code, done.errors) == (2, "")
    plan = done.json
    assert list(plan) == ["format_version", "specs", "summary", "entities", "forecast", "digest", "changes"]
    assert (plan["format_version"], plan["digest"][:7]) == ("1", "sha256:")
    assert (plan["specs"][0]["name"], list(plan["specs"][0]["files"])) == ("shop", ["specs/shop.yaml"])
    counts = {"create": 5, "adopt": 0, "unchanged": 0, "blocked": 0, "unknown": 0, "filtered": 0}
    assert plan["summary"] == counts
    assert plan["entities"][1] == {"spec": "shop", "entity": "deals", "entityTypeId": 2} | counts | {"create": 2}
    assert set(plan["forecast"]) >= {"requests", "seconds", "automations"}
    assert plan["changes"][3] == {
        "spec": "shop",
        "entity": "deals",
        "entityTypeId": 2,
        "action": "create",
        "originatorId": "erp",
        "originId": "P1",
        "fields": {"title": "Order 1", "companyId": {"ref": ["companies", "1"]}},
    }


def test_apply_as_json_is_one_document_and_logs_go_to_stderr(desk: Desk) -> None:
    done = desk.run("apply", "specs", "--format", "json")
    assert done.code == 0
    run = done.json
    assert {"run", "summary", "entities", "failures", "not_sent", "requests", "refused", "seconds"} <= set(run)
    assert run["summary"] == {
        "created": 5,
        "adopted": 0,
        "unchanged": 0,
        "failed": 0,
        "blocked": 0,
        "unknown": 0,
        "filtered": 0,
        "not_sent": 0,
    }
    assert [(each["entity"], each["created"]) for each in run["entities"]] == [("companies", 3), ("deals", 2)]
    assert "run.finished" in done.errors


def test_nothing_is_left_after_apply(applied: Desk) -> None:
    done = applied.run("plan", "specs", "--detailed-exitcode")
    assert (done.code, done.errors) == (0, "")
    assert "Nothing to create: 5 unchanged.\n" in done.out
    assert "Next:" not in done.out


def test_state_list_and_show(applied: Desk) -> None:
    listed = applied.run("state", "list")
    assert (listed.code, listed.errors) == (0, "")
    assert [line.split()[:5] for line in listed.out.splitlines()][2:4] == [
        ["shop/companies", "3", "created", "company", "3"],
        ["shop/deals", "P1", "created", "deal", "1"],
    ]
    records = applied.run("state", "list", "--entity", "deals", "--format", "json").json
    assert [(each["originId"], each["id"]) for each in records] == [("P1", 1), ("P2", 2)]
    (shown,) = applied.run("state", "show", "deals", "P1").json
    assert shown.items() >= {"spec": "shop", "entity": "deals", "entityTypeId": 2, "status": "created"}.items()
    assert applied.run("state", "list", "--quarantined", "--format", "json").json == []


def test_runs_list_and_show(applied: Desk) -> None:
    (record,) = applied.run("runs", "list", "--format", "json").json
    assert (record["command"], record["status"], record["summary"]["created"]) == ("apply", "done", 5)
    text = applied.run("runs", "list").out
    assert text.startswith(record["id"])
    assert text.endswith("specs/shop.yaml  created=5\n")
    assert applied.run("runs", "show", record["id"]).json == record | {"attention": [], "mended": []}


def test_a_state_that_is_not_there_is_no_empty_one(tmp_path: Path) -> None:
    for words in (("state", "list"), ("runs", "list")):
        done = syncer(*words, "--format", "json", cwd=tmp_path)
        assert (done.code, done.json) == (0, [])
        assert done.errors.startswith("warning: there is no state at sqlite:///state/syncer.db; name it with --state")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("state", "show", "deals", "P9"), "the state knows no deals 'P9'\n`syncer state list` shows"),
        (("state", "show", "nothing", "P1"), "the state knows no nothing 'P1'"),
        (("runs", "show", "1234"), "the state knows no run '1234'\n`syncer runs list` shows"),
    ],
)
def test_what_the_state_does_not_know(applied: Desk, arguments: tuple[str, ...], said: str) -> None:
    done = applied.run(*arguments)
    assert done.out == ""
    done.failed(64, said)


def test_portal_check_and_fields(applied: Desk) -> None:
    checked = applied.run("portal", "check", "--spec", "specs")
    assert (checked.code, checked.errors) == (0, "")
    assert "acts as user 1, an administrator\nscopes: crm, " in checked.out
    document = applied.run("portal", "check", "--spec", "specs", "--format", "json").json
    assert (document["is_admin"], document["user_id"], "crm" in document["scopes"]) == (True, 1, True)
    assert {"entityTypeId": 1220, "title": "Delivery"} in document["smart_processes"]
    assert "Delivery (1220)" in checked.out
    fields = applied.run("portal", "fields", "company")
    assert "title" in [line.split()[0] for line in fields.out.splitlines()]
    listed = applied.run("portal", "fields", "4", "--spec", "specs", "--format", "json").json
    assert {"name": "originId", "type": "string"}.items() <= {each["name"]: each for each in listed}["originId"].items()


def test_schema_is_one_document(tmp_path: Path) -> None:
    done = syncer("schema", cwd=tmp_path)
    assert (done.code, done.errors) == (0, "")
    assert {"version", "portal", "entities"} <= set(done.json["properties"])


def test_strict_takes_a_blocked_row_as_an_error_before_anything_is_written(desk: Desk) -> None:
    desk.table("purchase", "id, name, customer", [("P1", "Order 1", 99)])
    planned = desk.run("plan", "specs", "--strict")
    planned.failed(1, "1 blocked row, which --strict takes as an error")
    assert "! P1  blocked (missing_ref)" in planned.out
    desk.run("apply", "specs", "--strict").failed(1, "nothing was written")
    lenient = desk.run("apply", "specs", "--format", "json")
    assert lenient.code == 0
    assert (lenient.json["summary"]["created"], lenient.json["summary"]["blocked"]) == (3, 1)


def test_only_brings_the_entities_it_refers_to(desk: Desk) -> None:
    summary = desk.run("plan", "specs", "--only", "companies", "--format", "json").json["summary"]
    assert summary["create"] == 3
    with_parents = desk.run("plan", "specs", "--only", "deals", "--format", "json").json
    assert [each["entity"] for each in with_parents["entities"]] == ["companies", "deals"]
    desk.run("plan", "specs", "--only", "dels").failed(64, "dels", "deals")


def test_a_rehearsal_leaves_the_portal_of_the_spec_alone(desk: Desk) -> None:
    desk.spec(portal={"webhook": "${NO_SUCH}"})
    arguments = ("specs", "--portal", "sandbox:state/rehearsal.db", "--state", "sqlite:///state/rehearsal-state.db")
    assert desk.run("apply", *arguments, "--format", "json").json["summary"]["created"] == 5
    assert {each.name for each in (desk.folder / "state").iterdir()} >= {"rehearsal.db", "rehearsal-state.db"}
    assert not (desk.folder / "state" / "syncer.db").exists()
    desk.run("plan", "specs", "--portal", "state/x.db").failed(64, "write sandbox:PATH")


def test_the_environment_names_another_state(desk: Desk) -> None:
    desk.spec(COMPANIES)
    other = "sqlite:///state/other.db"
    assert desk.run("apply", "specs", SYNCER_STATE=other).code == 0
    assert not (desk.folder / "state" / "syncer.db").exists()
    assert len(desk.run("state", "list", SYNCER_STATE=other).out.splitlines()) == 3
    named = desk.run("plan", "specs", "--state", "sqlite:///state/third.db", "--format", "json", SYNCER_STATE=other)
    assert named.json["summary"]["adopt"] == 3
