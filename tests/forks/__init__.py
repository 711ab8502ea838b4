"""The program's processes without their start-up, which is most of what a short command takes.

`Popen` and `run` are those of `subprocess`. Where they are given the installed command or the sandbox, a server that
has loaded the program forks (server.py) in place of a new interpreter. What comes of it is a child of this process
like any other, with its own arguments, environment, folder, streams and session; it can be waited for, stopped, killed.

A real start stays where it is the matter of the test, where the interpreter itself is told something (`PYTHON…`, a
locale, options before `-m`), and where there is no Linux.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import inspect
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SYNCER = Path(sys.executable).with_name("syncer")
MODULES = {"syncer.cli.main": "cli/main.py", "syncer.sandbox": "sandbox/__main__.py"}
"""What can be forked: the module that is run, and its file."""

VARIABLE = "SYNCER_TESTS_FORKS"
"""Where `bin/syncer` finds the server of the tests that it is started by."""

BIN = Path(__file__).with_name("bin")
"""For the PATH of a shell: a `syncer` that has itself forked."""

LONGEST = 1 << 20
_PACKAGE = Path(__file__).parents[2] / "syncer"
_STARTED = inspect.signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined] # not public: what is started
_ONE_AT_A_TIME = threading.Lock()
_SUBREAPER = 36  # of prctl(2)


@dataclass(frozen=True, slots=True)
class Order:
    """A process that is wanted."""

    module: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    session: bool
    """Whether it begins a session of its own."""
    watched: bool = False
    """Whether the server waits for it, and tells the exit code."""

    def message(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def read(cls, message: bytes) -> Order:
        return cls(**json.loads(message))


class Popen(subprocess.Popen[str]):
    """A process; see the module."""

    def _execute_child(self, *given: Any) -> None:
        asked = _STARTED.bind(self, *given).arguments
        order = _order(asked) if sys.platform == "linux" else None
        if order is None:
            super()._execute_child(*given)  # type: ignore[misc]
            return
        theirs = [asked["p2cread"], asked["c2pwrite"], asked["errwrite"]]
        pid = self.forked(order, [ours if fd == -1 else fd for ours, fd in enumerate(theirs)])
        if pid is None:
            super()._execute_child(*given)  # type: ignore[misc]
            return
        self.pid = pid
        self._child_created = True
        ends = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(asked[end] for end in ends))  # type: ignore[attr-defined]

    def forked(self, order: Order, streams: list[int]) -> int | None:
        """Starts the process with these as its standard streams; its id, or None where it takes a real start."""
        return _fork(order, streams)


def run(
    command: Sequence[str | Path], *, stdin: str | None = None, timeout: float | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end, as text; stdin is what it is given to read."""
    ours = subprocess.DEVNULL if stdin is None else subprocess.PIPE
    with Popen(command, text=True, stdin=ours, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
        try:
            out, errors = process.communicate(stdin, timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, errors)


def in_a_shell() -> dict[str, str]:
    """What the environment of a shell must have for `bin/syncer`."""
    if sys.platform != "linux":
        return {}
    with _ONE_AT_A_TIME:
        return {VARIABLE: _server().address}


def _order(asked: Mapping[str, Any]) -> Order | None:
    """What a call of `Popen` orders, if that can be forked."""
    others = ("preexec_fn", "pass_fds", "shell", "executable")
    if any(asked[name] for name in others) or isinstance(asked["args"], (str, bytes, Path)):
        return None
    match [str(each) for each in asked["args"]]:
        case [program, *arguments] if program == str(SYNCER):
            module, argv = "syncer.cli.main", [program, *arguments]
        case [program, "-m", module, *arguments] if program == sys.executable and module in MODULES:
            argv = [str(_PACKAGE / MODULES[module]), *arguments]
        case _:
            return None
    environment = {**(os.environ if asked["env"] is None else asked["env"])}
    folder = os.path.abspath(asked["cwd"] or ".")  # noqa: PTH100 -- a path of any kind
    return Order(module, argv, {k: str(v) for k, v in environment.items()}, folder, bool(asked["start_new_session"]))


class _Server:
    """The process that forks, ours until we end."""

    def __init__(self) -> None:
        self.address = f"syncer-forks-{os.getpid()}-{secrets.token_hex(8)}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(f"\0{self.address}")
            listener.listen(64)
            number = listener.fileno()
            command = [sys.executable, "-m", "tests.forks.server", str(number)]
            process = subprocess.Popen(command, cwd=_PACKAGE.parent, stdin=subprocess.PIPE, pass_fds=[number])
        self.pid = process.pid
        atexit.register(process.communicate)  # its stdin ends, and so does it


@functools.cache
def _server() -> _Server:
    return _Server()


def _fork(order: Order, streams: list[int]) -> int | None:
    """The process that the server started for an order, a child of ours; None where it takes a real start."""
    with _ONE_AT_A_TIME, _connected(_server().address) as server:
        # The server's child forks and ends; what it leaves behind becomes the child of the next subreaper above.
        # We are one for that moment only: other orphans are none of ours.
        _subreaper(True)
        try:
            socket.send_fds(server, [order.message()], streams)
            told = server.recv(64)
        finally:
            _subreaper(False)
    assert told, "the server that forks has ended"
    return int(told) or None


def _connected(address: str) -> socket.socket:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server.connect(f"\0{address}")
    return server


def instead(arguments: Sequence[str]) -> int:
    """What `bin/syncer` does, which the server is no child of: its exit code, negative for a signal."""
    environment = {**os.environ}
    address = environment.pop(VARIABLE)
    order = Order("syncer.cli.main", [str(SYNCER), *arguments], environment, str(Path.cwd()), False, watched=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # comes to the whole group
    with _connected(address) as server:
        socket.send_fds(server, [order.message()], [0, 1, 2])
        child = int(server.recv(64))
        if not child:
            os.execve(SYNCER, [*order.argv], environment)
        signal.signal(signal.SIGTERM, lambda number, _: os.kill(child, number))
        return int(server.recv(64))


def _subreaper(on: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_SUBREAPER, int(on), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
