"""`write: import`: many items a call, each once, by age where their times are kept, whatever befalls the requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncer.store import Status
from tests.execute.test_lost_answers import LOSSES
from tests.plan.project import DEALS, QUICK, Project, entity

FIELDS = {"title": "{{ row.name }}", "comments": "{{ row.remark }}"}
MADE = {"createdTime": "{{ row.made | datetime('Europe/Berlin') }}"}
COMPANIES = {"companies": entity("company", "customer", fields=FIELDS, write="import")}
DATED = {"companies": entity("company", "customer", fields=FIELDS | MADE, write="import")}
IMPORT = "crm.item.batchImport"


def customers(project: Project, count: int) -> list[str]:
    """Customers made in an order that is not that of their keys; the keys, the oldest first."""
    times = (f"2020-01-01 00:{number // 60:02}:{number % 60:02}" for number in range(count))
    rows = [(f"{number * 37 % count:03}", f"Customer {number}", "x", made) for number, made in enumerate(times)]
    project.table("customer", "id, name, remark, made", sorted(rows))
    return [key for key, *_ in rows]


def calls(project: Project) -> dict[str, int]:
    found: dict[str, int] = project.portal.control("GET", "log")["calls"]
    return found


def by_id(project: Project) -> list[str]:
    """The keys of the companies, in the order they were made."""
    return sorted(project.items(4), key=lambda key: int(project.items(4)[key]["id"]))


def test_many_items_a_call_and_many_calls_a_request(project: Project) -> None:
    customers(project, 101)
    project.spec(COMPANIES)
    plan = project.plan().document
    assert plan["forecast"]["automations"] == 0
    project.portal.control("DELETE", "log")
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 101}, 0)
    assert len(project.items(4)) == 101
    made = calls(project)
    assert "crm.item.add" not in made
    assert made[IMPORT] <= 1 + 1 + 2 + 4 + 2  # the first alone, then twenty, forty, …
    assert {key: each.item_id for key, each in project.known().items()} == {
        key: item["id"] for key, item in project.items(4).items()
    }
    again = project.apply()
    assert (again.summary, calls(project)[IMPORT]) == ({"unchanged": 101}, made[IMPORT])


def test_every_type(project: Project) -> None:
    kinds: dict[str | int, int] = {
        "lead": 1,
        "deal": 2,
        "contact": 3,
        "company": 4,
        "quote": 7,
        "invoice": 31,
        1302: 1302,
    }
    project.portal.control("POST", "fields", {"entityTypeId": 7, "name": "UF_CRM_KEY", "type": "string"})
    listed = project.portal.call("crm.item.fields", entityTypeId=7)["result"]["fields"]
    key = next(name for name, each in listed.items() if each["upperName"] == "UF_CRM_KEY")
    project.customers(*range(25))
    entities = {}
    for kind in kinds:
        fields = {"name" if kind == "contact" else "title": "{{ row.name }}"}
        more = {"origin_field": key} if kind == "quote" else {}
        entities[f"e{kind}"] = entity(kind, "customer", fields=fields, write="import", verify="strict", **more)
    project.spec(entities)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 175}, 0), applied.result.error
    assert {number: len(project.portal.items(number)) for number in kinds.values()} == dict.fromkeys(kinds.values(), 25)
    project.state_file.unlink()
    assert project.apply().summary == {"adopted": 175}


def test_times_are_kept_and_items_made_by_age(project: Project) -> None:
    keys = customers(project, 120)
    fields = FIELDS | MADE | {"createdBy": 2, "updatedTime": "{{ row.made | datetime('Europe/Berlin') }}"}
    project.spec({"companies": DATED["companies"] | {"fields": fields, "verify": "strict"}})
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 120}, 0)
    assert by_id(project) == keys
    first = project.items(4)[keys[0]]
    assert (first["createdTime"], first["createdBy"]) == ("2020-01-01T02:00:00+03:00", 2)


def test_rows_that_are_older_than_what_the_portal_has_are_blocked_before_they_are_sent(project: Project) -> None:
    keys = customers(project, 120)
    project.spec(DATED)
    theirs = {"title": "Newest", "createdTime": "2020-01-01T00:01:10+01:00"}
    there = project.portal.call("crm.item.import", entityTypeId=4, fields=theirs)["result"]["item"]["id"]
    applied = project.apply()
    assert applied.planned.actions() == dict.fromkeys(keys[:70], "blocked value") | dict.fromkeys(keys[70:], "create")
    told = f"that of item {there}, the newest of the type (2020-01-01T02:01:10+03:00)"
    assert told in applied.planned.message(keys[0])
    assert applied.summary == {"created": 50, "blocked": 70}, "one of the same second may come"
    project.state_file.unlink()
    assert project.plan().summary == {"adopt": 50, "blocked": 70}


@pytest.mark.parametrize("write", ["import", "add"])
def test_rows_that_are_older_than_what_is_created_before_them_are_blocked(project: Project, write: str) -> None:
    made = ((number, f"{2015 + number}-01-01 00:00:00") for number in range(6))
    project.table("customer", "id, name, remark, made", [(number, "x", "x", each) for number, each in made])
    first, then = dict(DATED["companies"]), dict(DATED["companies"])
    first |= {"query": "SELECT * FROM customer WHERE id = 3", "originatorId": "first"}
    if write == "add":
        first |= {"fields": FIELDS, "write": "add"}
    project.spec({"first": first, "then": then})
    applied = project.apply()
    blocked = 3 if write == "import" else 6  # those that are added get the time of the run
    assert applied.summary == {"created": 1 + 6 - blocked, "blocked": blocked}
    assert "that of rows of shop/first, which go first" in applied.planned.message("0")


def test_only_an_administrator_imports_times(project: Project) -> None:
    customers(project, 3)
    project.spec(DATED)
    project.switch(admin=False)
    code, _, errors = project.run("plan")
    assert (code, "SYN304" in errors, "createdTime" in errors) == (1, True, True)
    code, _, errors = project.run("apply")
    assert (code, "SYN304" in errors, project.portal.items(4)) == (1, True, [])
    project.spec(COMPANIES)
    assert project.apply().summary == {"created": 3}


def test_the_right_to_import_is_another_than_to_add(project: Project) -> None:
    customers(project, 30)
    project.spec(COMPANIES)
    project.switch(denied=["import:4"])
    applied = project.apply()
    assert (applied.exit_code, applied.summary, project.portal.items(4)) == (1, {"not_sent": 30}, [])
    assert "to import" in str(applied.result.error.hint if applied.result.error else "")
    project.switch(denied=["add:4"])
    assert project.apply().summary == {"created": 30}


def test_a_user_who_cannot_read_is_found_out_at_the_first_item(project: Project) -> None:
    customers(project, 30)
    project.spec(COMPANIES)
    project.switch(hidden=[4])
    applied = project.apply()
    assert (applied.exit_code in (3, 7), len(project.portal.items(4))) == (True, 1)
    assert "the right to read" in str(applied.result.error)
    project.switch(hidden=[])
    assert project.apply().summary == {"created": 29, "unchanged": 1}
    assert len(project.items(4)) == 30


def test_errors_of_single_items_name_their_rows(project: Project) -> None:
    keys = customers(project, 60)
    project.change("UPDATE customer SET remark = NULL WHERE id IN ('007', '021', '059')")
    project.switch(required_at={"4": {"None": ["comments"]}})
    for entities in (COMPANIES, DATED):
        project.spec(entities)
        applied = project.apply()
        assert (applied.exit_code, applied.summary) == (3, {"created": 57, "failed": 3})
        assert set(applied.listed("failures")) == {"007", "021", "059"}
        assert set(applied.listed("failures").values()) == {"CRM_FIELD_ERROR_REQUIRED"}
        project.portal.control("DELETE", "")
        project.switch(required_at={"4": {"None": ["comments"]}})
        project.state_file.unlink()
    assert len(keys) == 60


def test_what_was_stored_otherwise_is_listed_and_told(project: Project) -> None:
    customers(project, 60)
    project.change("UPDATE customer SET remark = '<b>x</b>'")
    phone = [{"typeId": "PHONE", "valueType": "WORK", "value": "+49 (30) 12-{{ row.id }}"}]
    project.spec({"companies": COMPANIES["companies"] | {"fields": FIELDS | {"fm": phone}}})
    applied = project.apply()
    assert applied.summary == {"created": 60}
    told = [(each["field"], each["kind"], each["count"]) for each in applied.document["stored_otherwise"]]
    assert told == [("comments", "changed", 60)]
    assert project.items(4)["007"]["fm"][0]["value"] == "+49 (30) 12-007"
    project.portal.control("DELETE", "")
    project.state_file.unlink()
    project.switch(ignored={"4": ["fm"]})
    project.spec({"companies": COMPANIES["companies"] | {"fields": FIELDS | {"fm": phone}, "verify": "strict"}})
    applied = project.apply()
    assert (applied.exit_code, applied.summary) == (3, {"failed": 1, "not_sent": 59})


def test_rows_that_no_batch_carries_go_alone(project: Project) -> None:
    customers(project, 30)
    project.change("UPDATE customer SET remark = '$result[0][id]' WHERE id IN ('003', '019')")
    big = "{{ range(1000 if row.id == '004' else 500 if row.id < '010' else 1) | list }}"
    project.portal.control(
        "POST", "fields", {"entityTypeId": 4, "name": "UF_CRM_MANY", "type": "integer", "multiple": True}
    )
    listed = project.portal.call("crm.item.fields", entityTypeId=4)["result"]["fields"]
    many = next(name for name, each in listed.items() if each["upperName"] == "UF_CRM_MANY")
    project.spec({"companies": COMPANIES["companies"] | {"fields": FIELDS | {many: big}, "verify": "strict"}})
    applied = project.apply()
    assert (applied.exit_code, applied.summary) == (0, {"created": 30}), applied.document["failures"]
    assert project.items(4)["003"]["comments"] == "$result[0][id]"
    assert {key: len(item[many]) for key, item in project.items(4).items() if key < "011"} == {
        **{f"{number:03}": 500 for number in range(10)}, "004": 1000, "010": 1,
    }  # fmt: skip


def test_a_portal_that_trims_and_cuts_keys(project: Project) -> None:
    project.table("customer", "id, name, remark", [(f"{number:030} ", "x", "x") for number in range(30)])
    project.spec(COMPANIES)
    project.switch(key_trim=True)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 30}, 0)
    assert len(project.portal.items(4)) == 30
    assert project.apply().summary == {"unchanged": 30}


@pytest.mark.parametrize(
    ("loss", "skip", "dated"),
    [
        ("dropped after the work", 2, True),
        ("dropped before the work", 2, True),
        ("dropped after the work", 4, False),
        ("dropped before the work", 4, True),
        ("dropped amid the work", 4, True),
        ("dropped amid the work", 4, False),
    ],
)
def test_a_lost_request_is_settled_within_the_run(project: Project, loss: str, skip: int, dated: bool) -> None:
    keys = customers(project, 90)
    project.spec(DATED if dated else COMPANIES)
    project.fault(**LOSSES[loss] | ({"commands": 1} if "amid" in loss else {}), method="batch", skip=skip)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 90}, 0), applied.document["failures"]
    assert project.portal.control("GET", "")["faults"] == []
    assert set(project.items(4)) == set(keys)
    assert {each.status for each in project.known().values()} == {Status.CREATED}
    if dated:
        assert by_id(project) == keys


def test_a_call_that_failed_in_the_server_is_settled(project: Project) -> None:
    customers(project, 90)
    project.spec(COMPANIES)
    for at, code in (
        ("after", "INTERNAL_SERVER_ERROR"),
        ("before", "INTERNAL_SERVER_ERROR"),
        ("after", "ODD"),
        ("before", "ODD"),
    ):
        project.fault("command", at=at, method=IMPORT, code=code, skip=2)
        applied = project.apply()
        assert (applied.summary, applied.exit_code) == ({"created": 90}, 0), (at, code)
        assert len(project.items(4)) == 90
        project.portal.control("DELETE", "")
        project.state_file.unlink()


def test_children_are_imported_after_their_parents(project: Project) -> None:
    project.customers("A", "B")
    project.purchases(*((number, "AB"[number % 2]) for number in range(50)))
    project.spec({name: each | {"write": "import"} for name, each in DEALS.items()})
    project.fault("drop", at="before", method="batch", skip=5)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 52}, 0)
    parents = {key: item["id"] for key, item in project.items(4).items()}
    assert {item["companyId"] for item in project.items(2).values()} == set(parents.values())


def test_the_method_has_an_operating_budget_of_its_own(project: Project) -> None:
    project.limits = QUICK | {"operating_seconds": 30}
    customers(project, 300)
    project.spec(COMPANIES)
    told: dict[str, Any] = project.plan().document["forecast"]
    assert told["seconds"] == pytest.approx(30)  # at a guessed tenth of a second
    project.spec(COMPANIES | {"leads": entity("lead", "customer")})
    assert project.plan().document["forecast"]["seconds"] == pytest.approx(60)


def test_text_and_json_say_that_no_automations_run(project: Project) -> None:
    customers(project, 3)
    project.spec(COMPANIES)
    _, out, _ = project.run("plan")
    assert "Robots and workflows do not run for 3 items, by `write: import`." in out
    _, out, _ = project.run("plan", "--format", "json")
    assert json.loads(out)["forecast"]["automations"] == 0
