"""Runs what a page shows.

A ```console block holds commands (`$ …`) and what each prints; a line `[…]` stands for lines left out, and
`[exit 4]` is an exit code other than 0. All commands of a page run in one shell, in a copy of the project. A YAML
block that begins with `# specs/….yaml` is written there first. Blocks of any other language (`sh`, `text`) are not
run. Log lines are not shown. `syncer sandbox` is left running until the page ends, on a port of its own.
"""

from __future__ import annotations

import difflib
import getpass
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests import forks
from tests.docs.pages import ROOT, Block, blocks

ELIDED = "[…]"
_MARK = "\x1e"
_LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\S+Z \[")
_SERVER = re.compile(r"syncer sandbox\b.*--port (\d+)")
_HIDDEN = ("CI", "SYNCER_STATE", "SYNCER_LOG_FORMAT", "SYNCER_LEASE_SECONDS", "BITRIX24_WEBHOOK_URL", "PYTHONPATH")

_VARYING = (
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\bsha256:[0-9a-f]{64}\b", "sha256:DIGEST"),
    (r"\b[0-9a-f]{64}\b", "HASH"),
    (r"\b[0-9a-f]{12}\b", "RUN"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00| UTC)", "TIME"),
    (r"\b(\d[\d,]* requests?), (under a second|\d+ (s|min))", "REQUESTS, DURATION"),
    (r'("(requests|seconds|pid|bucket|duration|start|finish|processing)": )[\d.e-]+', r"\1N"),
    (r"\bprocess \d+\b|\bpid \d+\b", "PID"),
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a block and the lines shown below it; `start` is the first of these, 0-based, in the block."""

    text: str
    shown: tuple[str, ...]
    start: int


def commands(block: Block) -> Iterator[Command]:
    titles = ["", *block.lines]  # below a title of the demo stands a command that the demo runs
    starts = [
        number
        for number, line in enumerate(block.lines)
        if line.startswith("$ ") and not titles[number].startswith("━━")
    ]
    for start, end in zip(starts, [*starts[1:], len(block.lines)], strict=True):
        yield Command(block.lines[start].removeprefix("$ "), block.lines[start + 1 : end], start + 1)


def normal(lines: Sequence[str]) -> list[str]:
    """The lines with a word in place of what differs from run to run."""
    found = []
    for line in lines:
        for pattern, word in _VARYING:
            line = re.sub(pattern, word, line)
        found.append(line.rstrip())
    while found and not found[-1]:
        found.pop()
    return found


def same(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether a command printed what a page shows, `[…]` standing for any lines."""
    wanted, given, place = normal(shown), normal(printed), 0
    pieces = _split(wanted)
    if len(pieces) == 1:
        return wanted == given
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        places = [len(given) - len(piece)] if last else range(place, len(given) - len(piece) + 1)
        hit = next((at for at in places if at >= place and given[at : at + len(piece)] == piece), None)
        if hit is None or (number == 0 and hit != 0 and piece):
            return False
        place = hit + len(piece)
    return True


def _split(lines: Sequence[str]) -> list[list[str]]:
    pieces: list[list[str]] = [[]]
    for line in lines:
        if line.strip() == ELIDED:
            pieces.append([])
        else:
            pieces[-1].append(line)
    return pieces


def difference(shown: Sequence[str], printed: Sequence[str]) -> str:
    return "\n".join(difflib.unified_diff(normal(shown), normal(printed), "shown", "printed", lineterm=""))


def run(text: str, folder: Path) -> Iterator[tuple[Block, Command, list[str]]]:
    """Runs a page in a new copy of the project at `folder`; every command with its block and what it printed."""
    copy_project(folder)
    with Shell(folder) as shell:
        for block in blocks(text):
            if block.file:
                file = folder / block.file
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block.text, encoding="utf-8")
            for command in commands(block) if block.language == "console" else ():
                yield block, command, shell.run(command)


def copy_project(folder: Path) -> None:
    """What git knows of the project, or would take: no state and nothing built."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for path in listed.stdout.split("\0"):
        if path and (ROOT / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, folder / path)
    (folder / ".venv").symlink_to(Path(sys.executable).parent.parent)


def environment(folder: Path) -> dict[str, str]:
    """Of a person at a terminal of 80 columns, with the project's programs on the path."""
    kept = {key: value for key, value in os.environ.items() if key not in _HIDDEN and not key.startswith("GIT")}
    path = os.pathsep.join([str(forks.BIN), str(folder / ".venv" / "bin"), kept["PATH"]])
    return kept | forks.in_a_shell() | {"PATH": path, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONUTF8": "1"}


class Shell:
    """A bash that runs one command after the other, and servers that it leaves running."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._leaving = ExitStack()
        self._real: dict[str, str] = {}  # addresses and codes: as the page shows them → as they are
        self._bash = self._process(["bash", "--noprofile", "--norc"])

    def run(self, command: Command) -> list[str]:
        """What a command prints, without log lines; its exit code last, unless it is 0."""
        text = command.text
        if served := _SERVER.match(text):
            return self._serve(text, int(served[1]), command.shown)
        for shown, real in self._real.items():
            text = text.replace(shown, real)
        # the virtual environment is there already, whatever the copy's times say
        text = re.sub(r"^make ", "make --no-print-directory -o .venv/.installed -o .venv/.runs ", text)
        assert self._bash.stdin is not None
        self._bash.stdin.write(f"{{ {text}\n}} </dev/null; printf '{_MARK}%s\\n' $?\n")
        self._bash.stdin.flush()
        printed = list(self._lines(self._bash.stdout))
        return [self._as_shown(line) for line in printed]

    def _lines(self, stream: IO[str] | None) -> Iterator[str]:
        assert stream is not None
        for line in stream:
            text, mark, code = line.rstrip("\n").partition(_MARK)
            if (text or not mark) and not _LOG_LINE.match(text):
                yield text
            if mark:
                if code != "0":
                    yield f"[exit {code}]"
                return
        raise AssertionError("the shell ended")

    def _as_shown(self, line: str) -> str:
        for shown, real in self._real.items():
            line = line.replace(real, shown)
        return line.replace(f"{getpass.getuser()}@{socket.gethostname()}", "you@laptop")

    def _serve(self, text: str, port: int, shown: Sequence[str]) -> list[str]:
        """Starts a sandbox on a free port, and learns what the page calls its address and code."""
        server = self._process(["bash", "-c", "exec " + text.replace(f"--port {port}", "--port 0")])
        assert server.stdout is not None
        printed = [server.stdout.readline().rstrip("\n") for _ in range(3)]
        real = re.fullmatch(r"PORTAL http://(127\.0\.0\.1:\d+)/rest/1/(\w+)/", printed[0])
        assert real, printed
        before = re.search(r"/rest/1/(\w+)/", "\n".join(shown))
        self._real |= {f"127.0.0.1:{port}": real[1], before[1] if before else real[2]: real[2]}
        return [self._as_shown(line) for line in printed]

    def _process(self, command: list[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            cwd=self._folder,
            env=environment(self._folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._leaving.callback(_end, process)
        return process

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.close()


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.communicate(timeout=120)
