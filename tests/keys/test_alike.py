"""Rows whose keys a portal may take for one another: none is merged, lost or made twice, and each is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.keys.portals import of_both_stamps, on_every_portal, stored, texts, things, titles, told
from tests.plan.project import COMPANIES, Project, entity

ALIKE = ("ABC", "abc", "ábc", "abc ")
CUT_ALIKE = ("long-key-000001-a", "long-key-000001-b")
OTHERS = ("other", "more")


def sound(project: Project, kind: int, rows: tuple[str, ...]) -> bool:
    """No row has two items, and no two items bear one text."""
    return (
        max(titles(project, kind).values()) == 1
        and max(texts(project, kind).values()) == 1
        and titles(project, kind).keys() <= {f"Customer {key}" for key in rows}
    )


@of_both_stamps
def test_a_portal_that_keeps_keys_apart_gets_all_in_the_first_run(project: Project, kind: int) -> None:
    rows = (*ALIKE, *CUT_ALIKE)
    things(project, kind, rows)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": len(rows)}, 0)
    assert sound(project, kind, rows)
    assert project.plan().summary == {"unchanged": len(rows)}


@on_every_portal
@of_both_stamps
def test_no_row_is_merged_or_lost(project: Project, kind: int, ways: dict[str, Any]) -> None:
    project.switch(**ways)
    rows = (*ALIKE, *CUT_ALIKE, *OTHERS)
    things(project, kind, rows)
    first = project.apply()
    assert first.exit_code == 0
    assert told(first) == len(rows)
    second = project.apply()
    assert (second.summary.get("created", 0), told(second)) == (0, len(rows)), "what one run can find out, it finds out"
    assert sound(project, kind, rows)
    blocked = {key for key, action in second.planned.actions().items() if action == "blocked duplicate_key"}
    assert len(blocked) + second.summary["unchanged"] == len(rows)
    assert blocked == {key for key in rows if f"Customer {key}" not in titles(project, kind)}
    if not ways:
        assert not blocked
    forms = {stored(kind, key, ways) for key in rows}
    if not ways.get("key_fold"):
        assert len(forms) - 1 <= len(titles(project, kind)) <= len(forms), "the two keys that are cut are no one's"


@on_every_portal
@of_both_stamps
def test_a_lost_state_makes_nothing_twice(project: Project, kind: int, ways: dict[str, Any]) -> None:
    project.switch(**ways)
    rows = (*ALIKE, *CUT_ALIKE, *OTHERS)
    things(project, kind, rows)
    project.apply()
    items = titles(project, kind)
    for _ in range(2):
        project.state_file.unlink()
        applied = project.apply()
        assert told(applied) == len(rows)
        assert titles(project, kind) == items
        assert sound(project, kind, rows)


@on_every_portal
@pytest.mark.parametrize("batch", [3, 4, 5])
def test_a_lost_answer_makes_nothing_twice(project: Project, ways: dict[str, Any], batch: int) -> None:
    project.switch(**ways)
    rows = (*ALIKE, *CUT_ALIKE, *OTHERS)
    things(project, 4, rows)
    project.fault("drop", at="after", method="batch", skip=batch - 1)
    project.apply()
    project.apply()
    assert sound(project, 4, rows)
    assert told(project.apply()) == len(rows)


def test_both_keys_are_told(project: Project) -> None:
    project.switch(key_fold=True)
    things(project, 4, ("ABC", "abc", "other"))
    assert project.apply().summary == {"created": 1, "blocked": 2}
    plan = project.plan()
    assert plan.actions() == {"ABC": "blocked duplicate_key", "abc": "blocked duplicate_key"}
    assert "'ABC'" in plan.message("abc")
    assert "'abc'" in plan.message("ABC")


def test_what_was_created_well_is_not_blocked_when_its_like_comes(project: Project) -> None:
    project.switch(key_fold=True)
    things(project, 4, ("abc", "other"))
    project.apply()
    things(project, 4, ("abc", "ABC", "other"))
    assert project.plan().summary == {"unchanged": 2, "blocked": 1}
    assert project.apply().summary == {"unchanged": 2, "blocked": 1}


def test_the_like_of_what_was_created_is_created_where_keys_are_kept_apart(project: Project) -> None:
    things(project, 4, ("12345", "abc"))
    project.apply()
    things(project, 4, ("12345", "abc", "ABC"))
    assert project.apply().summary == {"unchanged": 2, "created": 1}


def test_what_a_portal_had_before_shows_how_it_compares(project: Project) -> None:
    """Nothing that this run sends could."""
    things(project, 4, ("12345",))
    project.apply()
    project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "abc"})
    things(project, 4, ("12345", "abc", "ABC"))
    assert project.apply().summary == {"unchanged": 1, "adopted": 1, "created": 1}
    assert set(project.items(4)) == {"12345", "abc", "ABC"}


@pytest.mark.parametrize("ways", [{}, {"key_fold": True}, {"key_trim": True}], ids=str)
def test_keys_of_two_entities_may_be_alike(project: Project, ways: dict[str, Any]) -> None:
    project.switch(**ways)
    project.customers("abc", "x")
    project.table("supplier", "id, name", [("ABC", "Supplier ABC"), ("abc ", "Supplier abc"), ("y", "Supplier y")])
    project.spec(COMPANIES | {"suppliers": entity("company", "supplier")})
    first = project.apply()
    second = project.apply()
    assert (told(first), told(second), second.summary.get("created", 0)) == (5, 5, 0)
    assert max(texts(project, 4).values()) == 1
    assert first.summary["created"] == {"": 4, "key_fold": 3, "key_trim": 4}["".join(ways)]


def test_a_child_of_a_row_that_is_blocked_while_it_runs_waits(project: Project) -> None:
    project.switch(key_fold=True)
    project.customers("abc", "ABC", "other")
    project.purchases((1, "abc"), (2, "other"))
    deals = entity(
        "deal", "purchase", fields={"title": "{{ row.name }}", "companyId": "{{ ref('companies', row.customer) }}"}
    )
    project.spec(COMPANIES | {"deals": deals})
    applied = project.apply()
    assert applied.summary == {"created": 2, "blocked": 2, "not_sent": 1}
    assert applied.listed("not_sent") == {"1": "parent"}
    assert project.plan().actions()["1"] == "blocked missing_ref"


def test_a_believed_state_holds_nothing_back(project: Project) -> None:
    project.switch(key_fold=True)
    things(project, 4, ALIKE, trust_state=True)
    assert project.apply().summary == {"created": len(ALIKE)}
    assert project.calls("crm.item.list") == 0
