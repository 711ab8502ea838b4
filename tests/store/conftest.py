"""A state of each kind: a SQLite file, and a database of a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from syncer.model.change import EntityName
from syncer.model.identity import COMPANY, Scope
from syncer.store import Hold, Ledger, NewRun, OwnerId, PortalId, State
from tests.postgres import Postgres

COMPANIES = EntityName("northwind", "companies")
ERP = Scope(COMPANY, "erp")


@dataclass
class Opened:
    """A state open for writing, by a run that holds the lease, with one owner in one scope."""

    url: str
    state: State
    portal: PortalId
    owner: OwnerId
    ledger: Ledger
    hold: Hold


def begin(state: State, url: str, run_id: str = "run-1", seconds: float = 30) -> Opened:
    portal = state.portals.id("acme")
    owner = state.owners.put(portal, COMPANIES, ERP, "fingerprint")
    hold = state.lease.acquire(NewRun(run_id, "apply", ("northwind",), host="ci", pid=7), seconds)
    return Opened(url, state, portal, owner, state.ledger(portal, ERP), hold)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a state that does not exist yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/syncer.db"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.fresh_database()


@pytest.fixture
def opened(url: str) -> Iterator[Opened]:
    with State.open(url, mode="write") as state:
        yield begin(state, url)
