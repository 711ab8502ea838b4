"""A run that imports is killed wherever that could matter; the next one makes each item once, and by age."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from syncer.execute.failpoints import VARIABLE, Failpoint
from tests.faults.shop import COMPANY, DEAL, Shop
from tests.plan.project import DEALS
from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox

MADE = {"createdTime": "2020-01-01T00:00:{{ '%02d' | format(60 - row.name[-2:] | int) }}+00:00"}
"""The later the key, the older the item."""

POINTS = [
    # how often the run comes by before it is killed; its requests are a company, the others, a deal, the others
    ("postgresql", Failpoint.INTENDED, 1),
    ("sqlite", Failpoint.SUBMITTED, 0),
    ("postgresql", Failpoint.SUBMITTED, 1),
    ("sqlite", Failpoint.ANSWERED, 0),
    ("postgresql", Failpoint.ANSWERED, 1),
    ("sqlite", Failpoint.RECORDED, 1),
    ("postgresql", Failpoint.RECORDED, 2),
]

IMPORT = "crm.item.batchImport"
MISHAPS: list[dict[str, Any]] = [
    {"kind": "drop", "at": "after", "method": IMPORT, "commands": 1},
    {"kind": "cut", "at": "after", "method": IMPORT, "skip": 1},
    {"kind": "command", "at": "after", "method": IMPORT, "skip": 1},
]
"""What befalls the run after it, where the state is a PostgreSQL one."""


@pytest.fixture(scope="module")
def imports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("imports") / "portal.db", "--no-limits") as portal:
        yield portal


@pytest.mark.parametrize(("state", "point", "passes"), POINTS)
def test_killed_imports(
    tmp_path: Path, imports: RunningSandbox, postgres: Postgres, state: str, point: Failpoint, passes: int
) -> None:
    imports.control("DELETE", "")
    shop = Shop(tmp_path, imports, postgres.fresh_database() if state == "postgresql" else "", size=45)
    fields = DEALS["companies"]["fields"] | MADE
    companies = DEALS["companies"] | {"write": "import", "fields": fields}
    shop.spec(DEALS | {"companies": companies, "deals": DEALS["deals"] | {"write": "import"}})
    shop.switch(cost={IMPORT: 0.1}, sleep=True)
    killed, _, _ = shop.run("apply", **{VARIABLE: f"{point}:{passes}"})
    assert killed == -SIGKILL
    for mishap in MISHAPS if state == "postgresql" else ():
        shop.fault(**mishap)
    code, _, errors = shop.finish()
    assert (code, shop.left_open()) == (0, {}), errors
    assert state == "sqlite" or "item.unknown" in errors or point is Failpoint.RECORDED, "no answer was lost"
    assert shop.made() == shop.wanted()
    companies_made = shop.items(COMPANY)
    assert sorted(companies_made, key=lambda key: int(companies_made[key]["id"])) == sorted(shop.keys, reverse=True)
    assert len(shop.items(DEAL)) == 45
