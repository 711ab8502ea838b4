"""What the portal refuses: a row, a type, everything, or for now; and what that means for the other rows."""

from __future__ import annotations

import pytest

from syncer.errors import PortalRefused
from syncer.store import Status
from tests.plan.project import COMPANIES, DEALS, QUICK, Project, entity


def refuse(project: Project, code: str, *, at: str = "before", times: int = 1, skip: int = 0, text: str = "no") -> None:
    """The portal refuses a create with this code."""
    project.fault("command", at=at, method="crm.item.add", code=code, text=text, times=times, skip=skip)


def test_a_refused_row_is_recorded_with_the_portal_s_words_and_loses_no_sibling(project: Project) -> None:
    project.customers("A", "B", "C", "D")
    project.spec(COMPANIES)
    refuse(project, "CRM_FIELD_ERROR_VALUE_NOT_VALID", skip=2, text='Invalid value for field "Title"')
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 3, "failed": 1}, 3)
    assert applied.document["failures"] == [
        {
            "spec": "shop",
            "entity": "companies",
            "originId": "C",
            "code": "CRM_FIELD_ERROR_VALUE_NOT_VALID",
            "message": 'Invalid value for field "Title"',
        }
    ]
    assert set(project.items(4)) == {"A", "B", "D"}
    known = project.known()["C"]
    assert (known.status, known.code, known.attempts) == (Status.FAILED, "CRM_FIELD_ERROR_VALUE_NOT_VALID", 1)


def test_a_refused_row_is_tried_again_by_the_next_run(project: Project) -> None:
    project.customers("A", "B")
    project.spec(COMPANIES)
    refuse(project, "CRM_FIELD_ERROR_REQUIRED", skip=1)
    project.apply()
    assert project.plan().actions() == {"B": "create"}
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 1, "unchanged": 1}, 0)
    assert project.known()["B"].attempts == 0


@pytest.mark.parametrize("rows", [3, 220])
def test_a_code_that_nobody_documented_is_looked_up_and_stops_no_other_row(project: Project, rows: int) -> None:
    """However many rows it hits, one after the other."""
    project.customers(*(f"{number:03}" for number in range(rows)))
    project.spec(COMPANIES)
    refuse(project, "ERROR_CORE", times=rows - 2, skip=1)
    applied = project.apply()
    assert applied.summary == {"created": 2, "failed": rows - 2}
    assert set(applied.listed("failures").values()) == {"ERROR_CORE"}
    there = project.items(4)  # requests in flight at once come in any order, so the second one may be any row
    assert ("000" in there, len(there)) == (True, 2)


def test_an_undocumented_code_of_a_row_that_is_there_is_a_success(project: Project) -> None:
    project.customers("A", "B")
    project.spec(COMPANIES)
    refuse(project, "ERROR_CORE", at="after", skip=1)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 2}, 0)
    assert set(project.items(4)) == {"A", "B"}


def test_a_refused_type_stops_that_entity_alone(project: Project) -> None:
    project.customers(*"ABC")
    project.table("person", "id, name", [(1, "x"), (2, "y")])
    leads = {"leads": entity("lead", "person")}
    project.spec(COMPANIES | leads)
    project.switch(denied=["add:4"])
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 2, "not_sent": 3}, 3)
    assert applied.listed("not_sent") == dict.fromkeys("ABC", "refused")
    assert "ACCESS_DENIED" in str(applied.result.error)
    assert project.known() == {}, "no row has failed"
    project.switch(denied=[])
    assert project.apply().summary == {"created": 3, "unchanged": 2}


def test_children_of_a_refused_type_wait(project: Project) -> None:
    project.customers("A")
    project.purchases((1, "A"), (2, None))
    project.spec(DEALS)
    project.switch(denied=["add:4"])
    applied = project.apply()
    assert applied.summary == {"created": 1, "not_sent": 2}
    assert applied.listed("not_sent") == {"A": "refused", "1": "parent"}


