"""Items that refer to items: of the same plan, of earlier runs, adopted, missing, gone."""

from __future__ import annotations

from typing import Any

from syncer.model.identity import DEAL
from tests.execute.dead_runs import died_sending
from tests.plan.project import COMPANIES, DEALS, Project, entity

CONTACTS = entity(
    "contact",
    "person",
    fields={
        "name": "{{ row.name }}",
        "companyId": "{{ ref('companies', row.company) }}",
    },
)


def deal_fields(project: Project, key: str) -> dict[str, Any]:
    return project.items(2)[key]


def test_a_parent_of_the_same_plan_is_shown_by_name_and_sent_by_id(project: Project) -> None:
    project.customers("A")
    project.purchases((1, "A"))
    project.spec(DEALS)
    plan = project.plan()
    assert plan.changes[1]["fields"] == {"title": "Purchase 1", "companyId": {"ref": ["companies", "A"]}}
    project.apply()
    assert deal_fields(project, "1")["companyId"] == project.items(4)["A"]["id"]


def test_a_parent_of_an_earlier_run_is_shown_and_sent_by_its_id(project: Project) -> None:
    project.customers("B", "A")
    project.purchases()
    project.spec(DEALS)
    project.apply()
    project.purchases((1, "A"))
    (change,) = project.plan().changes
    assert change["fields"]["companyId"] == project.items(4)["A"]["id"]
    project.apply()
    assert deal_fields(project, "1")["companyId"] == project.items(4)["A"]["id"]


def test_an_adopted_parent_serves(project: Project) -> None:
    made = project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "A"})
    project.customers("A")
    project.purchases((1, "A"))
    project.spec(DEALS)
    plan = project.plan()
    assert plan.actions() == {"A": "adopt", "1": "create"}
    assert plan.changes[1]["fields"]["companyId"] == made["result"]["item"]["id"]
    project.apply()
    assert deal_fields(project, "1")["companyId"] == made["result"]["item"]["id"]


def test_a_parent_that_is_gone_from_its_source_still_serves(project: Project) -> None:
    project.customers("A")
    project.purchases()
    project.spec(DEALS)
    project.apply()
    project.customers()
    project.purchases((1, "A"))
    assert project.apply().summary == {"created": 1}


def test_no_value_no_reference(project: Project) -> None:
    project.customers("A")
    project.purchases((1, None))
    project.spec(DEALS)
    assert project.plan().changes[1]["fields"] == {"title": "Purchase 1"}
    assert project.apply().summary == {"created": 2}


def test_several_parents_in_a_list_and_in_link_fields(project: Project) -> None:
    project.portal.control(
        "POST", "fields", {"entityTypeId": 2, "name": "UF_CRM_LINKS", "type": "crm", "multiple": True}
    )
    project.customers("A", "B")
    project.table("person", "id, name, company", [(1, "Maria", "A"), (2, "Ana", "B")])
    project.purchases((1, "A"))
    fields = {
        "title": "x",
        "contactIds": ["{{ ref('contacts', 1) }}", "{{ ref('contacts', 2) }}"],
        "ufCrmLinks": ["{{ link('companies', 'A') }}", "{{ link('contacts', 2) }}"],
    }
    project.spec(COMPANIES | {"contacts": CONTACTS, "deals": entity("deal", "purchase", fields=fields)})
    shown = project.plan().changes[-1]["fields"]
    assert shown["contactIds"] == [{"ref": ["contacts", "1"]}, {"ref": ["contacts", "2"]}]
    assert shown["ufCrmLinks"][0]["ref"][:2] == ["companies", "A"]
    project.apply()
    companies, contacts = project.items(4), project.items(3)
    deal = deal_fields(project, "1")
    assert deal["contactIds"] == [contacts["1"]["id"], contacts["2"]["id"]]
    assert deal["ufCrmLinks"] == [f"CO_{companies['A']['id']}", f"C_{contacts['2']['id']}"]


def test_entities_are_taken_in_the_order_of_their_references(project: Project) -> None:
    """Children may be written before their parents."""
    project.customers("A")
    project.purchases((1, "A"))
    project.spec({"deals": DEALS["deals"], "companies": DEALS["companies"]})
    assert [each["entity"] for each in project.plan().document["entities"]] == ["companies", "deals"]
    assert project.apply().summary == {"created": 2}


def test_a_missing_parent_blocks_its_children_and_no_others(project: Project) -> None:
    project.customers("A")
    project.purchases((1, "A"), (2, "B"))
    project.spec(DEALS)
    plan = project.plan()
    assert plan.actions() == {"A": "create", "1": "create", "2": "blocked missing_ref"}
    assert "'B'" in plan.message("2")


def test_a_blocked_parent_blocks_its_line_of_descent(project: Project) -> None:
    project.customers("A", "B", "B")
    project.table("person", "id, name, company", [(1, "Maria", "A"), (2, "Ana", "B")])
    project.purchases((1, 1), (2, 2))
    deals = entity("deal", "purchase", fields={"title": "x", "contactId": "{{ ref('contacts', row.customer) }}"})
    project.spec(COMPANIES | {"contacts": CONTACTS, "deals": deals})
    plan = project.plan()
    assert [(each["entity"], each["originId"]) for each in plan.changes if each.get("reason") == "missing_ref"] == [
        ("contacts", "2"),
        ("deals", "2"),
    ]
    assert plan.summary == {"create": 3, "blocked": 4}
    blocked = {(each["entity"], each["originId"]): each["message"] for each in plan.changes if "message" in each}
    assert "duplicate_key" in blocked["deals", "2"]


