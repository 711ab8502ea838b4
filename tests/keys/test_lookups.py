"""Look-ups that could lie: items that cannot be read, filters that are refused or have no effect."""

from __future__ import annotations

from typing import Any

import pytest

from syncer.errors import PortalError, SpecError
from syncer.store import State
from tests.keys.portals import KINDS, complete, things
from tests.plan.project import COMPANIES, DEALS, Project, entity

KEYS = tuple(f"{number:03}" for number in range(30))

FIELDS = {4: "originId", 31: "xmlId"}
of_each_type = pytest.mark.parametrize("kind", [4, 31, 1302], ids=["company", "invoice", "a smart process"])


def named(project: Project, kind: int, **more: Any) -> None:
    project.customers(*KEYS)
    project.spec({"things": entity(KINDS.get(kind, kind), "customer", **more)})


def requests(project: Project) -> list[int]:
    """How many commands each request had, since the log was cleared."""
    return [entry["commands"] for entry in project.portal.control("GET", "log")["entries"]]


def rules(project: Project, kind: int, field: str) -> dict[str, Any]:
    """What the state keeps of a field's look-ups."""
    with State.open(project.state_url, mode="read") as state:
        copy = state.portals.catalog(state.portals.id("acme"), f"keys:{kind}:{field}")
    assert copy is not None
    return dict(copy.body)


@of_each_type
@pytest.mark.parametrize("admin", [True, False])
def test_what_cannot_be_read_is_found_out_at_the_first_item(project: Project, kind: int, admin: bool) -> None:
    project.switch(hidden=[kind], admin=admin)
    named(project, kind)
    applied = project.apply()
    assert len(project.portal.items(kind)) == 1
    assert applied.exit_code == 7
    assert "the right to read all items of this type" in str(applied.result.error)
    assert "acts as user 1 " in str(applied.result.error)
    assert ("no administrator" in str(applied.result.error)) is not admin
    again = project.apply()
    assert len(project.portal.items(kind)) == 2, "each run finds it out anew, with a row of its own"
    assert again.exit_code == 7
    project.switch(hidden=[])
    assert project.apply().summary == {"created": 28, "unchanged": 2}
    assert len(project.portal.items(kind)) == 30


def test_a_type_that_is_hidden_later_is_found_out_by_the_sweep_and_proved_anew(project: Project) -> None:
    named(project, 4)
    project.apply()
    project.switch(hidden=[4])
    project.customers(*KEYS, "n01", "n02")
    applied = project.apply()
    assert (applied.summary, applied.result.not_found, applied.exit_code) == ({"unchanged": 30, "created": 2}, 2, 7)
    project.customers(*KEYS, "n01", "n02", "n03", "n04")
    assert project.apply().summary == {"unchanged": 32, "created": 1, "not_sent": 1}


ADD_AMID = {"method": "crm.item.add", "skip": 1}


@pytest.mark.parametrize("fault", ["answer lost", "odd code"])
def test_a_type_that_is_hidden_amid_a_run_makes_no_lost_answer_absent(project: Project, fault: str) -> None:
    """The look-up finds nothing, and neither does it find what was just created: so that proves nothing."""
    project.switch(admin=False)
    named(project, 4)
    project.fault("switch", **ADD_AMID, switches={"hidden": [4]})
    if fault == "answer lost":
        project.fault("drop", **ADD_AMID)
    else:
        project.fault("command", method="crm.item.add", at="after", code="UNHEARD_OF", skip=1, times=29)
    applied = project.apply()
    assert (applied.exit_code, applied.summary) == (7, {"created": 1, "unknown": 29})
    assert "lost answers cannot be settled" in str(applied.result.error)
    assert "not shown to user 1 " in str(applied.result.error)
    assert len(project.portal.items(4)) == 30
    again = project.apply()
    assert (again.exit_code, len(project.portal.items(4))) == (7, 30), "nothing is sent before it can be read"
    project.switch(hidden=[])
    assert (project.apply().exit_code, project.plan().summary) == (0, {"unchanged": 30})
    assert len(project.portal.items(4)) == 30


def test_items_that_people_deleted_are_no_sign_of_blindness(project: Project) -> None:
    """One that is left is enough; and an administrator sees all, so that none is left means nothing either."""
    for admin, left, before in ((False, 1, 0), (True, 0, 30)):
        project.switch(admin=admin)
        project.customers(*(f"{before + number:03}" for number in range(60)))
        project.spec({"things": entity("company", "customer")})
        project.fault("switch", **ADD_AMID, switches={})
        project.apply()
        ids = sorted(item["id"] for item in project.items(4).values())
        for number in ids[left:]:
            project.portal.call("crm.item.delete", entityTypeId=4, id=number)
        project.customers(*(f"{before}n{number}" for number in range(5)))
        project.fault("drop", method="crm.item.add", at="before")
        assert project.apply().summary == {"created": 5}


def test_another_user_of_the_portal_proves_for_himself(project: Project) -> None:
    named(project, 4)
    project.apply()
    root, _, code = project.portal.url.rstrip("/").rpartition("/")
    project.portal.url, before = f"{root.removesuffix('/1')}/5/{code}/", project.portal.url
    try:
        project.switch(hidden=[4])
        project.customers(*KEYS, "n1", "n2")
        assert project.apply().summary == {"unchanged": 30, "created": 1, "not_sent": 1}
    finally:
        project.portal.url = before


