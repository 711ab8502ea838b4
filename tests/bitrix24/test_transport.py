"""One POST: what arrives at the portal, and what is known when the answer is odd or does not come."""

from __future__ import annotations

import logging
import threading
import traceback
from typing import Any

import pytest

from syncer.bitrix24.auth import Webhook
from syncer.bitrix24.transport import Envelope, Refused, Transport, _target
from syncer.errors import AnswerLost, PortalError, PortalUnreachable
from syncer.log import Secret
from tests.bitrix24 import odd_server as odd
from tests.bitrix24.odd_server import CODE, OddServer


def post(server: OddServer, method: str = "crm.item.add", seconds: float = 60, **params: Any) -> Envelope | Refused:
    transport = Transport(server.webhook, request_seconds=seconds)
    try:
        return transport.post(method, params)
    finally:
        transport.close()


def test_a_call_is_a_json_post_with_our_name() -> None:
    with OddServer(odd.says({"result": {"id": 7}, "time": {"duration": 0.25, "operating": 1.5}})) as server:
        answer = post(server, fields={"title": "Ж & 👩‍🚀", "opened": True, "none": None})
    assert isinstance(answer, Envelope)
    assert answer.result == {"id": 7}
    assert (answer.time.duration, answer.time.operating, answer.time.operating_reset_at) == (0.25, 1.5, None)
    (request,) = server.requests
    assert request.path == f"/rest/1/{CODE}/crm.item.add"
    assert request.json() == {"fields": {"title": "Ж & 👩‍🚀", "opened": "Y"}}
    assert request.headers["user-agent"].startswith("syncer/")
    assert request.headers["content-type"] == "application/json"
    assert "cookie" not in request.headers


def test_cookies_of_the_portal_are_not_sent_back() -> None:
    """A PHP session would be locked by each request: the next ones would wait for it."""
    with OddServer(odd.raw(200, b'{"result": 1}', "Set-Cookie: PHPSESSID=x; path=/")) as server:
        transport = Transport(server.webhook, request_seconds=60)
        transport.post("profile", {})
        transport.post("profile", {})
        transport.close()
    assert [request.headers.get("cookie") for request in server.requests] == [None, None]


@pytest.mark.parametrize(
    ("body", "status", "code", "text"),
    [
        ({"error": "NOT_FOUND", "error_description": "no"}, 400, "NOT_FOUND", "no"),
        ({"error": "NOT_FOUND", "error_description": "no"}, 200, "NOT_FOUND", "no"),
        ({"error": "", "error_description": "Access denied."}, 400, "", "Access denied."),
        ({"error": 0}, 500, "0", ""),
        ({"error": None, "error_description": None, "result": []}, 400, "", ""),
        ({"error": "OVERLOAD_LIMIT"}, 503, "OVERLOAD_LIMIT", ""),
    ],
)
def test_a_complete_no(body: Any, status: int, code: str, text: str) -> None:
    with OddServer(odd.says(body, status)) as server:
        assert post(server) == Refused(code, text, status)


@pytest.mark.parametrize("result", [[], {}, None, False, 0, "", [[]]])
def test_php_shapes_are_results(result: Any) -> None:
    with OddServer(odd.says({"result": result, "total": "3", "next": 50, "time": []})) as server:
        answer = post(server)
    assert isinstance(answer, Envelope)
    assert (answer.result, answer.total, answer.next, answer.time.duration) == (result, None, 50, None)


LOST = {
    "reset after the request": odd.resets,
    "hung up after the request": odd.hangs_up,
    "body cut": odd.cuts_body,
    "body cut without a length": odd.cuts_silently,
    "502 in HTML": odd.raw(502, b"<html><h1>502 Bad Gateway</h1></html>", "Content-Type: text/html"),
    "504 empty": odd.raw(504, b""),
    "404 in HTML": odd.raw(404, b"<html>not here</html>"),
    "200 in HTML": odd.raw(200, b"<!DOCTYPE html><p>Sign in</p>"),
    "200 with garbage": odd.raw(200, b"\x00\xff\xfegarbage"),
    "200 with half of the JSON": odd.raw(200, b'{"result": {"item": {"id": 1'),
    "200 with a JSON list": odd.says([]),
    "200 with a JSON text": odd.says("ok"),
    "200 with neither result nor error": odd.says({"time": {}}),
    "500 with a result": odd.says({"result": {"item": {"id": 1}}}, 500),
    "303: the POST was worked on": odd.redirects("https://elsewhere.example/", 303),
    "nested too deep": odd.raw(200, b'{"result": ' + b"[" * 200_000),
    "gzip that is none": odd.raw(200, b"plain", "Content-Encoding: gzip"),
    "no HTTP": lambda connection, _request: connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n"),
}


@pytest.mark.parametrize("reply", LOST.values(), ids=LOST.keys())
def test_what_is_no_complete_answer_is_lost(reply: odd.Reply) -> None:
    with OddServer(reply) as server:
        with pytest.raises(AnswerLost) as caught:
            post(server)
        assert len(server.requests) == 1
    assert CODE not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_no_answer_in_time_is_lost() -> None:
    over = threading.Event()
    with OddServer(odd.hangs_until(over)) as server:
        with pytest.raises(AnswerLost, match="ReadTimeout"):
            post(server, seconds=-4.5)  # less than the margin: half a second in all
        over.set()


def test_an_answer_that_drips_is_lost_in_time() -> None:
    with OddServer(odd.drips) as server, pytest.raises(AnswerLost, match="too slowly"):
        post(server, seconds=-4.5)


