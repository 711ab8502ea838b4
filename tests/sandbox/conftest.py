"""Portals for the tests: one process serves them all, as good as new for each test or each module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox_process import RunningSandbox


def _running(folder: Path) -> Iterator[RunningSandbox]:
    with RunningSandbox(folder / "portal.db", "--no-limits") as running:
        yield running


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """The process behind `portal`."""
    yield from _running(tmp_path_factory.mktemp("portal"))


@pytest.fixture
def portal(process: RunningSandbox) -> RunningSandbox:
    """A portal without limits, as good as new."""
    process.control("DELETE", "")
    return process


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A portal without limits for all tests of a module, which do not disturb each other."""
    yield from _running(tmp_path_factory.mktemp("shared"))
