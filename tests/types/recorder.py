"""What a portal is asked, call by call: a server before the sandbox that passes every request on and keeps it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from syncer.sandbox.php import parse_query
from tests.bitrix24.odd_server import OddServer, Received, raw
from tests.plan.project import Project

Asked = tuple[str, dict[str, Any]]


@dataclass(slots=True)
class Recording:
    """The calls of a run in their order, those within a batch one by one, with parameters as PHP decodes them."""

    server: OddServer

    def calls(self, method: str = "") -> list[Asked]:
        """(method, parameters) of the calls; of one method only when it is named."""
        found = [call for received in self.server.requests for call in _calls(received)]
        return [each for each in found if method in ("", each[0])]


def _calls(received: Received) -> Iterator[Asked]:
    method = received.path.rstrip("/").rpartition("/")[2].partition("?")[0].removesuffix(".json")
    params = received.json() if received.body else {}
    if method != "batch":
        yield method, params
        return
    assert params["halt"] == 0
    for command in params["cmd"].values():
        name, _, query = command.partition("?")
        yield name, parse_query(query)


@contextmanager
def recorded(project: Project) -> Iterator[Recording]:
    """Puts a recorder between a project and its portal."""
    real, path = project.portal.url.rstrip("/").split("/rest/")

    def passes_on(connection: socket.socket, received: Received) -> None:
        headers = {"Content-Type": received.headers.get("content-type", "")}
        request = Request(real + received.path, data=received.body, headers=headers, method="POST")
        try:
            with urlopen(request, timeout=60) as answer:
                status, body = answer.status, answer.read()
        except HTTPError as error:
            with error:
                status, body = error.code, error.read()
        raw(status, body, "Content-Type: application/json")(connection, received)

    with OddServer(passes_on) as server:
        project.webhook = f"http://127.0.0.1:{server.port}/rest/{path}/"
        yield Recording(server)
        project.webhook = ""
