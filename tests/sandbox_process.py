"""A real sandbox portal as a subprocess, for every test that needs a portal."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tests.forks import Popen


class RunningSandbox:
    """`python -m syncer.sandbox` over `db`; `switches` are further arguments, such as `--no-limits`.

    A context manager; `start` and `stop` may be called again and again, the items stay in the file.
    """

    def __init__(self, db: Path, *switches: str) -> None:
        self.db = db
        self.switches = switches
        self.url = ""  # the webhook: http://127.0.0.1:PORT/rest/1/CODE/
        self.uuid = ""
        self.page = ""  # for people
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Starts the portal and waits until it listens."""
        command = [sys.executable, "-m", "syncer.sandbox", "--db", str(self.db), "--follow-stdin"]
        command += self.switches
        self._process = Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().removeprefix("PORTAL ").strip()
        self.uuid = self._process.stdout.readline().removeprefix("UUID ").strip()
        self.page = self._process.stdout.readline().removeprefix("PAGE ").strip()
        assert self.url, "the sandbox did not start"
        return self

    def stop(self) -> int:
        """Ends the portal in order, as the end of its parent would; its exit code."""
        assert self._process is not None
        self._process.communicate(timeout=120)
        return self._process.returncode

    def kill(self) -> None:
        """Ends the portal as a power failure would."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate(timeout=120)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()

    @property
    def root(self) -> str:
        """http://127.0.0.1:PORT/"""
        return self.url.partition("rest/")[0]

    def control(self, method: str, path: str, body: object = None) -> Any:
        """The control endpoint: `control("PATCH", "settings", {"limits": False})`; paths in sandbox/control.py."""
        return self._ask(method, f"{self.root}_sandbox/{path}", body)[1]

    def call(self, method: str, **params: Any) -> Any:
        """A REST method by webhook and JSON; the whole answer, an error object too."""
        return self._ask("POST", self.url + method, params)[1]

    def status_of(self, method: str, **params: Any) -> tuple[int, Any]:
        """As `call`, with the HTTP status."""
        return self._ask("POST", self.url + method, params)

    def items(self, entity_type_id: int) -> list[dict[str, Any]]:
        """Every item of a type, past all limits and permissions."""
        found: list[dict[str, Any]] = self.control("GET", f"items/{entity_type_id}")
        return found

    def redirect(self, method: str) -> tuple[int, str | None]:
        """Status and Location of an answer that is not followed."""
        parts = urlsplit(self.url)
        connection = HTTPConnection(parts.netloc)
        connection.request("POST", parts.path + method)
        answer = connection.getresponse()
        connection.close()
        return answer.status, answer.getheader("Location")

    @staticmethod
    def read(url: str) -> bytes:
        """What a plain GET brings."""
        with urlopen(url) as answer:
            content: bytes = answer.read()
            return content

    def hang_up(self, method: str, params: object, after: float) -> None:
        """Sends a request and closes the connection `after` so many seconds, without waiting for the answer."""
        parts = urlsplit(self.url)
        body = json.dumps(params).encode()
        head = f"POST {parts.path}{method} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(body)}\r\n"
        with socket.create_connection((parts.hostname, parts.port)) as connection:
            connection.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
            time.sleep(after)

    def _ask(self, method: str, url: str, body: object) -> tuple[int, Any]:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return self.open(Request(url, data=content, method=method, headers=headers))

    @staticmethod
    def open(request: Request) -> tuple[int, Any]:
        """Status and JSON of any request."""
        try:
            with urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except HTTPError as error:
            with error:
                return error.code, json.loads(error.read())
