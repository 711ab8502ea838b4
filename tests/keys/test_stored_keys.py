"""Keys that a portal trims, cuts or compares loosely: each row has one item, whatever happens on the way."""

from __future__ import annotations

from typing import Any

import pytest

from tests.keys.portals import KEYS, complete, of_both_stamps, on_every_portal, stored, texts, things
from tests.plan.project import Project


@on_every_portal
@of_both_stamps
def test_each_row_becomes_one_item_and_stays_it(project: Project, kind: int, ways: dict[str, Any]) -> None:
    project.switch(**ways)
    things(project, kind)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": len(KEYS)}, 0)
    assert complete(project, kind)
    assert texts(project, kind).keys() == {stored(kind, key, ways) for key in KEYS}
    again = project.apply()
    assert (again.summary, again.document["requests"]) == ({"unchanged": len(KEYS)}, 0)


@on_every_portal
@of_both_stamps
def test_the_state_remembers_how_a_key_is_stored(project: Project, kind: int, ways: dict[str, Any]) -> None:
    project.switch(**ways)
    things(project, kind)
    project.apply()
    for key, known in project.known(entity_type_id=kind).items():
        form = stored(kind, key, ways).removeprefix("" if kind == 4 else "erp:")
        assert known.stored_key == (None if form == key else form)


@on_every_portal
@of_both_stamps
def test_a_lost_state_is_found_again(project: Project, kind: int, ways: dict[str, Any]) -> None:
    project.switch(**ways)
    things(project, kind)
    project.apply()
    forms = {key: known.stored_key for key, known in project.known(entity_type_id=kind).items()}
    project.state_file.unlink()
    assert project.plan().summary == {"adopt": len(KEYS)}
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"adopted": len(KEYS)}, 0)
    assert {key: known.stored_key for key, known in project.known(entity_type_id=kind).items()} == forms
    assert complete(project, kind)


@on_every_portal
@of_both_stamps
def test_rows_that_are_new_when_the_state_was_lost_are_created(
    project: Project, kind: int, ways: dict[str, Any]
) -> None:
    project.switch(**ways)
    things(project, kind)
    project.apply()
    project.state_file.unlink()
    keys = (*KEYS, "C-000004-of-the-longest-name-of-all", "new ")
    things(project, kind, keys)
    for _ in range(3):
        project.apply()
    assert complete(project, kind, keys)
    assert project.apply().summary == {"unchanged": len(keys)}


@on_every_portal
@of_both_stamps
@pytest.mark.parametrize("batch", [3, 4], ids=["the first item", "the others"])
@pytest.mark.parametrize("at", ["before", "after"])
def test_a_lost_answer_is_settled(project: Project, kind: int, ways: dict[str, Any], batch: int, at: str) -> None:
    project.switch(**ways)
    things(project, kind)
    project.fault("drop", at=at, method="batch", skip=batch - 1)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": len(KEYS)}, 0)
    assert complete(project, kind)
    assert project.apply().summary == {"unchanged": len(KEYS)}


@on_every_portal
def test_an_old_copy_of_the_state_comes_back(project: Project, ways: dict[str, Any]) -> None:
    project.switch(**ways)
    things(project, 4, KEYS[-1:])
    project.apply()
    copy = project.state_file.read_bytes()
    things(project, 4)
    project.apply()
    project.state_file.write_bytes(copy)
    for _ in range(2):
        project.apply()
    assert complete(project, 4)
    assert project.apply().summary == {"unchanged": len(KEYS)}


def test_a_portal_that_begins_to_cut_is_seen(project: Project) -> None:
    things(project, 4)
    project.apply()
    project.switch(key_cut=12)
    keys = (*KEYS, "C-000004-of-the-longest-name-of-all", "D-000005-of-a-name")
    things(project, 4, keys)
    assert project.apply().summary == {"created": 2, "unchanged": len(KEYS)}
    assert complete(project, 4, keys)
