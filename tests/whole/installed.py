"""The installed `syncer` command, run in a project of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.forks import SYNCER, run
from tests.sandbox_process import RunningSandbox

NOT_OURS = ("CI", "SYNCER_STATE", "SYNCER_LOG_FORMAT", "SYNCER_LEASE_SECONDS")
"""Variables that change what the command does; a test that wants one says so."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What `--format json` printed."""
        return json.loads(self.out)

    @property
    def counts(self) -> dict[str, int]:
        """The summary's counts that are not zero."""
        return {name: count for name, count in self.document["summary"].items() if count}

    def rows(self, entity: str) -> int:
        """Rows that the counts of an entity account for, whatever became of them."""
        (found,) = (each for each in self.document["entities"] if each["entity"] == entity)
        return sum(count for name, count in found.items() if name not in ("spec", "entity", "entityTypeId"))


def syncer(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> Done:
    """Runs the command to its end, without a terminal."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    done = run([SYNCER, *arguments], cwd=cwd, env=kept | (env or {}), timeout=120)
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def portal_of(file: Path) -> Iterator[RunningSandbox]:
    """A look into the file of an embedded portal, between commands."""
    with RunningSandbox(file, "--no-limits") as running:
        yield running


def items(file: Path, *entity_type_ids: int) -> list[dict[str, dict[str, Any]]]:
    """For each type: originId → item, of all that the file holds. Two items of one key fail the test."""
    with portal_of(file) as running:
        found = [running.items(kind) for kind in entity_type_ids]
    by_key = [{item["originId"]: item for item in of_type} for of_type in found]
    assert [len(each) for each in by_key] == [len(each) for each in found]
    return by_key
