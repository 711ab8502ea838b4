"""A command brings in what its own work needs, and nothing else: `syncer --help` hardly anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.installed import Desk, environment
from tests.forks import SYNCER

HEAVY = ("sqlalchemy", "jinja2", "pydantic", "httpx2", "aiohttp", "rich", "structlog", "alembic", "psycopg", "yaml")
AS_NEEDED = {"rich", "structlog", "alembic", "psycopg", "pymysql", "duckdb", "openpyxl", "phonenumbers", "aiohttp"}
"""What only a log line, a new state, another database, a file or a filter needs."""


def imported(*arguments: str, cwd: Path) -> set[str]:
    """The modules that a command loads."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", SYNCER, *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_imports_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    modules = imported(*arguments, cwd=tmp_path)
    assert "click" in modules
    assert modules.isdisjoint(HEAVY)


def test_a_command_imports_what_it_needs_when_it_needs_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    validated = imported("validate", "specs", cwd=desk.folder)
    assert validated.isdisjoint(AS_NEEDED | {"httpx2", "sqlalchemy"})
    planned = imported("plan", "specs", cwd=desk.folder)
    assert planned.isdisjoint(AS_NEEDED)
    applied = imported("apply", "specs", cwd=desk.folder)
    assert AS_NEEDED & applied == {"rich", "structlog", "alembic"}  # a log line, and a new state
    again = imported("apply", "specs", cwd=desk.folder)
    assert AS_NEEDED & again == {"rich", "structlog"}
