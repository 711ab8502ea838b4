"""Reads that are repeated and creates that are not, against the real sandbox over HTTP and against odd
servers.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from structlog.testing import capture_logs

from syncer.bitrix24.answer import CommandAnswer, Done, Lost, NeverSent, Refusal
from syncer.bitrix24.auth import Kind, Webhook
from syncer.bitrix24.encode import Command
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.verdict import Verdict
from syncer.errors import AnswerLost, Interrupted, PortalRefused, PortalUnreachable
from syncer.log import Secret, configure, logger
from tests.bitrix24 import odd_server as odd
from tests.bitrix24.conftest import Switch, webhook_of
from tests.bitrix24.odd_server import CODE, OddServer
from tests.bitrix24.settings import TestLimits
from tests.bitrix24.test_encode import HARD_TEXTS
from tests.sandbox_process import RunningSandbox


def company(title: str, **fields: Any) -> Command:
    return Command("crm.item.add", {"entityTypeId": 4, "fields": {"title": title, **fields}})


def companies(count: int, **fields: Any) -> dict[str, Command]:
    return {f"key {number}": company(f"Company {number}", **fields) for number in range(count)}


def titles(sandbox: RunningSandbox, originator: str) -> list[str]:
    return [item["title"] for item in sandbox.items(4) if item["originatorId"] == originator]


@contextmanager
def events() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged within the block, before secrets are taken out of it."""
    configure("json", verbose=False)
    logger().info("test.begins")  # the first event sets structlog up
    with capture_logs() as logs:
        yield logs


def kinds(answers: Mapping[Any, CommandAnswer]) -> set[type]:
    return {type(answer) for answer in answers.values()}


def test_a_batch_creates_and_answers_by_key(portal: Portal, sandbox: RunningSandbox) -> None:
    commands = companies(30, originatorId="batch", opened=True)
    commands["bad"] = Command("crm.item.add", {"entityTypeId": 4, "fields": {"assignedById": "nobody"}})
    commands["no type"] = Command("crm.item.add", {"entityTypeId": 555, "fields": {}})
    answers = portal.submit(commands).result()
    assert list(answers) == list(commands)
    ids = [answer.result["item"]["id"] for answer in answers.values() if isinstance(answer, Done)]
    assert len(set(ids)) == 30
    stored = {item["id"]: item["title"] for item in sandbox.items(4)}
    assert [stored[each] for each in ids] == [f"Company {number}" for number in range(30)]
    refused = {key: answer for key, answer in answers.items() if isinstance(answer, Refusal)}
    assert refused["bad"].verdict is Verdict.ITEM
    assert (refused["no type"].code, refused["no type"].verdict) == ("NOT_FOUND", Verdict.TYPE)
    assert portal.spent.requests == 1


def test_hard_text_survives_a_batch(portal: Portal, sandbox: RunningSandbox) -> None:
    texts = [text for text in HARD_TEXTS if text.strip() and "$result[" not in text]
    commands = {text: company(text, originatorId="hard", comments=text[:200]) for text in texts}
    answers = portal.submit(commands).result()
    assert kinds(answers) == {Done}
    assert titles(sandbox, "hard") == texts


def test_a_reference_like_text_travels_alone(portal: Portal, sandbox: RunningSandbox) -> None:
    params = company("price $result[k0][item][id] & more", originatorId="alone", opened=True).params
    answer = portal.submit_alone("crm.item.add", params).result()
    assert isinstance(answer, Done)
    assert titles(sandbox, "alone") == ["price $result[k0][item][id] & more"]


def test_reads_go_fifty_a_request_and_come_back_by_key(portal: Portal) -> None:
    made = portal.submit(companies(50)).result()
    ids = {key: answer.result["item"]["id"] for key, answer in made.items() if isinstance(answer, Done)}
    reads = {
        (key, turn): Command("crm.item.get", {"entityTypeId": 4, "id": item_id})
        for key, item_id in ids.items()
        for turn in range(3)
    }
    before = portal.spent.requests
    answers = portal.read_many(reads)
    assert portal.spent.requests - before == 3
    for (key, _turn), answer in answers.items():
        assert isinstance(answer, Done)
        assert answer.result["item"]["id"] == ids[key]


