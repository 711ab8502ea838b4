"""One identity, one owner: of several entities and specs that render it, and across runs."""

from __future__ import annotations

import pytest

from tests.execute.dead_runs import died_sending
from tests.plan.project import COMPANIES, QUICK, Project, entity

SUPPLIERS = entity("company", "supplier")


@pytest.fixture
def both(project: Project) -> Project:
    """Customers 1, 2 and suppliers 2, 3, all companies of one originator."""
    project.customers(1, 2)
    project.table("supplier", "id, name", [(2, "Supplier 2"), (3, "Supplier 3")])
    project.spec(COMPANIES | {"suppliers": SUPPLIERS})
    return project


def blocked(project: Project) -> list[tuple[str, str, str]]:
    changes = project.plan().changes
    return [(each["entity"], each["originId"], each["reason"]) for each in changes if each["action"] == "blocked"]


def test_the_first_entity_of_a_plan_has_it(both: Project) -> None:
    assert blocked(both) == [("suppliers", "2", "claimed")]
    assert both.plan().rows("suppliers") == 2
    assert "shop/companies" in both.plan().changes[2]["message"]
    assert both.apply().summary == {"created": 3, "blocked": 1}
    assert both.items(4)["2"]["title"] == "Customer 2"


def test_who_made_it_has_it_whatever_comes_first_now(both: Project) -> None:
    both.apply()
    both.spec({"suppliers": SUPPLIERS} | COMPANIES)
    assert blocked(both) == [("suppliers", "2", "claimed")]
    assert both.plan().summary == {"unchanged": 3, "blocked": 1}


def test_an_adopted_one_has_an_owner_too(both: Project) -> None:
    both.apply()
    both.state_file.unlink()
    plan = both.plan()
    assert plan.summary == {"adopt": 3, "blocked": 1}
    assert both.apply().summary == {"adopted": 3, "blocked": 1}
    assert blocked(both) == [("suppliers", "2", "claimed")]


def test_another_spec_of_the_same_command(both: Project) -> None:
    both.spec(COMPANIES)
    both.spec({"suppliers": SUPPLIERS}, name="shop2")
    plan = both.plan()
    assert [each["name"] for each in plan.document["specs"]] == ["shop", "shop2"]
    assert plan.summary == {"create": 3, "blocked": 1}
    assert both.apply().summary == {"created": 3, "blocked": 1}


def test_another_spec_of_another_day(both: Project) -> None:
    shop = both.spec(COMPANIES)
    both.apply()
    shop.unlink()
    both.spec({"suppliers": SUPPLIERS}, name="shop2")
    plan = both.plan()
    assert plan.actions() == {"2": "blocked claimed", "3": "create"}
    assert "shop/companies" in plan.message("2")


def test_a_prefix_or_an_originator_of_its_own_is_the_way_out(both: Project) -> None:
    both.spec(COMPANIES | {"suppliers": SUPPLIERS | {"originId": "S{{ row.id }}"}})
    assert both.plan().summary == {"create": 4}
    both.spec(COMPANIES | {"suppliers": SUPPLIERS | {"originatorId": "suppliers"}})
    assert both.apply().summary == {"created": 4}
    assert set(both.items(4)) == {"1", "2"}
    assert set(both.items(4, "suppliers")) == {"2", "3"}


def test_another_type_is_another_identity(both: Project) -> None:
    both.spec(COMPANIES | {"suppliers": SUPPLIERS | {"type": "lead"}})
    assert both.apply().summary == {"created": 4}


def test_a_blocked_row_holds_its_identity_within_the_plan(both: Project) -> None:
    """Else the portal's item would depend on what is wrong with another row."""
    both.spec(
        {"companies": entity("company", "customer", fields={"revenue": "{{ row.name }}"}), "suppliers": SUPPLIERS}
    )
    plan = both.plan()
    assert [(each["entity"], each.get("reason")) for each in plan.changes if each["originId"] == "2"] == [
        ("companies", "value"),
        ("suppliers", "claimed"),
    ]


def test_a_failed_row_holds_nothing_and_nobody_blocks_each_other(both: Project) -> None:
    both.spec({"suppliers": SUPPLIERS})
    both.fault("command", at="before", method="crm.item.add", code="CRM_FIELD_ERROR_REQUIRED")
    assert both.apply().listed("failures") == {"2": "CRM_FIELD_ERROR_REQUIRED"}
    both.spec(COMPANIES | {"suppliers": SUPPLIERS})
    assert blocked(both) == [("suppliers", "2", "claimed")]
    assert both.apply().summary == {"created": 2, "unchanged": 1, "blocked": 1}
    assert both.items(4)["2"]["title"] == "Customer 2"


def test_an_open_outcome_belongs_to_who_sent_it(both: Project) -> None:
    both.limits = QUICK | {"settle_seconds": 2}
    both.spec(COMPANIES | {"suppliers": SUPPLIERS})
    died_sending(both, ["2"], entity="suppliers")
    plan = both.plan()
    told = [(each["entity"], each["action"]) for each in plan.changes if each["originId"] == "2"]
    assert told == [("companies", "blocked"), ("suppliers", "unknown")]
    assert both.apply().summary == {"created": 3, "blocked": 1}
    assert both.items(4)["2"]["title"] == "Supplier 2"


def test_a_renamed_entity_keeps_what_it_owns(both: Project) -> None:
    both.spec(COMPANIES)
    both.apply()
    renamed = {"clients": COMPANIES["companies"]}
    both.spec(renamed)
    assert both.plan().summary == {"blocked": 2}
    both.spec({"clients": COMPANIES["companies"] | {"moved_from": "companies"}})
    assert both.plan().summary == {"unchanged": 2}
    assert both.apply().summary == {"unchanged": 2}
    both.spec(renamed)
    assert both.plan().summary == {"unchanged": 2}


def test_a_renamed_spec_keeps_what_it_owns(both: Project) -> None:
    both.spec(COMPANIES).unlink()
    both.spec(COMPANIES)
    both.apply()
    (both.folder / "specs" / "shop.yaml").unlink()
    both.spec(COMPANIES, name="store", moved_from="shop")
    assert both.plan().summary == {"unchanged": 2}
    assert both.apply().summary == {"unchanged": 2}
