"""`python -m tests.forks.server FD`: loads the program, and forks a process for every order that comes to a socket.

No thread runs here and no database is open, so that a fork is as good as a start. What is read when a module is loaded
would be that of this process: SYNCER_FAILPOINT is read anew, for the rest see `told_at_start`.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
import types
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from syncer.errors import UsageError
from tests import forks
from tests.forks import Order

LOADED_FIRST = (
    "syncer.cli.main",
    *(f"syncer.cli.{name}" for name in ("apply", "explain", "plan", "portal", "runs", "show", "state", "validate")),
    "syncer.sandbox.server",
    "syncer.spec.addresses",
    "alembic.command",  # and what the program loads late, once it needs it
    "alembic.context",
    "encodings.idna",
    "h11",
    "httpcore2._sync.connection_pool",
    "httpx2",
    "psycopg",
    "rich.progress",
    "rich.traceback",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "structlog.dev",
    "truststore",
)


def serve(listener: socket.socket) -> Order | None:
    """Forks for every order. Returns in the new process with its order; in the server with None, in the end."""
    own = told_at_start(os.environ)
    while True:
        if sys.stdin in select.select([sys.stdin, listener], [], [])[0]:
            return None
        client, _ = listener.accept()
        message, streams, _, _ = socket.recv_fds(client, forks.LONGEST, 3)
        order = Order.read(message)
        if told_at_start(order.environment) != own:
            client.send(b"0")
        elif fork(client, watched=order.watched):
            client.detach()
            listener.detach()
            return become(order, streams)
        for fd in streams:
            os.close(fd)
        client.close()
        _reap()


def fork(client: socket.socket, *, watched: bool) -> bool:
    """Whether this is the new process. Its id is told to the client, and how it ended too if it is watched."""
    reader, writer = os.pipe()
    middle = os.fork()
    if not middle:
        child = os.fork()
        if not child:
            return True
        if watched:
            client.send(str(child).encode())
            client.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
        else:
            os.write(writer, str(child).encode())
        os._exit(0)
    os.close(writer)
    if not watched:
        told = os.read(reader, 64)
        os.waitpid(middle, 0)  # from here on the process is the client's child
        client.send(told)
    os.close(reader)
    return False


def _reap() -> None:
    """Takes note of those that have watched a process to its end."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def told_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    """What an interpreter and its libraries read when they start; a process that is told otherwise has to start."""
    read = ("PYTHON", "LC_", "LANG", "LD_", "TZ", "SSL_", "COVERAGE_")
    told = {name: text for name, text in environment.items() if name.startswith(read)}
    if told.get("PYTHONUTF8") == "1" and sys.stdout.encoding == sys.getfilesystemencoding() == "utf-8":
        del told["PYTHONUTF8"]  # as it is
    return told


def become(order: Order, streams: list[int]) -> Order:
    """Makes this process what a new one of that order would be."""
    for number, fd in enumerate(streams):
        os.dup2(fd, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    if order.session:
        os.setsid()
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        before = getattr(sys, f"__{name}__")
        after = open(  # noqa: SIM115 -- a number, and for good
            number,
            "w" if number else "r",
            buffering=1 if number == 2 else -1,
            encoding=before.encoding,
            errors=before.errors,
            closefd=False,
        )
        setattr(sys, name, after)
        setattr(sys, f"__{name}__", after)
    sys.argv = [*order.argv]
    sys.path[0] = str(Path(order.argv[0]).parent)
    sys.modules["__main__"] = types.ModuleType("__main__")
    return order


def obey(order: Order) -> NoReturn:
    """Does what is ordered, and ends the process."""
    code: object = 1
    try:
        if order.module == "syncer.cli.main":
            from syncer.cli.main import main
            from syncer.cli.output import tell
            from syncer.execute import failpoints

            subprocess.Popen = _Embedding  # type: ignore[misc, assignment]
            try:
                failpoints.arm()
            except UsageError as error:
                sys.exit(tell(error, debug=False))
            main()
        else:
            from syncer.sandbox import serve as serve_portal
            from syncer.sandbox.__main__ import parse

            code = serve_portal(parse(sys.argv[1:]))
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 -- as an interpreter shows it
        traceback.print_exc()
    _end(code if isinstance(code, int) else 0 if code is None else 1)


def _end(code: int) -> NoReturn:
    """As an interpreter ends, but for taking down every module and object first, which takes longer than all else."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = 120
    os._exit(code)


class _Embedding(forks.Popen):
    """How a command starts its embedded portal: this process has the sandbox loaded, and forks once more."""

    def forked(self, order: Order, streams: list[int]) -> int | None:
        if threading.active_count() > 1 or told_at_start(order.environment) != told_at_start(os.environ):
            return None  # a lock of another thread would stay closed
        child = os.fork()
        if not child:
            atexit._clear()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            obey(become(order, streams))
        return child


def main() -> None:
    for name in LOADED_FIRST:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a child copies no page for what is loaded
    if order := serve(socket.socket(fileno=int(sys.argv[1]))):
        obey(order)


if __name__ == "__main__":
    main()