def test_nothing_to_read_asks_nothing(portal: Portal) -> None:
    assert portal.read_many({}) == {}
    assert portal.spent.requests == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "at": "after"},
        {"kind": "drop", "at": "before"},
        {"kind": "cut"},
        {"kind": "html", "status": 504},
        {"kind": "status", "status": 500, "code": "INTERNAL_SERVER_ERROR"},
        {"kind": "status", "status": 502, "code": "NEVER_SEEN"},
    ],
    ids=str,
)
def test_a_lost_batch_of_creates_is_never_sent_again(
    portal: Portal, sandbox: RunningSandbox, fault: dict[str, Any]
) -> None:
    sandbox.control("POST", "faults", {"method": "batch", **fault})
    origin = f"lost {fault}"
    before = len(titles(sandbox, origin))
    answers = portal.submit(companies(5, originatorId=origin)).result()
    assert kinds(answers) == {Lost}
    assert portal.spent.requests == 1
    assert len(titles(sandbox, origin)) - before == (0 if fault.get("at") == "before" else 5)


def test_commands_that_a_broken_off_batch_does_not_tell_of_are_lost(portal: Portal, sandbox: RunningSandbox) -> None:
    sandbox.control("POST", "faults", {"kind": "delay", "method": "batch", "commands": 2})
    answers = list(portal.submit(companies(4)).result().values())
    assert [type(answer) for answer in answers] == [Done, Done, Lost, Lost]


def test_a_command_that_failed_inside_the_server_is_unknown(portal: Portal, sandbox: RunningSandbox) -> None:
    sandbox.control("POST", "faults", {"kind": "command", "method": "crm.item.add", "skip": 1})
    answers = list(portal.submit(companies(3)).result().values())
    assert [type(answer) for answer in answers] == [Done, Refusal, Done]
    assert isinstance(answers[1], Refusal)
    assert answers[1].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop"},
        {"kind": "html", "status": 502},
        {"kind": "status", "status": 500},
        {"kind": "command", "method": "profile"},
        {"kind": "delay", "commands": 1},
    ],
    ids=str,
)
def test_a_lost_read_is_repeated(portal: Portal, sandbox: RunningSandbox, fault: dict[str, Any]) -> None:
    sandbox.control("POST", "faults", {"method": "batch", **fault})
    answers = portal.read_many({"a": Command("profile", {}), "b": Command("scope", {})})
    assert kinds(answers) == {Done}
    assert portal.spent.requests in (2, 3)  # a lost request halves the next ones


def test_a_lost_single_read_is_repeated(portal: Portal, sandbox: RunningSandbox) -> None:
    sandbox.control("POST", "faults", {"kind": "cut", "method": "profile"})
    assert portal.call("profile").result["ID"]
    assert portal.spent.requests == 2


def test_a_read_that_is_never_answered_is_given_up() -> None:
    with OddServer(odd.hangs_up) as server, Portal(server.webhook, TestLimits()) as portal:
        with pytest.raises(AnswerLost):
            portal.call("profile")
        assert len(server.requests) == 4


def test_refused_by_the_bucket_is_sent_again_and_made_once(sandbox: RunningSandbox, switch: Switch) -> None:
    switch(limits=True, burst=3, requests_per_second=20.0)
    with events() as logs, Portal(webhook_of(sandbox), TestLimits(burst=1000)) as portal:
        futures = [portal.submit({n: company(f"C{n}", originatorId="bucket")}) for n in range(12)]
        answers = [future.result() for future in futures]
    assert all(kinds(answer) == {Done} for answer in answers)
    assert sorted(titles(sandbox, "bucket")) == sorted(f"C{n}" for n in range(12))
    assert portal.spent.refused > 0
    assert portal.spent.requests == 12 + portal.spent.refused
    throttled = [entry for entry in logs if entry["event"] == "portal.throttled"]
    assert len(throttled) == portal.spent.refused
    assert throttled[0]["code"] == "QUERY_LIMIT_EXCEEDED"
    assert [entry["commands"] for entry in logs if entry["event"] == "batch.sent"] == [1] * 12


def test_our_own_bucket_lets_nothing_be_refused(sandbox: RunningSandbox, switch: Switch) -> None:
    switch(limits=True, burst=20, requests_per_second=10.0)
    sandbox.control("DELETE", "limits")
    with Portal(webhook_of(sandbox), TestLimits(burst=20, requests_per_second=10.0, in_flight=8)) as portal:
        futures = [portal.submit({n: Command("profile", {})}) for n in range(30)]
        assert all(kinds(future.result()) == {Done} for future in futures)
        assert portal.spent.refused == 0
        assert portal.pace.level() > 0


