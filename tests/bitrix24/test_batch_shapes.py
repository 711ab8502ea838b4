"""The form of a batch on its way out, and the odd forms in which PHP may answer it."""

from __future__ import annotations

from typing import Any

import pytest

from syncer.bitrix24.answer import Lost, Refusal, taken_apart
from syncer.bitrix24.lookup import Lookup
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.transport import Envelope, Time
from syncer.bitrix24.verdict import Verdict
from syncer.model.identity import COMPANY, Stamp
from tests.bitrix24 import odd_server as odd
from tests.bitrix24.odd_server import OddServer
from tests.bitrix24.settings import TestLimits
from tests.bitrix24.test_portal import companies, company, kinds


@pytest.mark.parametrize("result", [[], {"result": [1, 2]}, {"result": []}, None, "x"], ids=str)
def test_a_batch_answer_without_keys_tells_nothing(result: Any) -> None:
    with OddServer(odd.says({"result": result})) as server, Portal(server.webhook, TestLimits()) as portal:
        assert kinds(portal.submit(companies(2)).result()) == {Lost}


def test_a_batch_is_sent_with_named_keys_and_no_halt() -> None:
    with OddServer(odd.echoes()) as server, Portal(server.webhook, TestLimits()) as portal:
        portal.submit({7: company("a"), "x": company("b")}).result()
    body = server.requests[0].json()
    assert body["halt"] == 0
    assert list(body["cmd"]) == ["k0", "k1"]


def test_errors_in_odd_shapes_are_refusals_of_their_command() -> None:
    errors = {"k0": "ERROR_AS_TEXT", "k1": {"error": 0}, "k2": []}
    with OddServer(odd.batch([], errors)) as server, Portal(server.webhook, TestLimits()) as portal:
        answers = portal.submit(companies(3)).result().values()
    assert [answer.code for answer in answers if isinstance(answer, Refusal)] == ["ERROR_AS_TEXT", "0", "[]"]
    assert {answer.verdict for answer in answers if isinstance(answer, Refusal)} == {Verdict.LOOK}


@pytest.mark.parametrize("code", ["BRAND_NEW", "CRM_FIELD_ERROR_REQUIRED", "NOT_FOUND", ""])
def test_a_whole_batch_that_is_refused_with_a_code_of_one_command_tells_of_none(code: str) -> None:
    with OddServer(odd.refuses(code, "no")) as server, Portal(server.webhook, TestLimits()) as portal:
        answers = portal.submit(companies(2)).result()
    assert list(answers.values()) == [Lost(f"{code or '(no code)'}: no")] * 2
    assert len(server.requests) == 1


def test_a_batch_of_the_wrong_form_may_have_run_and_stops_the_run() -> None:
    with (
        OddServer(odd.refuses("error_batch_length_exceeded")) as server,
        Portal(server.webhook, TestLimits()) as portal,
    ):
        answers = portal.submit(companies(2)).result().values()
    assert {answer.verdict for answer in answers if isinstance(answer, Refusal)} == {Verdict.FORM}


LISTS: list[Any] = [[], None, "x", [{"id": 1}], {}, {"items": None}, {"items": "x"}, {"items": [1]}, {"items": [{}]}]


@pytest.mark.parametrize("result", LISTS, ids=str)
def test_a_list_of_items_that_is_none_is_no_absence(result: Any) -> None:
    envelope = Envelope({"result": {"k0": result}}, Time(), None, None, 200)
    assert taken_apart(envelope, {"k0": "crm.item.list"}) == {"k0": Lost("the answer holds no list of items")}


def test_a_list_of_items_that_is_none_is_asked_for_again() -> None:
    here = {"items": [{"id": 7, "originId": "1", "originatorId": "erp"}]}
    replies = odd.batch({"k0": []}), odd.batch({"k0": here}), odd.batch({"k0": {"items": []}})
    with OddServer(*replies) as server, Portal(server.webhook, TestLimits()) as portal:
        lookup, stamp = Lookup(portal), Stamp("originId", "erp")
        assert lookup.find(COMPANY, stamp, ["1"]) == {"1": (7,)}
        assert len(server.requests) == 2
        assert lookup.find(COMPANY, stamp, ["1"]) == {}


def test_limits_told_within_a_batch_are_heeded() -> None:
    """The bucket counts as full, and after OVERLOAD_LIMIT nothing leaves any more."""
    errors = {"k0": {"error": "QUERY_LIMIT_EXCEEDED"}}
    with OddServer(odd.batch([], errors)) as server, Portal(server.webhook, TestLimits()) as portal:
        portal.submit(companies(1)).result()
        assert portal.pace.turn() > 0
        assert portal.spent.refused == 1
    errors = {"k0": {"error": "OVERLOAD_LIMIT"}}
    with OddServer(odd.batch([], errors)) as server, Portal(server.webhook, TestLimits()) as portal:
        for _ in range(2):
            (answer,) = portal.submit(companies(1)).result().values()
            assert isinstance(answer, Refusal)
            assert answer.verdict is Verdict.RUN
        assert len(server.requests) == 1
