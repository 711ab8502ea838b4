"""The portal and the shop of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.shop import Shop
from tests.plan.fixtures import portal, process  # noqa: F401  # fixtures
from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox


@pytest.fixture
def shop(tmp_path: Path, portal: RunningSandbox) -> Shop:  # noqa: F811
    """A dozen customers and purchases, and a portal that has none of them; the state is a SQLite file."""
    return Shop(tmp_path, portal)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path, portal: RunningSandbox, postgres: Postgres) -> Shop:  # noqa: F811
    """As `shop`, with a state of each kind."""
    return Shop(tmp_path, portal, postgres.fresh_database() if request.param == "postgresql" else "")