@pytest.mark.parametrize("right", ["read:4", "read"])
def test_a_user_who_may_not_list_is_told_which_right_is_missing(project: Project, right: str) -> None:
    project.switch(denied=[right])
    named(project, 4)
    with pytest.raises(SpecError, match="may not read items of this type") as caught:
        project.apply()
    (finding,) = caught.value.findings
    assert finding.code == "SYN318"
    assert "the right to read in CRM" in finding.hint
    assert project.portal.items(4) == []


@of_each_type
def test_a_field_that_the_portal_does_not_filter_by_is_refused_before_anything_is_sent(
    project: Project, kind: int
) -> None:
    field = FIELDS.get(kind, "xmlId")
    project.switch(unfilterable=[field])
    named(project, kind)
    with pytest.raises(PortalError, match="origin_field") as caught:
        project.apply()
    assert field in str(caught.value)
    assert project.portal.items(kind) == []


@of_each_type
def test_a_filter_without_effect_is_seen_where_a_type_has_items(project: Project, kind: int) -> None:
    field = FIELDS.get(kind, "xmlId")
    project.switch(ignored_filters=[field])
    project.portal.call("crm.item.add", entityTypeId=kind, fields={"title": "somebody else's"})
    named(project, kind)
    for attempt in (project.plan, project.apply):
        with pytest.raises(PortalError, match="origin_field") as caught:
            attempt()
        assert f"ignores the filter by {field}" in caught.value.summary
    assert len(project.portal.items(kind)) == 1


@of_each_type
def test_a_filter_without_effect_is_seen_at_the_first_item_of_an_empty_type(project: Project, kind: int) -> None:
    project.switch(ignored_filters=[FIELDS.get(kind, "xmlId")])
    named(project, kind)
    applied = project.apply()
    assert "origin_field" in str(applied.result.error)
    assert applied.summary == {"created": 1, "not_sent": 29}
    assert applied.exit_code == 3
    assert len(project.portal.items(kind)) == 1


def test_an_origin_field_mends_both(project: Project) -> None:
    project.switch(unfilterable=["originId"], ignored_filters=["xmlId"])
    project.portal.control("POST", "fields", {"entityTypeId": 4, "name": "UF_CRM_KEY", "type": "string"})
    named(project, 4, origin_field="ufCrmKey")
    assert project.apply().summary == {"created": 30}
    assert project.apply().summary == {"unchanged": 30}


@pytest.mark.parametrize("admin", [True, False])
def test_the_proof_costs_no_request_of_its_own(project: Project, admin: bool) -> None:
    project.switch(admin=admin)
    project.customers(*KEYS)
    project.purchases(*((number, KEYS[number]) for number in range(10)))
    project.spec(DEALS)
    project.apply()
    sent = requests(project)
    assert sent[-6:] == [4, 29, 4, 9, 1, 1], "for each type one item with three questions, the others; then two sweeps"
    assert len(sent) <= 10


def test_what_was_asked_once_is_remembered(project: Project) -> None:
    named(project, 4)
    project.apply()
    assert rules(project, 4, "originId") == {
        "trims": None,
        "cuts_at": None,
        "folds": None,
        "longest": 3,
        "filters": True,
    }
    project.customers(*KEYS, "900", "901")
    project.portal.control("DELETE", "log")
    assert project.apply().summary == {"unchanged": 30, "created": 2}
    assert requests(project) == [1, 2, 1], "a look-up, a batch, a sweep"


def test_a_longer_key_goes_first_and_alone(project: Project) -> None:
    named(project, 4)
    project.apply()
    project.customers(*KEYS, "9000", "9001", "9002")
    project.portal.control("DELETE", "log")
    assert project.apply().summary == {"unchanged": 30, "created": 3}
    assert requests(project) == [2, 2, 2, 1], "a look-up, also of 900; 9000 with a question; the others; a sweep"
    assert complete(project, 4, (*KEYS, "9000", "9001", "9002"))


def test_a_believed_state_asks_nothing(project: Project) -> None:
    project.switch(hidden=[4], unfilterable=["originId"])
    project.customers(*KEYS)
    project.spec({"companies": COMPANIES["companies"] | {"trust_state": True}})
    assert project.apply().summary == {"created": 30}
    assert project.calls("crm.item.list") == 0


def test_an_originator_that_is_cut_is_refused(project: Project) -> None:
    project.switch(key_cut=10)
    project.customers(*KEYS)
    project.spec(COMPANIES, originatorId="northwind-erp")
    applied = project.apply()
    assert applied.summary == {"created": 1, "not_sent": 29}
    assert "'northwind-'" in str(applied.result.error)
    with pytest.raises(PortalError, match="keeps no more than 'northwind-'"):
        project.apply()
    assert len(project.portal.items(4)) == 1


def test_an_originator_before_the_key_that_leaves_no_room_is_refused(project: Project) -> None:
    project.switch(key_cut=10)
    things(project, 31, KEYS)
    project.spec({"things": entity("invoice", "customer")}, originatorId="northwind-erp")
    applied = project.apply()
    assert applied.summary == {"created": 1, "not_sent": 29}
    assert "'northwind-'" in str(applied.result.error)
    assert len(project.portal.items(31)) == 1
