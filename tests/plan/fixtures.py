"""One portal process for a session, as good as new for each test; and a project that uses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plan.project import Project
from tests.sandbox_process import RunningSandbox


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """The process behind `portal`."""
    with RunningSandbox(tmp_path_factory.mktemp("portal") / "portal.db", "--no-limits") as running:
        yield running


@pytest.fixture
def portal(process: RunningSandbox) -> RunningSandbox:
    """A portal without limits, as good as new."""
    process.control("DELETE", "")
    return process


@pytest.fixture
def project(tmp_path: Path, portal: RunningSandbox) -> Project:
    """An empty project."""
    return Project(tmp_path, portal)
