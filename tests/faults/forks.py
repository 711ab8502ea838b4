"""Commands without their start-up: a process that has loaded everything forks for each, so hundreds take a minute.

`python -m tests.faults.forks` reads a JSON line a command: its arguments, its environment, the file for its
stderr; it writes the exit code, negative for a signal.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from syncer.cli.main import main
from syncer.execute import failpoints

LOADED_FIRST = (
    "syncer.cli.apply",
    "alembic.command",  # and what the program loads late, once it needs it
    "alembic.context",
    "encodings.idna",
    "h11",
    "httpcore2._sync.connection_pool",
    "httpx2",
    "psycopg",
    "rich.traceback",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "structlog.dev",
    "truststore",
)


class Forks:
    """The process that forks; a context manager. One command at a time."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forks"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=60)

    def run(self, *arguments: str, errors: Path, environment: Mapping[str, str]) -> int:
        """`syncer …`: the exit code, negative for the signal that ended it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([arguments, dict(environment), str(errors)]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def serve() -> None:
    """Forks for every line of stdin."""
    for name in LOADED_FIRST:
        importlib.import_module(name)
    for line in sys.stdin:
        arguments, environment, errors = json.loads(line)
        child = os.fork()
        if not child:
            become(arguments, environment, errors)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def become(arguments: list[str], environment: dict[str, str], errors: str) -> None:
    """This process is the command from here on."""
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    os.dup2(2, 1)
    sys.argv = ["syncer", *arguments]
    code: object = 70
    try:
        failpoints.arm()
        main()
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    serve()