def test_a_filtered_parent_is_a_missing_one(project: Project) -> None:
    project.customers("A", "B")
    project.purchases((1, "A"), (2, "B"))
    companies = entity("company", "customer", when="{{ row.id != 'B' }}")
    project.spec({"companies": companies, "deals": DEALS["deals"]})
    assert project.plan().actions() == {"A": "create", "1": "create", "2": "blocked missing_ref"}


def test_a_parent_deleted_in_the_portal_blocks_its_children(project: Project) -> None:
    project.customers("A", "B")
    project.purchases()
    project.spec(DEALS)
    project.apply()
    gone = project.items(4)["B"]["id"]
    project.portal.call("crm.item.delete", entityTypeId=4, id=gone)
    project.purchases((1, "A"), (2, "B"), (3, "B"))
    plan = project.plan()
    assert plan.actions() == {"1": "create", "2": "blocked deleted_ref", "3": "blocked deleted_ref"}
    assert f"item {gone}" in plan.message("2")
    assert project.apply().summary == {"created": 1, "unchanged": 2, "blocked": 2}


def test_a_deleted_grandparent_is_told_through_its_child(project: Project) -> None:
    project.customers("A")
    project.table("person", "id, name, company", [])
    project.purchases((1, 1))
    deals = entity("deal", "purchase", fields={"title": "x", "contactId": "{{ ref('contacts', row.customer) }}"})
    project.spec(COMPANIES | {"contacts": CONTACTS, "deals": deals})
    project.apply()
    project.portal.call("crm.item.delete", entityTypeId=4, id=project.items(4)["A"]["id"])
    project.table("person", "id, name, company", [(1, "Maria", "A")])
    actions = [(each["entity"], each["reason"]) for each in project.plan().changes]
    assert actions == [("contacts", "deleted_ref"), ("deals", "missing_ref")]


def test_a_child_whose_own_outcome_is_open_is_not_sent_to_a_deleted_parent(project: Project) -> None:
    project.customers("A")
    project.purchases()
    project.spec(DEALS)
    project.apply()
    died_sending(project, ["1"], kind=DEAL, entity="deals")
    project.purchases((1, "A"))
    project.portal.call("crm.item.delete", entityTypeId=4, id=project.items(4)["A"]["id"])
    assert project.plan().actions() == {"1": "blocked deleted_ref"}
    project.apply()
    assert project.items(2) == {}


def test_a_child_of_an_open_outcome_waits_for_it_and_is_sent(project: Project) -> None:
    project.customers("A", "B")
    project.purchases((1, "A"), (2, "B"))
    project.spec(DEALS)
    died_sending(project, ["A"])
    plan = project.plan()
    assert plan.actions() == {"A": "unknown", "B": "create", "1": "create", "2": "create"}
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 4}, 0)
    assert deal_fields(project, "1")["companyId"] == project.items(4)["A"]["id"]


def test_a_child_of_an_open_outcome_that_is_gone_from_the_source_is_told_so(project: Project) -> None:
    project.customers("B")
    project.purchases((1, "A"))
    project.spec(DEALS)
    died_sending(project, ["A"])
    plan = project.plan()
    assert plan.actions() == {"B": "create", "1": "blocked missing_ref"}
    assert "learned no outcome" in plan.message("1")


def test_only_brings_what_is_referred_to_and_nothing_else(project: Project) -> None:
    project.customers("A")
    project.table("person", "id, name, company", [(1, "Maria", "A")])
    project.purchases((1, "A"))
    project.spec(DEALS | {"contacts": CONTACTS})
    plan = project.plan(only=["deals"])
    assert [each["entity"] for each in plan.document["entities"]] == ["companies", "deals"]
    assert project.apply(only=["companies"]).summary == {"created": 1}
    assert project.apply(only=["contacts"]).summary == {"created": 1, "unchanged": 1}
    assert project.items(2) == {}


def test_a_self_made_parent_row_that_fails_leaves_its_children_for_later(project: Project) -> None:
    project.customers("A", "B")
    project.purchases((1, "A"), (2, "B"))
    project.spec(DEALS)
    project.fault("command", at="before", method="crm.item.add", code="CRM_FIELD_ERROR_REQUIRED", text="no")
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 2, "failed": 1, "not_sent": 1}, 3)
    assert applied.listed("failures") == {"A": "CRM_FIELD_ERROR_REQUIRED"}
    assert applied.listed("not_sent") == {"1": "parent"}
    assert project.apply().summary == {"created": 2, "unchanged": 2}


def test_only_names_what_there_is(project: Project) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    code, _, errors = project.run("plan", "--only", "compnies")
    assert code == 64
    assert "compnies" in errors
    assert "companies" in errors
