"""The OAuth server's answers, good, bad, slow and hostile: what is made of them, and where tokens go."""

from __future__ import annotations

import socket
from threading import Event
from typing import Any

import pytest
from structlog.testing import capture_logs

from syncer.bitrix24.oauth import OauthAccess
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.renewal import Application, Pair, exchange
from syncer.errors import AnswerLost, PortalError, PortalRefused, PortalUnreachable
from syncer.log import Secret
from tests.bitrix24 import odd_server as odd
from tests.bitrix24.odd_server import OddServer, Received, closed_port
from tests.bitrix24.settings import TestLimits

CLIENT, REFRESH = "planted-client-secret", "planted-refresh-token"
GOOD = {"access_token": "planted-access", "refresh_token": "planted-next-refresh", "user_id": 7}


class Kept:
    """A keeper of one process."""

    def __init__(self, pair: Pair | None = None) -> None:
        self.pair = pair

    def load(self) -> Pair | None:
        return self.pair

    def lock(self) -> bool:
        return True

    def save(self, pair: Pair) -> bool:
        self.pair = pair
        return True

    def unlock(self) -> None:
        pass


def application(server: int, portal: int = 1) -> Application:
    return Application(
        f"127.0.0.1:{portal}", Secret("app.1"), Secret(CLIENT), Secret(REFRESH), f"http://127.0.0.1:{server}"
    )


def silent(error: Exception) -> None:
    """No secret, and no chain to an error that may have one."""
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    assert not any(each in f"{error}{error!r}" for each in (CLIENT, REFRESH, *map(str, list(GOOD.values())[:2])))


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (odd.refuses("PAYMENT_REQUIRED", "Payment required", 402), PortalRefused, "subscription"),
        (odd.refuses("invalid_client", f"no {CLIENT}", 401), PortalRefused, "portal.oauth.client_secret"),
        (odd.refuses("invalid_grant"), PortalRefused, "Install the application anew"),
        (odd.refuses("NOT_INSTALLED", "", 403), PortalRefused, "Install the application anew"),
        (odd.redirects("http://127.0.0.1:1/oauth/token/"), PortalRefused, "portal.oauth.server"),
        (odd.refuses("INTERNAL_SERVER_ERROR", "", 500), AnswerLost, "HTTP 500"),
        (odd.raw(200, b"<html>"), AnswerLost, "no token"),
        (odd.says({"access_token": "planted-access"}), AnswerLost, "without tokens"),
        (odd.says({**GOOD, "refresh_token": ["planted-next-refresh"]}), AnswerLost, "without tokens"),
        (odd.raw(200, b"[" * 100_000), AnswerLost, "no token"),
        (odd.raw(200, b" " * (1 << 21)), AnswerLost, "No complete answer"),
    ],
)  # fmt: skip
def test_an_answer_without_tokens(reply: odd.Reply, kind: type[PortalError], words: str) -> None:
    with OddServer(reply) as server, pytest.raises(kind) as caught:
        exchange(application(server.port), Secret(REFRESH), seconds=60)
    assert type(caught.value) is kind
    assert words in str(caught.value)
    silent(caught.value)
    assert len(server.requests) == 1


def test_no_connection_and_a_server_that_never_ends() -> None:
    with pytest.raises(PortalUnreachable) as caught:
        exchange(application(closed_port()), Secret(REFRESH), seconds=60)
    silent(caught.value)
    enough = Event()

    def drip(connection: socket.socket, _received: Received) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not enough.wait(0.2):
            connection.sendall(b"X-More: 1\r\n")

    with OddServer(drip) as server:
        try:
            with pytest.raises(AnswerLost, match="did not answer in 1 s"):
                exchange(application(server.port), Secret(REFRESH), seconds=1)
        finally:
            enough.set()


def test_tokens_go_to_the_spec_s_portal_alone() -> None:
    """Whatever the OAuth server says of the REST endpoint, and wherever it or the portal redirect to."""
    with OddServer(odd.says({"result": True})) as elsewhere, OddServer(odd.says({"result": {"ID": "7"}})) as ours:
        foreign = f"http://127.0.0.1:{elsewhere.port}/rest/"
        answer = {
            **GOOD,
            "client_endpoint": foreign,
            "server_endpoint": foreign,
            "domain": f"127.0.0.1:{elsewhere.port}",
        }
        with OddServer(odd.says(answer)) as server, capture_logs() as logs:
            access = OauthAccess(application(server.port, ours.port), Kept())
            access.open()
            with Portal(access, TestLimits()) as portal:
                assert portal.call("profile").result == {"ID": "7"}
    assert [request.json() for request in ours.requests] == [{"auth": "planted-access"}]
    assert elsewhere.requests == []
    (told,) = (each for each in logs if each["event"] == "token.elsewhere")
    assert (told["portal"], "portal.oauth.domain" in told["hint"]) == (f"127.0.0.1:{elsewhere.port}", True)
    assert not any("planted" in str(each) for each in logs)


def test_a_portal_that_points_to_a_foreign_host_gets_no_further_token() -> None:
    pair = Pair(Secret("planted-access"), Secret("planted-next-refresh"), "7")
    with OddServer(odd.redirects("https://evil.example/rest/profile")) as ours:
        access = OauthAccess(application(1, ours.port), Kept(pair))
        access.open()
        with Portal(access, TestLimits()) as portal, pytest.raises(PortalRefused) as caught:
            portal.call("profile")
    assert (caught.value.code, "portal.oauth.domain" in caught.value.hint) == ("REDIRECT", True)
    assert "webhook" not in str(caught.value)


def hints(access: OauthAccess, *replies: odd.Reply) -> str:
    with OddServer(*replies) as ours:
        access = OauthAccess(application(1, ours.port), access._keeper)
        access.open()
        with Portal(access, TestLimits()) as portal, pytest.raises(PortalError) as caught:
            portal.call("profile")
    return str(caught.value)


REFUSALS: list[Any] = [
    ("NO_AUTH_FOUND", 401, "does not know this application"), ("INVALID_CREDENTIALS", 401, "Install the application"),
    ("INVALID_CREDENTIALS", 403, "The application's user lacks"), ("insufficient_scope", 403, "application's rights"),
    ("INVALID_REQUEST", 400, "fault of syncer"), ("PORTAL_DELETED", 500, "portal.oauth.domain"),
    ("user_access_error", 403, "intranet user"), ("PAYMENT_REQUIRED", 401, "subscription"),
    ("APPLICATION_NOT_FOUND", 401, "Install the application"), ("ACCESS_DENIED", 403, "plan has no REST"),
]  # fmt: skip


def test_refusals_of_an_application_speak_of_no_webhook() -> None:
    pair = Pair(Secret("planted-access"), Secret("planted-next-refresh"), "7")
    access = OauthAccess(application(1), Kept(pair))
    for code, status, words in REFUSALS:
        said = hints(access, odd.refuses(code, "", status))
        assert words in said, (code, said)
        assert "webhook" not in said.lower(), (code, said)
    gone = OauthAccess(application(1, closed_port()), Kept(pair))
    gone.open()
    with Portal(gone, TestLimits()) as portal, pytest.raises(PortalUnreachable) as caught:
        portal.call("profile")
    assert "portal.oauth.domain" in caught.value.hint
