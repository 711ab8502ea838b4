"""What fields the portal has: asked once an hour, and again when a spec names one that is missing."""

from __future__ import annotations

import pytest

from syncer.errors import SpecError
from tests.plan.project import COMPANIES, Project, entity


def asked(project: Project) -> int:
    """How often the fields were asked for since the last time."""
    calls = project.calls("crm.item.fields")
    project.portal.control("DELETE", "log")
    return calls


def test_a_copy_serves_every_command_for_an_hour(project: Project) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    project.plan()
    assert asked(project) == 1
    project.apply()
    assert asked(project) == 1, "a plan keeps nothing"
    project.plan()
    project.apply()
    assert asked(project) == 0


def test_a_copy_of_an_hour_ago_is_too_old(project: Project) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    project.apply()
    project.age_catalogs(3590)
    asked(project)
    project.plan()
    assert asked(project) == 0
    project.age_catalogs(20)
    project.plan()
    assert asked(project) == 1


def test_a_copy_from_the_future_is_not_believed(project: Project) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    project.apply()
    project.age_catalogs(-60)
    asked(project)
    project.plan()
    assert asked(project) == 1


def test_a_plan_that_would_create_is_by_the_fields_of_now(project: Project) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    project.apply()
    asked(project)
    assert project.run("plan")[0] == 0
    assert asked(project) == 0, "every row is known"
    project.customers("A", "B")
    file = str(project.folder / "plan.jsonl")
    assert project.run("plan", "-o", file)[0] == 0
    assert asked(project) == 1
    more = {"entityTypeId": 4, "name": "UF_CRM_MORE", "type": "string"}
    project.portal.control("POST", "fields", more)
    assert project.run("apply", "--only", "companies")[0] == 0
    assert (asked(project), list(project.items(4))) == (2, ["A", "B"]), "planned again, and then sent"
    project.customers("A", "B", "C")
    assert project.run("plan", "-o", file)[0] == 0
    wanted = more | {"name": "UF_CRM_WANTED", "required": True}
    project.portal.control("POST", "fields", wanted)
    for code, command in ((1, ["plan", "specs"]), (6, ["apply", file]), (1, ["apply", "specs"])):
        told = project.run_alone(*command)
        assert (told[0], "SYN315" in told[2]) == (code, True), told
    assert list(project.items(4)) == ["A", "B"]


@pytest.mark.parametrize("key", ["fields", "origin_field"])
def test_a_field_that_was_just_added_is_found(project: Project, key: str) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    project.apply()
    project.portal.control("POST", "fields", {"entityTypeId": 4, "name": "UF_CRM_NEW", "type": "string"})
    more = {"fields": {"ufCrmNew": "{{ row.name }}"}} if key == "fields" else {"origin_field": "ufCrmNew"}
    project.spec({"companies": entity("company", "customer", "id", originatorId="new", **more)})
    assert project.apply().summary == {"created": 1}
    value = "Customer A" if key == "fields" else "new:A"
    assert [item["ufCrmNew"] for item in project.portal.items(4)] == [None, value]


def test_every_field_that_the_portal_would_drop_is_told_at_once(project: Project) -> None:
    project.customers("A")
    fields = {"titel": "x", "createdTime": "2020-01-01T00:00:00+00:00", "id": "7", "title": "x"}
    project.spec({"companies": entity("company", "customer", fields=fields)})
    with pytest.raises(SpecError) as caught:
        project.plan()
    told = [(finding.message.split("'")[1], finding.span.line) for finding in caught.value.findings]
    assert [name for name, _ in told] == ["titel", "createdTime", "id"]
    assert len({line for _, line in told}) == 3
    assert "did you mean `title`" in caught.value.findings[0].hint


def test_a_type_that_the_portal_does_not_have_is_told(project: Project) -> None:
    project.customers("A")
    project.spec({"machines": entity(1998, "customer")})
    with pytest.raises(Exception, match="entityTypeId 1998") as caught:
        project.plan()
    assert "no such entity type" in str(caught.value)


def test_a_smart_process_goes_by_its_title(project: Project) -> None:
    project.portal.control("POST", "types", {"entityTypeId": 1040, "title": "Machines"})
    project.customers("A")
    project.spec({"machines": entity(1, "customer") | {"type": {"spa": "Machines"}}})
    assert project.apply().summary == {"created": 1}
    assert [item["xmlId"] for item in project.portal.items(1040)] == ["erp:A"]
    assert project.plan().summary == {"unchanged": 1}


def test_a_row_without_a_value_that_the_portal_requires_is_blocked_before_it_is_sent(project: Project) -> None:
    needed = {"entityTypeId": 4, "name": "UF_CRM_TAX", "title": "Tax number", "type": "string", "required": True}
    project.portal.control("POST", "fields", needed)
    project.customers("A", "B", "C")
    project.change("UPDATE customer SET name = NULL WHERE id = 'A'")
    project.change("UPDATE customer SET name = '' WHERE id = 'B'")
    project.spec({"companies": entity("company", "customer", fields={"UF_CRM_TAX": "{{ row.name }}"})})
    applied = project.apply()
    assert applied.planned.actions() == {"A": "blocked value", "B": "blocked value", "C": "create"}
    told = "field ufCrmTax (Tax number): the portal requires a value, and this row has none"
    assert {applied.planned.message(key) for key in "AB"} == {told}
    assert applied.summary == {"created": 1, "blocked": 2}
    project.customers("D")
    project.spec({"companies": entity("company", "customer", originatorId="new", origin_field="UF_CRM_TAX")})
    assert project.apply().summary == {"created": 1}, "the key is a value"
