"""A desk with customers alone and a running portal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.installed import COMPANIES, QUICK, Desk
from tests.plan.fixtures import portal, process  # noqa: F401  # fixtures
from tests.sandbox_process import RunningSandbox


@pytest.fixture
def shop(tmp_path: Path, portal: RunningSandbox) -> Desk:  # noqa: F811
    """Three customers that the portal does not have."""
    desk = Desk(tmp_path, {"webhook": portal.url, "name": "acme", "limits": QUICK})
    desk.spec(COMPANIES)
    return desk
