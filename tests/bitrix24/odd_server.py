"""A TCP server that answers HTTP as a test wants it to, or breaks as a network does."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from time import sleep
from typing import Any, Self

from syncer.bitrix24.auth import Webhook
from syncer.log import Secret

CODE = "planted0webhook0code"


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Reply = Callable[[socket.socket, Received], None]


class OddServer:
    """Replies in turn, the last one for ever; one request a connection."""

    def __init__(self, *replies: Reply, port: int = 0) -> None:
        self.requests: list[Received] = []
        self._replies = list(replies)
        self._lock = Lock()
        self._threads: list[Thread] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = int(self._listener.getsockname()[1])

    @property
    def webhook(self) -> Webhook:
        return Webhook(Secret(f"http://127.0.0.1:{self.port}/rest/1/{CODE}/"))

    def __enter__(self) -> Self:
        self._acceptor = Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _peer = self._listener.accept()
            except OSError:
                return
            thread = Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            received = _receive(connection)
            if received is None:
                return
            with self._lock:
                self.requests.append(received)
                reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
            reply(connection, received)


def _receive(connection: socket.socket) -> Received | None:
    stream = connection.makefile("rb")
    head = stream.readline()
    if not head.rstrip().endswith(b"HTTP/1.1"):
        return None
    headers: dict[str, str] = {}
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Received(head.decode("latin-1").split()[1], headers, body)


def raw(status: int, body: bytes, *headers: str) -> Reply:
    def reply(connection: socket.socket, _received: Received) -> None:
        lines = [f"HTTP/1.1 {status} Odd", *headers, f"Content-Length: {len(body)}", "Connection: close"]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    return reply


def says(answer: Any, status: int = 200) -> Reply:
    return raw(status, json.dumps(answer).encode(), "Content-Type: application/json")


def refuses(code: Any, text: str = "", status: int = 400) -> Reply:
    return says({"error": code, "error_description": text}, status)


def redirects(location: str, status: int = 302) -> Reply:
    return raw(status, b"", f"Location: {location}")


def batch(result: Any, errors: Any = None, times: Any = None) -> Reply:
    inner = {"result": result, "result_error": errors or [], "result_total": [], "result_next": []}
    return says({"result": {**inner, "result_time": times or []}, "time": {"duration": 0.5}})


def echoes() -> Reply:
    """A batch of which every command is done, with its own text as the result."""

    def reply(connection: socket.socket, received: Received) -> None:
        batch(received.json()["cmd"])(connection, received)

    return reply


def resets(connection: socket.socket, _received: Received) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hangs_up(_connection: socket.socket, _received: Received) -> None:
    pass


def cuts_body(connection: socket.socket, _received: Received) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"result": {"item"')


def cuts_silently(connection: socket.socket, _received: Received) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"result": {"item"')


def hangs_until(over: Event) -> Reply:
    def reply(_connection: socket.socket, _received: Received) -> None:
        over.wait(30)

    return reply


def drips(connection: socket.socket, _received: Received) -> None:
    """An answer whose bytes come one by one, for half a minute."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n")
    try:
        for _ in range(300):
            connection.sendall(b" ")
            sleep(0.1)
    except OSError:
        return


def closed_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