@pytest.mark.parametrize("code", ["insufficient_scope", "ERROR_METHOD_NOT_FOUND"])
def test_what_holds_for_the_run_stops_it_and_leaves_nothing_open(project: Project, code: str) -> None:
    project.customers(*(f"{number:02}" for number in range(40)))
    project.spec(COMPANIES)
    refuse(project, code, skip=5, times=0)
    applied = project.apply()
    assert applied.exit_code == 3
    assert isinstance(applied.result.error, PortalRefused)
    assert applied.summary == {"created": 5, "not_sent": 35}
    assert set(applied.listed("not_sent").values()) == {"stopped"}
    assert {each.status for each in project.known().values()} == {Status.CREATED}
    project.portal.control("DELETE", "faults")
    assert project.apply().summary == {"created": 35, "unchanged": 5}
    assert len(project.items(4)) == 40


def test_a_batch_of_the_wrong_form_may_have_run_in_part_and_stops_the_run(project: Project) -> None:
    """A portal that took fewer commands than documented, say."""
    project.customers(*(f"{number:02}" for number in range(40)))
    project.spec(COMPANIES)
    project.limits = QUICK | {"in_flight": 1}
    project.spec(COMPANIES)
    code = "ERROR_BATCH_LENGTH_EXCEEDED"
    project.fault("status", at="after", method="batch", skip=4, commands=3, status=400, code=code)
    applied = project.apply()
    assert (applied.exit_code, applied.summary["created"]) == (7, 1)
    assert applied.summary["unknown"] == sum(each.status is Status.UNKNOWN for each in project.known().values()) > 3
    assert "please report it" in str(applied.result.error)
    assert project.apply().exit_code == 0
    assert (len(project.items(4)), project.calls()) == (40, 40)


def test_a_revoked_webhook_stops_the_run_where_it_is(project: Project) -> None:
    project.customers(*(f"{number:02}" for number in range(40)))
    project.spec(COMPANIES)
    project.fault("status", at="before", method="batch", skip=4, times=0, status=401, code="NO_AUTH_FOUND", text="no")
    applied = project.apply()
    assert applied.exit_code == 3
    assert "webhook" in str(applied.result.error)
    assert applied.summary == {"created": 1, "not_sent": 39}
    assert {each.status for each in project.known().values()} == {Status.CREATED}


def test_a_run_that_wrote_nothing_ends_with_1(project: Project) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    refuse(project, "insufficient_scope", times=0)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"not_sent": 1}, 1)
    assert project.known() == {}


def test_an_overloaded_portal_is_asked_nothing_more(project: Project) -> None:
    project.limits = QUICK | {"in_flight": 1}
    project.customers(*(f"{number:02}" for number in range(40)))
    project.spec(COMPANIES)
    project.fault("status", at="before", method="batch", skip=5, times=0, status=503, code="OVERLOAD_LIMIT", text="no")
    applied = project.apply()
    assert applied.exit_code == 3
    assert "vendor" in str(applied.result.error)
    assert [entry["fault"] for entry in project.portal.control("GET", "log")["entries"]].count("status") == 1
    assert {each.status for each in project.known().values()} == {Status.CREATED}


def test_a_full_bucket_is_waited_for(project: Project) -> None:
    project.customers(*(f"{number:02}" for number in range(30)))
    project.spec(COMPANIES)
    project.fault("status", at="before", method="batch", skip=4, status=503, code="QUERY_LIMIT_EXCEEDED")
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 30}, 0)
    assert applied.document["refused"] == 1
    assert project.calls() == 30


def test_commands_over_the_method_s_time_go_again_and_no_others(project: Project) -> None:
    project.switch(limits=True, burst=1000, operating_seconds=0.5, operating_window=1, cost={"crm.item.add": 0.1})
    project.customers(*(f"{number:02}" for number in range(8)))
    project.spec(COMPANIES)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 8}, 0)
    assert applied.document["refused"] >= 1
    assert project.calls() == 8
    assert len(project.items(4)) == 8