def test_a_method_out_of_operating_time_waits_and_the_rest_is_kept(sandbox: RunningSandbox, switch: Switch) -> None:
    switch(limits=True, operating_seconds=1.0, operating_window=2.0, cost={"crm.item.list": 0.5}, burst=1000)
    commands = {n: Command("crm.item.list", {"entityTypeId": 4, "select": ["id"]}) for n in range(5)}
    limits = TestLimits(operating_seconds=100)
    with Portal(webhook_of(sandbox), limits) as portal:
        answers = portal.read_many(commands)
        assert kinds(answers) == {Done}
        assert portal.spent.refused >= 1
        log = sandbox.control("GET", "log")
    assert log["calls"]["crm.item.list"] == 5


def test_a_create_out_of_operating_time_never_ran(sandbox: RunningSandbox, switch: Switch) -> None:
    switch(limits=True, operating_seconds=0.5, cost={"crm.item.add": 0.3}, burst=1000)
    with Portal(webhook_of(sandbox), TestLimits()) as portal:
        answers = list(portal.submit(companies(4)).result().values())
        left = portal.pace.seconds_left("crm.item.add")
    assert [type(answer) for answer in answers] == [Done, Done, Refusal, Refusal]
    assert {answer.verdict for answer in answers[2:] if isinstance(answer, Refusal)} == {Verdict.NEVER_RAN}
    assert portal.spent.refused == 1
    assert left is not None


def test_a_single_read_out_of_operating_time_waits(sandbox: RunningSandbox, switch: Switch) -> None:
    switch(limits=True, operating_seconds=0.5, operating_window=1.0, cost={"crm.item.list": 0.5}, burst=1000)
    with Portal(webhook_of(sandbox), TestLimits(operating_seconds=100)) as portal:
        for _ in range(2):
            portal.call("crm.item.list", {"entityTypeId": 4, "select": ["id"]})
        assert portal.spent.refused >= 1


@pytest.mark.parametrize("renewable", [False, True])
def test_an_expired_token_that_cannot_be_renewed_ends_the_run(renewable: bool) -> None:
    with OddServer(odd.refuses("expired_token", status=401)) as server:
        access = Renewable(server.webhook) if renewable else server.webhook
        with Portal(access, TestLimits()) as portal, pytest.raises(PortalRefused, match="token has expired"):
            portal.call("profile")
        assert len(server.requests) == 1 + renewable


def test_an_overload_block_stops_at_once(portal: Portal, switch: Switch) -> None:
    switch(overloaded=True)
    with pytest.raises(PortalRefused, match="overload") as caught:
        portal.read_many({"a": Command("profile", {})})
    assert caught.value.code == "OVERLOAD_LIMIT"
    assert portal.spent.requests == 1
    (answer,) = portal.submit(companies(1)).result().values()
    assert isinstance(answer, Refusal)
    assert answer.verdict is Verdict.RUN
    assert portal.spent.requests == 1, "nothing leaves any more"


def test_a_wrong_webhook_is_told_with_what_to_do(sandbox: RunningSandbox) -> None:
    webhook = Webhook(Secret(f"{sandbox.root}rest/1/{CODE}/"))
    with Portal(webhook, TestLimits()) as portal, pytest.raises(PortalRefused) as caught:
        portal.call("profile")
    assert caught.value.code == "NO_AUTH_FOUND"
    assert "webhook" in caught.value.hint
    assert CODE not in str(caught.value)


def test_a_missing_scope_in_a_batch_is_told(portal: Portal, switch: Switch) -> None:
    switch(scopes=["crm"])
    with pytest.raises(PortalRefused, match="user_basic"):
        portal.read_many({"u": Command("user.get", {}), "p": Command("profile", {})})


def test_a_refused_read_comes_back_as_a_refusal(portal: Portal) -> None:
    answers = portal.read_many({"x": Command("crm.item.get", {"entityTypeId": 4, "id": 999999})})
    assert isinstance(answers["x"], Refusal)
    assert answers["x"].verdict is Verdict.ITEM
    with pytest.raises(PortalRefused, match="no such item"):
        portal.call("crm.item.get", {"entityTypeId": 4, "id": 999999})


def test_a_portal_that_moved_is_followed(sandbox: RunningSandbox, switch: Switch) -> None:
    with OddServer(odd.redirects(f"{sandbox.url}batch")) as old:
        code = sandbox.url.rstrip("/").rpartition("/")[2]
        webhook = Webhook(Secret(f"http://127.0.0.1:{old.port}/rest/1/{code}/"))
        with events() as logs, Portal(webhook, TestLimits()) as portal:
            assert kinds(portal.submit(companies(1)).result()) == {Done}
    (warning,) = [entry for entry in logs if entry["event"] == "portal.moved"]
    assert "portal.webhook" in warning["hint"]
    assert code not in str(warning)


