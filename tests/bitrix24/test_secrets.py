"""A planted webhook code never shows: not in errors and what they are chained to, not in logs, not in `repr`."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import structlog

from syncer.bitrix24.encode import Command
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.transport import Transport
from syncer.errors import SyncerError
from syncer.log import configure
from tests.bitrix24 import odd_server as odd
from tests.bitrix24.odd_server import CODE, OddServer
from tests.bitrix24.settings import TestLimits

REPEATING = {"error": "X", "error_description": f"No such webhook /rest/1/{CODE}/"}

REPLIES: dict[str, Callable[[int], odd.Reply]] = {
    "reset": lambda _port: odd.resets,
    "cut body": lambda _port: odd.cuts_body,
    "HTML": lambda _port: odd.raw(502, f"<html>/rest/1/{CODE}/</html>".encode()),
    "half JSON": lambda _port: odd.raw(200, f'{{"result": "/rest/1/{CODE}/'.encode()),
    "not HTTP": lambda _port: lambda connection, request: connection.sendall(f"{request.path}\r\n\r\n".encode()),
    "redirect": lambda _port: odd.redirects(f"https://evil.example/rest/1/{CODE}/batch"),
    "redirect to a port that is closed": lambda port: odd.redirects(f"http://127.0.0.1:{port}/rest/1/{CODE}/batch"),
    "refusal that repeats it": lambda _port: odd.says(REPEATING, 400),
    "refusal of a command that repeats it": lambda _port: odd.batch([], {"k0": REPEATING}),
}


@contextmanager
def everything_logged() -> Iterator[None]:
    """Our log with debug events, and the libraries' own logging wide open."""
    root, level = logging.getLogger(), logging.getLogger().level
    handler = logging.StreamHandler()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    configure("console", verbose=True)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        structlog.reset_defaults()


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES.keys())
def test_the_code_never_shows(reply: Callable[[int], odd.Reply], capsys: pytest.CaptureFixture[str]) -> None:
    with OddServer(reply(odd.closed_port())) as server, everything_logged():
        shown = [_posted(server)]
        with Portal(server.webhook, TestLimits()) as portal:
            (answer,) = portal.submit({"a": Command("crm.item.add", {})}).result().values()
            shown += [repr(answer), repr(portal), repr(server.webhook), repr(vars(portal))]
    shown += capsys.readouterr()
    assert CODE not in "\n".join(shown)


def _posted(server: OddServer) -> str:
    """Whatever one POST shows of itself: its answer, or its error with all that hangs on it."""
    transport = Transport(server.webhook, request_seconds=60)
    try:
        return repr(transport.post("batch", {"cmd": {}}))
    except SyncerError as error:
        return "\n".join([*traceback.format_exception(error), repr(error), str(error), repr(error.__context__)])
    finally:
        transport.close()
