"""Rows packed into import calls within every bound of a batch, and the answers read without trusting their order."""

from __future__ import annotations

from typing import Any

import pytest

from syncer.bitrix24.answer import Done
from syncer.bitrix24.encode import MOST_VARIABLES, command_text, variables
from syncer.bitrix24.imports import AT_ONCE, MOST_ROWS, Load, call, told
from syncer.bitrix24.lookup import KEYS
from syncer.bitrix24.size import MOST_COMMANDS
from syncer.bitrix24.verdict import Verdict
from syncer.model.identity import COMPANY

REQUIRED = {"error": "CRM_FIELD_ERROR_REQUIRED", "error_description": "…"}


def filled(row: dict[str, Any], **more: Any) -> Load:
    load, count = Load(**more), 0
    while load.add(str(count), row):
        count += 1
    return load


@pytest.mark.parametrize("width", [1, 2, 44, 45, 46, 100, 450, 899])
def test_a_request_is_filled_to_its_bounds(width: int) -> None:
    load = filled({f"f{number}": "x" for number in range(width)})
    lists = -(-load.rows // KEYS)
    assert len(load.packs) + lists <= MOST_COMMANDS
    assert load.rows == sum(map(len, load.packs)) <= MOST_ROWS
    if width <= 44:
        assert load.rows == MOST_ROWS
    for pack in load.packs:
        command = call(COMPANY, list(pack.values()))
        assert len(pack) <= AT_ONCE
        assert sum(1 for _ in variables(command.params)) <= MOST_VARIABLES
        command_text(command)  # which raises when it is too much


def test_a_row_may_have_a_call_of_its_own() -> None:
    load = Load()
    assert all(load.add(str(number), {"title": "x"}, alone=number == 1) for number in range(4))
    assert [list(pack) for pack in load.packs] == [["0"], ["1"], ["2", "3"]]


def test_ids_have_no_place_and_errors_have_one() -> None:
    answer = Done({"items": [{"item": {"id": 9}}, REQUIRED, {"item": {"id": "7"}}]})
    found = told(["a", "b", "c"], answer)
    assert found.ids == {7, 9}
    assert {key: (no.code, no.verdict) for key, no in found.errors.items()} == {
        "b": ("CRM_FIELD_ERROR_REQUIRED", Verdict.ITEM)
    }


@pytest.mark.parametrize("result", [{}, [], {"items": {}}, {"items": [None, 5]}, None])
def test_an_answer_of_another_form_tells_nothing(result: Any) -> None:
    found = told(["a", "b"], Done(result))
    assert (found.ids, found.errors) == (frozenset(), {})