def test_a_create_waits_for_a_portal_that_comes_up() -> None:
    port = odd.closed_port()
    webhook = Webhook(Secret(f"http://127.0.0.1:{port}/rest/1/{CODE}/"))
    with Portal(webhook, TestLimits()) as portal:
        future = portal.submit({"a": company("x")})
        with OddServer(odd.batch({"k0": {"item": {"id": 5}}}), port=port) as server:
            answers = future.result()
            assert len(server.requests) == 1
    assert answers == {"a": Done({"item": {"id": 5}})}


def test_a_portal_that_stays_away_was_never_sent_to() -> None:
    webhook = Webhook(Secret(f"http://127.0.0.1:{odd.closed_port()}/rest/1/{CODE}/"))
    with Portal(webhook, TestLimits()) as portal:
        future = portal.submit(companies(2))
        alone = portal.submit_alone("crm.item.add", {})
        with pytest.raises(PortalUnreachable, match=r"No connection to 127\.0\.0\.1") as caught:
            portal.call("profile")
        assert CODE not in "".join(traceback.format_exception(caught.value))
        assert kinds(future.result()) == {NeverSent}
        assert isinstance(alone.result(), NeverSent)


def test_a_stop_ends_reads_and_lets_no_create_leave(sandbox: RunningSandbox) -> None:
    stop = Event()
    with Portal(webhook_of(sandbox), TestLimits(), stop=stop) as portal:
        stop.set()
        assert kinds(portal.submit(companies(2)).result()) == {NeverSent}
        with pytest.raises(Interrupted):
            portal.call("profile")
        assert portal.spent.requests == 0


def test_a_stop_ends_a_wait_between_attempts() -> None:
    stop = Event()
    with (
        OddServer(lambda _connection, _request: stop.set()) as server,
        Portal(server.webhook, TestLimits(in_flight="auto"), stop=stop) as portal,
    ):
        with pytest.raises(Interrupted):
            portal.read_many({"a": Command("profile", {})})
        assert len(server.requests) == 1
        assert portal.in_flight.limit() == 4


def test_what_was_submitted_is_answered_before_close(sandbox: RunningSandbox) -> None:
    sandbox.control("POST", "faults", {"kind": "delay", "method": "batch", "seconds": 0.3})
    with Portal(webhook_of(sandbox), TestLimits(in_flight=1)) as portal:
        future = portal.submit(companies(1))
        while not portal.spent.requests:
            pass
    assert kinds(future.result(timeout=0)) == {Done}


def test_more_than_fifty_commands_are_a_fault_of_ours(portal: Portal) -> None:
    with pytest.raises(ValueError, match="51 commands"):
        portal.submit(companies(51))
    with pytest.raises(ValueError, match="travel alone"):
        portal.submit({"a": company("$result[k0]")})


class Renewable:
    """An access whose token can be renewed once, as an application's."""

    kind: Kind = "application"
    setting = "portal.oauth.domain"

    def __init__(self, webhook: Webhook) -> None:
        self.origin = webhook.origin
        self.caller = webhook.caller
        self.tokens = ["old"]
        self._webhook = webhook

    def path(self, method: str) -> str:
        return self._webhook.path(method)

    def body(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**params, "auth": self.tokens[-1]}

    def renew(self) -> bool:
        self.tokens.append("new")
        return True


@pytest.mark.parametrize(("refusals", "answer"), [(1, Done), (2, Refusal)])
def test_an_expired_token_is_renewed_once_and_the_call_repeated(refusals: int, answer: type) -> None:
    expired = odd.refuses("expired_token", "The access token provided has expired", 401)
    replies = [*[expired] * refusals, odd.batch({"k0": 1})]
    with OddServer(*replies) as server:
        access = Renewable(server.webhook)
        with Portal(access, TestLimits()) as portal:
            assert kinds(portal.submit(companies(1)).result()) == {answer}
    assert [request.json()["auth"] for request in server.requests] == ["old", "new"]


def test_reads_do_not_wait_behind_creates_that_wait(sandbox: RunningSandbox, switch: Switch) -> None:
    switch(limits=True, operating_seconds=0.5, cost={"crm.item.add": 0.5}, burst=1000)
    stop = Event()
    with Portal(webhook_of(sandbox), TestLimits(in_flight=1, operating_seconds=0.5), stop=stop) as portal:
        assert kinds(portal.submit(companies(1)).result()) == {Done}
        waiting = portal.submit(companies(1))
        assert portal.call("profile").result["ID"]
        assert not waiting.done()
        stop.set()
        assert kinds(waiting.result()) == {NeverSent}
