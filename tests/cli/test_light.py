"""`syncer --help` is quick, because it brings in nothing that only the work needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.installed import SYNCER, environment

HEAVY = ("sqlalchemy", "jinja2", "pydantic", "httpx2", "aiohttp", "rich", "structlog", "alembic", "psycopg", "yaml")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_imports_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", SYNCER, *arguments],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "click" in imported
    assert imported.isdisjoint(HEAVY)
    assert done.stdout
