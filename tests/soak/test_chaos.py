"""After minutes of chaos the portal holds one item of each identity. `make soak`; SYNCER_SOAK_SECONDS: how long."""

from __future__ import annotations

import os
import time
from pathlib import Path
from random import Random

import pytest

from tests.faults.shop import Shop
from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox
from tests.soak.chaos import Chaos

SECONDS = float(os.environ.get("SYNCER_SOAK_SECONDS", "300"))
SEED = os.environ.get("SYNCER_SOAK_SEED", "20260731")


@pytest.mark.soak
@pytest.mark.parametrize("state", ["sqlite", "postgresql"])
def test_one_item_of_each_identity(state: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    print(f"SYNCER_SOAK_SEED={SEED}")
    postgres: Postgres | None = request.getfixturevalue("postgres") if state == "postgresql" else None
    with RunningSandbox(tmp_path / "portal.db") as portal:
        shop = Shop(tmp_path, portal, postgres.fresh_database() if postgres else "")
        chaos = Chaos(shop, Random(f"{SEED} {state}"), postgres)
        until, rounds = time.monotonic() + SECONDS / 2, 0
        while time.monotonic() < until:
            chaos.round()
            rounds += 1
            if chaos.chance.random() < 0.1:
                with chaos.portal_dies():
                    shop.run("apply", "--wait", "10")
        codes = chaos.settle()
        print(f"{rounds} rounds, {len(shop.keys)} customers: {dict(chaos.seen.most_common())}, in the end {codes}")
        assert codes[-1] == 0
        assert shop.made() == shop.wanted()
        assert shop.left_open() == {}
        assert shop.run("plan", "--detailed-exitcode")[0] == 0
