"""A run is killed between the waves in which it creates rows that refer to rows of their own entity."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest

from syncer.execute.failpoints import VARIABLE, Failpoint
from tests.faults.shop import COMPANY, Shop
from tests.plan.project import entity
from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox

FIELDS = {"title": "{{ row.name }}", "ufCrmParent": "{{ link('companies', row.parent) }}"}

TREE = {"Z": None, "Y": None} | {f"M{n}": "Z" for n in range(3)} | {f"L{n}": f"M{n}" for n in range(3)} | {"A": "L0"}
"""Key → its parent's: four waves, and five requests, for the first row of all goes alone."""

CASES = [
    # state, how it is written, the point, how often the run comes by before it is killed
    ("sqlite", "add", Failpoint.RECORDED, 1),  # the first wave is done, nothing of the second has left
    ("postgresql", "add", Failpoint.INTENDED, 2),
    ("sqlite", "add", Failpoint.ANSWERED, 3),
    ("postgresql", "add", Failpoint.RECORDED, 3),
    ("sqlite", "import", Failpoint.SUBMITTED, 2),
    ("postgresql", "import", Failpoint.RECORDED, 2),
]


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("families") / "portal.db", "--no-limits") as portal:
        portal.control("POST", "fields", {"entityTypeId": COMPANY, "name": "UF_CRM_PARENT", "type": "crm"})
        yield portal


@pytest.mark.parametrize(("state", "write", "point", "passes"), CASES)
def test_killed_families(
    tmp_path: Path,
    families: RunningSandbox,
    postgres: Postgres,
    state: str,
    write: str,
    point: Failpoint,
    passes: int,
) -> None:
    for item in families.items(COMPANY):
        families.call("crm.item.delete", entityTypeId=COMPANY, id=item["id"])
    families.control("DELETE", "log")
    shop = Shop(tmp_path, families, postgres.fresh_database() if state == "postgresql" else "")
    shop.table("customer", "id, name, parent", [(key, f"Company {key}", parent) for key, parent in TREE.items()])
    shop.spec({"companies": entity("company", "customer", fields=FIELDS, write=write)})
    killed, _, errors = shop.run("apply", **{VARIABLE: f"{point}:{passes}"})
    assert killed == -SIGKILL, errors
    assert 0 < len(shop.items(COMPANY)) < len(TREE)
    code, _, errors = shop.finish()
    assert (code, shop.left_open()) == (0, {}), errors
    items = shop.items(COMPANY)
    keys = {f"CO_{each['id']}": key for key, each in items.items()}
    assert {key: keys.get(str(each["ufCrmParent"])) for key, each in items.items()} == TREE
    assert shop.calls("crm.item.add") in (0, len(TREE)), "nothing was sent twice"
