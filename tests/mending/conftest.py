"""The portal and the shop of these tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from syncer.store import State
from tests.mending.shop import Shop
from tests.plan.fixtures import portal, process  # noqa: F401  # fixtures
from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox


@pytest.fixture(scope="session")
def new_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state's file as the first run makes it: to be copied, which takes less time."""
    file = tmp_path_factory.mktemp("state") / "new.db"
    State.open(f"sqlite:///{file}", mode="write").close()
    return file


@pytest.fixture
def shop(tmp_path: Path, portal: RunningSandbox, new_state: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:  # noqa: F811
    """A shop with nothing in it, and its state in a file."""
    shop = opened(Shop(tmp_path, portal), monkeypatch)
    shutil.copy(new_state, shop.state_file)
    return shop


@pytest.fixture(params=["sqlite", "postgresql"])
def either_shop(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    portal: RunningSandbox,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Shop:
    """The same, and one whose state is in PostgreSQL."""
    url = ""
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.fresh_database()
    return opened(Shop(tmp_path, portal, url), monkeypatch)


def opened(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop, once the environment that its specs speak of is set."""
    for name, value in {**shop.environment, "SYNCER_STATE": shop.state_url}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CI", raising=False)
    return shop
