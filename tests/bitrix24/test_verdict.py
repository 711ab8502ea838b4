"""Every documented code, as the documentation gives it: status, code and text from the error tables."""

from __future__ import annotations

import pytest

from syncer.bitrix24.answer import refusal
from syncer.bitrix24.transport import Refused
from syncer.bitrix24.verdict import TABLE, Verdict, rule_for
from tests.bitrix24.documented import DOCUMENTED, Documented


@pytest.mark.parametrize("told", DOCUMENTED, ids=lambda told: f"{told.status} {told.method} {told.code}")
def test_a_documented_refusal(told: Documented) -> None:
    rule = rule_for(told.code, method=told.method, status=told.status, text=told.text)
    assert rule.verdict is told.verdict, told.why


@pytest.mark.parametrize("code", sorted({told.code for told in DOCUMENTED}))
def test_the_case_of_a_code_means_nothing(code: str) -> None:
    assert rule_for(code.upper(), method="crm.item.add", status=400) == rule_for(
        code.lower(), method="crm.item.add", status=400
    )


def test_every_row_of_the_table_decides_some_documented_refusal() -> None:
    used = {id(rule_for(told.code, method=told.method, status=told.status, text=told.text)) for told in DOCUMENTED}
    assert [rule.codes for rule in TABLE if id(rule) not in used] == []


def test_every_code_of_the_table_is_tested() -> None:
    tested = {told.code.casefold() for told in DOCUMENTED}
    assert {code for rule in TABLE for code in rule.codes} <= tested


@pytest.mark.parametrize("rule", [rule for rule in TABLE if rule.verdict in (Verdict.RUN, Verdict.FORM, Verdict.TYPE)])
def test_what_stops_a_run_or_a_type_is_explained(rule: object) -> None:
    assert getattr(rule, "summary", "")
    assert getattr(rule, "hint", "") or "portal refuses" in getattr(rule, "summary", "")


def test_a_missing_scope_is_named() -> None:
    error = refusal("user.get", Refused("insufficient_scope", "", 403), status=None).error()
    assert "scope user (or user_basic)" in error.hint
    assert error.code == "insufficient_scope"
    assert "crm" in refusal("crm.item.add", Refused("insufficient_scope", "", 403), status=403).error().hint


def test_a_refusal_tells_the_portals_own_words() -> None:
    error = refusal("crm.item.add", Refused("NEW_CODE", "Das geht nicht {so}", 400), status=400).error()
    assert "crm.item.add: NEW_CODE: Das geht nicht {so}" in str(error)
    assert error.status == 400
