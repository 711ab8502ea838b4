"""What becomes of each source row, why, and that every row is accounted for."""

from __future__ import annotations

from typing import Any

import pytest

from syncer.model.identity import COMPANY
from syncer.store import State
from tests.execute.dead_runs import died_sending
from tests.plan.project import COMPANIES, DEALS, Planned, Project, entity


def people(*rows: tuple[Any, Any], **more: Any) -> tuple[str, list[tuple[Any, Any]], dict[str, Any]]:
    return "id, name", list(rows), {"companies": entity("company", "customer", **more)}


def planned(project: Project, *rows: tuple[Any, Any], **more: Any) -> Planned:
    """The plan of companies with these (key, name) rows; the counts cover them all."""
    columns, values, entities = people(*rows, **more)
    project.table("customer", columns, values)
    project.spec(entities)
    plan = project.plan()
    assert plan.rows("companies") == len(rows)
    return plan


def test_what_nobody_knows_is_created(project: Project) -> None:
    plan = planned(project, ("A", "Alfreds"), (7, "Berglunds"))
    assert plan.summary == {"create": 2}
    assert plan.changes[1] == {
        "spec": "shop",
        "entity": "companies",
        "entityTypeId": 4,
        "action": "create",
        "originatorId": "erp",
        "originId": "A",
        "fields": {"title": "Alfreds"},
    }
    assert [each["originId"] for each in plan.changes] == ["7", "A"]


def test_what_the_portal_has_is_adopted(project: Project) -> None:
    made = project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "A"})
    plan = planned(project, ("A", "Alfreds"), ("B", "Berglunds"))
    assert plan.summary == {"create": 1, "adopt": 1}
    assert plan.changes[0]["action"] == "adopt"
    assert plan.changes[0]["id"] == made["result"]["item"]["id"]
    assert "fields" not in plan.changes[0]


def test_what_the_state_knows_is_unchanged_and_nobody_is_asked(project: Project) -> None:
    project.customers("A", "B")
    project.spec(COMPANIES)
    project.apply()
    project.portal.control("DELETE", "log")
    plan = project.plan()
    assert (plan.summary, plan.changes) == ({"unchanged": 2}, [])
    assert plan.document["forecast"].items() >= {"requests": 0, "seconds": 0.0, "automations": 0}.items()
    assert project.portal.control("GET", "log")["requests"] == 0


def test_a_false_condition_filters_a_row_whatever_else_is_wrong_with_it(project: Project) -> None:
    plan = planned(project, ("A", "Alfreds"), ("", ""), (None, None), when="{{ row.name }}")
    assert plan.summary == {"create": 1, "filtered": 2}
    assert plan.actions() == {"A": "create"}


@pytest.mark.parametrize(
    ("fields", "reason", "told"),
    [
        ({"title": "{{ row.name + 1 }}"}, "render", "fields.title"),
        ({"title": "{{ row.name }}", "assignedById": "{{ row.name }}"}, "value", "assignedById"),
        ({"industry": "{{ status('INDUSTRY', row.name) }}"}, "value", "Alfreds"),
        ({"title": "{{ row.name }}", "opened": "{{ row.name }}"}, "value", "opened"),
    ],
)
def test_a_row_that_cannot_be_made_is_blocked_with_the_reason(
    project: Project, fields: dict[str, str], reason: str, told: str
) -> None:
    plan = planned(project, ("A", "Alfreds"), fields=fields)
    assert plan.actions() == {"A": f"blocked {reason}"}
    assert told in plan.message("A")


def test_one_bad_row_stops_no_other(project: Project) -> None:
    fields = {"title": "{{ row.name }}", "revenue": "{{ row.name }}"}
    plan = planned(project, ("A", "12"), ("B", "much"), ("C", "13"), fields=fields)
    assert plan.actions() == {"A": "create", "B": "blocked value", "C": "create"}


def test_empty_and_impossible_keys_are_blocked_and_named_by_their_row(project: Project) -> None:
    plan = planned(project, ("A", "x"), (None, "x"), ("  ", "x"), (1.5, "x"), ("a\nb", "x"), ("k" * 256, "x"))
    told = [(each.get("reason"), each["message"].partition(":")[0]) for each in plan.changes if not each["originId"]]
    assert told == [
        ("empty_key", "row 2"),
        ("empty_key", "row 3"),
        ("bad_key", "row 4"),
        ("bad_key", "row 5"),
        ("bad_key", "row 6"),
    ]
    assert plan.summary == {"create": 1, "blocked": 5}


def test_a_key_that_occurs_twice_blocks_every_row_of_it(project: Project) -> None:
    plan = planned(project, ("A", "x"), ("B", "x"), ("A", "y"), ("A", ""), fields={"title": "{{ row.name }}"})
    assert plan.summary == {"create": 1, "blocked": 3}
    assert [each["originId"] for each in plan.changes if each["action"] == "blocked"] == ["A"] * 3
    assert "3 rows" in plan.message("A")


