"""A sandbox portal without limits for the session, put back after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from syncer.bitrix24.auth import Webhook
from syncer.bitrix24.portal import Portal
from syncer.log import Secret
from tests.bitrix24.settings import TestLimits
from tests.sandbox_process import RunningSandbox

Switch = Callable[..., None]


@pytest.fixture(scope="session")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(Path(tmp_path_factory.mktemp("portal")) / "portal.db", "--no-limits") as running:
        yield running


@pytest.fixture
def sandbox(_running: RunningSandbox) -> Iterator[RunningSandbox]:
    before = _running.control("GET", "")["settings"]
    yield _running
    _running.control("DELETE", "faults")
    _running.control("DELETE", "limits")
    _running.control("DELETE", "log")
    _running.control("PATCH", "settings", before)


@pytest.fixture
def switch(sandbox: RunningSandbox) -> Switch:
    """Changes the sandbox's switches for this test."""

    def change(**settings: Any) -> None:
        sandbox.control("PATCH", "settings", settings)

    return change


@pytest.fixture
def portal(sandbox: RunningSandbox) -> Iterator[Portal]:
    with Portal(webhook_of(sandbox), TestLimits()) as opened:
        yield opened


def webhook_of(sandbox: RunningSandbox) -> Webhook:
    return Webhook(Secret(sandbox.url))