def test_no_connection_is_told_as_such() -> None:
    webhook = Webhook(Secret(f"http://127.0.0.1:{odd.closed_port()}/rest/1/{CODE}/"))
    transport = Transport(webhook, request_seconds=60)
    with pytest.raises(PortalUnreachable) as caught:
        transport.post("profile", {})
    text = "".join(traceback.format_exception(caught.value))
    assert CODE not in text
    assert "127.0.0.1" in text
    assert caught.value.__context__ is None


def test_tls_is_verified_before_anything_is_sent() -> None:
    with OddServer(odd.says({"result": 1})) as server:
        webhook = Webhook(Secret(f"https://127.0.0.1:{server.port}/rest/1/{CODE}/"))
        transport = Transport(webhook, request_seconds=60)
        with pytest.raises(PortalUnreachable):
            transport.post("profile", {})


def test_a_moved_portal_is_followed_once_and_remembered() -> None:
    with OddServer(odd.says({"result": {"id": 1}})) as new:
        path = f"/rest/1/{CODE}/crm.item.add"
        with OddServer(odd.redirects(f"http://127.0.0.1:{new.port}{path}")) as old:
            transport = Transport(old.webhook, request_seconds=60)
            first = transport.post("crm.item.add", {"fields": {"title": "x"}})
            second = transport.post("crm.item.add", {"fields": {"title": "y"}})
            transport.close()
        assert isinstance(first, Envelope)
        assert isinstance(second, Envelope)
        assert len(old.requests) == 1
        assert [request.json()["fields"]["title"] for request in new.requests] == ["x", "y"]


def test_a_circle_of_redirects_ends() -> None:
    with OddServer(odd.hangs_up) as server:
        server._replies = [odd.redirects(f"http://127.0.0.1:{server.port}/rest/1/{CODE}/crm.item.add")]
        answer = post(server)
        assert isinstance(answer, Refused)
        assert answer.code == "REDIRECT"
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/rest/1/{code}/m",
        "http://127.0.0.1:1/login",
        "/rest/1/{code}/m",
        "",
        "::::",
        "https://[::1/x",
        "http://localhost:99999/rest/1/{code}/m",
    ],
)
def test_a_webhook_is_not_shown_to_another_place(location: str) -> None:
    with OddServer(odd.redirects(location.format(code=CODE))) as server:
        answer = post(server, "m")
        assert isinstance(answer, Refused)
        assert answer.code == "REDIRECT"
        assert CODE not in answer.text
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("old", "new", "followed"),
    [
        ("https://old.bitrix24.com", "https://new.bitrix24.com", True),
        ("https://old.bitrix24.com.br", "https://new.bitrix24.com.br", True),
        ("https://crm.acme.com", "https://crm.acme.com:8443", True),
        ("https://old.bitrix24.com", "http://new.bitrix24.com", False),
        ("https://old.bitrix24.com", "https://new.bitrix24.ru", False),
        ("https://old.bitrix24.com", "https://bitrix24.com.evil.example", False),
        ("https://old.bitrix24.com", "https://evilbitrix24.com", False),
        ("https://old.bitrix24.com", "https://user@new.bitrix24.com", False),
        ("https://crm.acme.com", "https://other.acme.com", False),
        ("https://crm.acme.com", "http://127.0.0.1:80", False),
        ("http://127.0.0.1:1", "http://localhost:2", True),
        ("http://127.0.0.1:1", "https://new.bitrix24.com", False),
    ],
)
def test_where_a_renamed_portal_may_send_us(old: str, new: str, followed: bool) -> None:
    target = _target(f"{old}/rest/1/x/batch", f"{new}/rest/1/x/batch")
    assert (target is not None) is followed


def test_the_libraries_logs_stay_quiet(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), OddServer(odd.says({"result": 1})) as server:
        post(server)
    assert CODE not in caplog.text


def test_a_loopback_portal_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with OddServer(odd.says({"result": 1})) as server:
        assert isinstance(post(server), Envelope)


def test_another_portal_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with OddServer(odd.raw(403, b"no")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:proxypass@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        transport = Transport(Webhook(Secret(f"https://acme.bitrix24.com/rest/1/{CODE}/")), request_seconds=60)
        with pytest.raises(PortalUnreachable) as caught:
            transport.post("profile", {})
    assert "proxypass" not in "".join(traceback.format_exception(caught.value))
    assert proxy.requests[0].path == "acme.bitrix24.com:443"


@pytest.mark.parametrize(
    "url",
    [
        f"http://acme.bitrix24.com/rest/1/{CODE}/",
        f"https://acme.bitrix24.com/rest/{CODE}/",
        f"https://acme.bitrix24.com/1/{CODE}/",
        f"https://acme.bitrix24.com/rest/1/{CODE}/profile.json",
        f"https://acme.bitrix24.com/rest/1/{CODE}/?x=1",
        f"ftp://acme.bitrix24.com/rest/1/{CODE}/",
        "",
        "not a url",
        f"https:///rest/1/{CODE}/",
        f"https://[::1/rest/1/{CODE}/",
    ],
)
def test_a_webhook_of_another_form_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(PortalError) as caught:
        Webhook(Secret(url))
    assert CODE not in "".join(traceback.format_exception(caught.value))


def test_a_webhook_does_not_print() -> None:
    webhook = Webhook(Secret(f"https://acme.bitrix24.com/rest/1/{CODE}/"))
    assert CODE not in f"{webhook} {webhook!r}"
    assert webhook.origin == "https://acme.bitrix24.com"