def test_a_key_that_occurs_twice_by_now_is_blocked_though_its_item_is_there(project: Project) -> None:
    project.customers("A", "B")
    project.spec(COMPANIES)
    project.apply()
    plan = planned(project, ("A", "x"), ("B", "x"), ("A", "x"))
    assert plan.summary == {"unchanged": 1, "blocked": 2}
    assert plan.actions() == {"A": "blocked duplicate_key"}


def test_a_key_that_occurs_twice_far_apart_is_found(project: Project) -> None:
    """The source is read in batches of 5,000 rows."""
    project.table("customer", "id, name", [(number % 10_001, "x") for number in range(10_003)])
    project.spec(COMPANIES)
    plan = project.plan()
    assert plan.rows("companies") == 10_003
    assert plan.summary == {"create": 9_999, "blocked": 4}
    assert {key for key, action in plan.actions().items() if action == "blocked duplicate_key"} == {"0", "1"}


def test_a_key_is_one_text_however_it_was_typed(project: Project) -> None:
    """1 and '1' and 1.0 are one key in the portal."""
    plan = planned(project, (1, "x"), ("1", "x"), (1.0, "x"))
    assert plan.actions() == {"1": "blocked duplicate_key"}
    assert plan.summary == {"blocked": 3}


def test_items_of_which_there_are_two_are_told_and_none_is_picked(project: Project) -> None:
    for _ in range(2):
        project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "A"})
    plan = planned(project, ("A", "x"))
    assert plan.actions() == {"A": "blocked ambiguous"}
    assert "1, 2" in plan.message("A")


def test_an_item_of_another_originator_is_not_ours(project: Project) -> None:
    project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "crm", "originId": "A"})
    assert planned(project, ("A", "x")).actions() == {"A": "create"}


def test_what_a_dead_run_was_sending_is_unknown(project: Project) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    died_sending(project, ["A"])
    plan = planned(project, ("A", "x"), ("B", "x"))
    assert plan.actions() == {"A": "unknown", "B": "create"}


def test_a_believed_state_asks_the_portal_for_no_item(project: Project) -> None:
    project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "A"})
    project.portal.control("DELETE", "log")
    assert planned(project, ("A", "x"), trust_state=True).actions() == {"A": "create"}
    assert project.calls("crm.item.list") == 0


def test_rows_that_were_refused_too_often_wait_for_somebody(project: Project) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    project.fault("command", at="before", method="crm.item.add", times=0, code="CRM_FIELD_ERROR_REQUIRED")
    for _ in range(3):
        assert project.apply().summary == {"failed": 1}
    project.portal.control("DELETE", "faults")
    plan = project.plan()
    assert plan.actions() == {"A": "blocked quarantined"}
    assert "3 times: CRM_FIELD_ERROR_REQUIRED" in plan.message("A")
    project.table("customer", "id, name", [("A", "mended")])
    assert project.plan().actions() == {"A": "create"}


def test_the_state_is_opened_for_reading_and_never_made(project: Project) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    project.plan()
    assert list(project.state_file.parent.iterdir()) == []
    project.apply()
    project.customers("A", "B")
    before = {each: each.read_bytes() for each in project.state_file.parent.iterdir()}
    assert project.plan().summary == {"create": 1, "unchanged": 1}
    assert {each: each.read_bytes() for each in project.state_file.parent.iterdir()} == before


def test_the_portal_is_only_read(project: Project) -> None:
    project.customers("A")
    project.purchases((1, "A"))
    project.spec(DEALS)
    project.plan()
    calls = project.portal.control("GET", "log")["calls"]
    assert set(calls) == {"crm.item.fields", "crm.item.list"}


def test_twins_that_somebody_mended_are_adopted(project: Project) -> None:
    project.customers("A")
    project.purchases((1, "A"))
    project.spec(DEALS)
    first = project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "A"})
    with State.open(project.state_url, mode="write"):
        pass
    died_sending(project, ["A"])
    second = project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "A"})
    ids = [each["result"]["item"]["id"] for each in (first, second)]
    applied = project.apply()
    assert applied.planned.actions() == {"A": "blocked ambiguous", "1": "blocked missing_ref"}
    assert f"{ids[0]}, {ids[1]}" in applied.planned.message("A")
    project.portal.call("crm.item.delete", entityTypeId=4, id=ids[0])
    plan = project.plan()
    assert plan.actions() == {"A": "adopt", "1": "create"}
    assert plan.changes[0]["id"] == ids[1]
    project.apply()
    assert project.items(2)["1"]["companyId"] == ids[1]
    assert project.known(entity_type_id=COMPANY)["A"].item_id == ids[1]
