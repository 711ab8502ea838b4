"""A run that imports is killed wherever that could matter; the next one makes each item once, and by age."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest

from syncer.execute.failpoints import VARIABLE, Failpoint
from tests.faults.shop import COMPANY, DEAL, Shop
from tests.plan.project import DEALS
from tests.sandbox_process import RunningSandbox

MADE = {"createdTime": "2020-01-01T00:00:{{ '%02d' | format(60 - row.name[-2:] | int) }}+00:00"}
"""The later the key, the older the item."""

POINTS = [
    # how often the run comes by before it is killed; its requests are a company, the others, a deal, the others
    (Failpoint.INTENDED, 1),
    (Failpoint.SUBMITTED, 0),
    (Failpoint.SUBMITTED, 1),
    (Failpoint.ANSWERED, 0),
    (Failpoint.ANSWERED, 1),
    (Failpoint.RECORDED, 1),
]


@pytest.fixture(scope="module")
def imports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("imports") / "portal.db", "--no-limits") as portal:
        yield portal


@pytest.mark.parametrize(("point", "passes"), POINTS)
def test_killed_imports(tmp_path: Path, imports: RunningSandbox, point: Failpoint, passes: int) -> None:
    imports.control("DELETE", "")
    shop = Shop(tmp_path, imports, size=45)
    fields = DEALS["companies"]["fields"] | MADE
    companies = DEALS["companies"] | {"write": "import", "fields": fields}
    shop.spec(DEALS | {"companies": companies, "deals": DEALS["deals"] | {"write": "import"}})
    shop.switch(cost={"crm.item.batchImport": 0.1}, sleep=True)
    killed, _, _ = shop.run("apply", **{VARIABLE: f"{point}:{passes}"})
    assert killed == -SIGKILL
    code, _, errors = shop.finish()
    assert (code, shop.left_open()) == (0, {}), errors
    assert shop.made() == shop.wanted()
    companies_made = shop.items(COMPANY)
    assert sorted(companies_made, key=lambda key: int(companies_made[key]["id"])) == sorted(shop.keys, reverse=True)
    assert len(shop.items(DEAL)) == 45
