"""Keys that look alike, are long or are written oddly: each is one identity, kept as it is, on any portal."""

from __future__ import annotations

from uuid import UUID

from tests.plan.project import COMPANIES, Project, entity
from tests.postgres import Postgres

ODD = [
    "Val2 ",
    " Val2",
    "Val2",
    "val2",
    "VÄL2",
    "val2%20",
    "a&b=c",
    "a+b",
    "a%b",
    "$result[0][id]",
    "[]",
    "a:b",
    'quo"te',
    "it's",
    "back\\slash",
    "{{ row.id }}",
    "Ключ",
    "鍵",
    "🔑",
    "e\u0301",
    "\u00e9",
    "k" * 255,
    "Ж" * 255,
    "0",
    "00123",
    "-1",
    "null",
    str(UUID(int=7)),
]


def test_odd_keys_become_items_of_just_that_key(project: Project) -> None:
    project.customers(*ODD)
    project.spec(COMPANIES)
    applied = project.apply()
    assert applied.summary == {"created": len(ODD)}
    assert set(project.items(4)) == set(ODD)
    assert project.plan().summary == {"unchanged": len(ODD)}


def test_odd_keys_are_found_again_without_the_state(project: Project) -> None:
    project.customers(*ODD)
    project.spec(COMPANIES)
    project.apply()
    project.state_file.unlink()
    assert project.plan().summary == {"adopt": len(ODD)}
    assert project.apply().summary == {"adopted": len(ODD)}
    assert set(project.items(4)) == set(ODD)


def test_odd_keys_go_into_a_custom_field_with_their_originator(project: Project) -> None:
    project.portal.control("POST", "fields", {"entityTypeId": 7, "name": "UF_CRM_KEY", "type": "string"})
    keys = [key for key in ODD if len(key) < 255]
    project.customers(*keys)
    project.spec({"quotes": entity("quote", "customer", origin_field="ufCrmKey")})
    assert project.apply().summary == {"created": len(keys)}
    assert {item["ufCrmKey"] for item in project.portal.items(7)} == {f"erp:{key}" for key in keys}
    project.state_file.unlink()
    assert project.plan().summary == {"adopt": len(keys)}


def test_the_longest_key_is_shorter_where_the_originator_stands_before_it(project: Project) -> None:
    project.customers("k" * 251, "k" * 252)
    project.spec({"invoices": entity("invoice", "customer")})
    plan = project.plan()
    assert plan.summary == {"create": 1, "blocked": 1}
    assert project.apply().summary == {"created": 1, "blocked": 1}
    assert [item["xmlId"] for item in project.portal.items(31)] == ["erp:" + "k" * 251]


def test_a_portal_that_trims_gets_each_key_once(project: Project) -> None:
    keys = ["Val2 ", "val2", "École", "ecole", "A", "a"]
    project.switch(key_trim=True)
    project.customers(*keys)
    project.spec(COMPANIES)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": len(keys)}, 0)
    assert set(project.items(4)) == {key.strip() for key in keys}
    again = project.apply()
    assert (again.summary, project.calls()) == ({"unchanged": len(keys)}, len(keys))


def test_somebody_else_s_item_of_almost_the_same_key_is_told(project: Project) -> None:
    project.switch(key_fold=True)
    project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "ABC"})
    project.customers("abc", "B")
    project.spec(COMPANIES)
    plan = project.plan()
    assert plan.actions() == {"abc": "blocked ambiguous", "B": "create"}
    assert "'ABC'" in plan.message("abc")


def test_a_lost_answer_for_a_key_that_the_portal_trims(project: Project) -> None:
    project.switch(key_trim=True)
    project.customers("A", "Val2 ")
    project.spec(COMPANIES)
    project.fault("drop", at="after", method="batch", skip=4)
    applied = project.apply()
    assert (applied.summary, applied.exit_code, project.calls()) == ({"created": 2}, 0, 2)
    assert set(project.items(4)) == {"A", "Val2"}


def test_a_trimmed_key_is_adopted_when_the_state_was_lost(project: Project) -> None:
    project.switch(key_trim=True)
    project.customers("A", "Val2 ")
    project.spec(COMPANIES)
    project.apply()
    project.state_file.unlink()
    plan = project.plan()
    assert plan.actions() == {"A": "adopt", "Val2 ": "adopt"}
    project.apply()
    assert project.known()["Val2 "].stored_key == "Val2"
    assert set(project.items(4)) == {"A", "Val2"}


def test_a_state_on_a_server_keeps_odd_keys_apart_too(project: Project, postgres: Postgres) -> None:
    project.state_url = postgres.fresh_database()
    project.customers(*ODD)
    project.spec(COMPANIES)
    assert project.apply().summary == {"created": len(ODD)}
    assert project.apply().summary == {"unchanged": len(ODD)}
    project.state_url = postgres.fresh_database()
    assert project.apply().summary == {"adopted": len(ODD)}
