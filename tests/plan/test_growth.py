"""What the databases of a command have to do grows with the rows, not with their square."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from syncer.plan.workspace import Workspace
from tests.plan.project import Project, entity

FEW, MANY = 250, 1000
SPEC = {
    "companies": entity(
        "company",
        "customer",
        fields={"title": "{{ row.name }}", "ufCrmParent": "{{ ref('companies', row.parent) }}"},
        expect={"unique": ["id", "name"]},
    ),
    "people": entity(
        "contact",
        "customer",
        write="import",
        fields={
            "name": "{{ row.name }}",
            "companyId": "{{ ref('companies', row.id) }}",
            "createdTime": "{{ row.made }}",
        },
    ),
    "suppliers": entity("company", "customer", fields={"title": "{{ row.name }}"}),
}
"""Rows that refer to others of their entity, to another entity's, that go by age, and that are claimed already."""


class Steps(Counter[str]):
    """Steps of SQLite's virtual machine, in the planner's file and in the state."""

    def workspace(self) -> Workspace:
        made = Workspace()
        made._db.set_progress_handler(lambda: self.step("planner's file"), 1)
        return made

    def connected(self, connection: Any, _record: object) -> None:
        connection.set_progress_handler(lambda: self.step("state"), 1)

    def step(self, place: str) -> int:
        self[place] += 1
        return 0


@pytest.fixture
def steps() -> Iterator[Steps]:
    counted = Steps()
    sa.event.listen(Engine, "connect", counted.connected)
    yield counted
    sa.event.remove(Engine, "connect", counted.connected)


def test_four_times_the_rows_are_four_times_the_work(project: Project, steps: Steps) -> None:
    found = {}
    for rows in (FEW, MANY):
        project.portal.control("DELETE", "")
        project.portal.control("POST", "fields", {"entityTypeId": 4, "name": "UF_CRM_PARENT", "type": "integer"})
        project.state_file.unlink(missing_ok=True)
        keys = [f"{rows}-{number:05}" for number in range(rows)]
        made = [f"2020-01-01T{number // 60:02}:{number % 60:02}:00+00:00" for number in range(rows)]
        parents = [None, *(keys[(number - 1) // 2] for number in range(1, rows))]
        project.table("customer", "id, name, parent, made", zip(keys, keys, parents, made, strict=True))
        project.spec(SPEC)
        steps.clear()
        assert project.apply(workspace=steps.workspace).summary == {"created": 2 * rows, "blocked": rows}
        created = steps.copy()
        steps.clear()
        assert project.apply(workspace=steps.workspace).summary == {"unchanged": 2 * rows, "blocked": rows}
        found[rows] = created, steps.copy()
    for few, many in zip(found[FEW], found[MANY], strict=True):
        grown = {place: many[place] / few[place] for place in few}
        assert all(ratio < MANY / FEW * 1.5 for ratio in grown.values()), (grown, found)
