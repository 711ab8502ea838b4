"""`expect`: rows that are not as expected fail the plan, with their keys and their place in the spec."""

from __future__ import annotations

from typing import Any

import pytest

from syncer.errors import ExpectationError, SpecError
from tests.plan.project import Project, entity


def expecting(project: Project, table: str = "customer", **expect: Any) -> dict[str, Any]:
    return entity("company", table, expect=expect)


def test_rows_as_expected_are_planned(project: Project) -> None:
    project.table("customer", "id, name, a, b", [(1, "x", 1, None), (2, "y", 1, None), (3, "z", 2, 7.0)])
    project.spec(
        {
            "companies": expecting(
                project, rows={"min": 3, "max": 3}, unique=["id", "b", ["id", "a"]], not_null=["id", "name"]
            )
        }
    )
    assert project.plan().summary == {"create": 3}


def test_every_expectation_of_every_entity_is_told_and_nothing_is_written(project: Project) -> None:
    project.table("customer", "id, name, tax", [(n, None if n > 3 else "x", n % 3) for n in range(1, 13)])
    project.table("supplier", "id, name", [(None, "a"), ("S", "a")])
    path = project.spec(
        {
            "companies": expecting(project, rows={"min": 13}, unique=["name", "tax"], not_null=["id", "name"]),
            "suppliers": entity(
                "company", "supplier", when="{{ false }}", expect={"rows": {"max": 1}, "unique": [["name"]]}
            ),
        }
    )
    for act in (project.plan, project.apply):
        with pytest.raises(ExpectationError) as caught:
            act()
    lines = path.read_text().splitlines()
    told = [(each.code, each.message) for each in caught.value.findings]
    assert told == [
        ("SYN401", "companies: the query gives 12 rows, at least 13 are expected"),
        ("SYN402", "companies: 1 value of name in several rows: 'x' (1, 2, 3)"),
        (
            "SYN402",
            "companies: 3 values of tax in several rows: '1' (1, 4, 7, 10), '2' (2, 5, 8, 11), '0' (3, 6, 9, 12)",
        ),
        ("SYN403", "companies: 9 rows without name: 4, 5, 6, 7, 8 and 4 more"),
        ("SYN401", "suppliers: the query gives 2 rows, at most 1 are expected"),
        ("SYN402", "suppliers: 1 value of name in several rows: 'a' (row 1, row 2)"),
    ]
    for finding in caught.value.findings:
        assert finding.span.file == str(path)
        assert lines[finding.span.line - 1].strip().lstrip("- ").split(":")[0] in ("min", "max", "name", "tax")
    assert caught.value.exit_code == 1
    assert str(caught.value).endswith("6 expectations of the spec not met: nothing was written")
    assert project.portal.items(4) == []


def test_values_are_not_told_where_fields_are_masked(project: Project) -> None:
    project.table("customer", "id, name", [(1, "s3cret"), (2, "s3cret")])
    project.spec({"companies": expecting(project, unique=["name"])}, mask=["title"])
    with pytest.raises(ExpectationError) as caught:
        project.plan()
    assert "1 value of name in several rows: 1, 2" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("expect", "code", "message", "hint"),
    [
        ({"unique": ["nmae"]}, "SYN210", "the query has no column 'nmae'", "did you mean `name`?"),
        ({"unique": [["id", "x"]]}, "SYN210", "the query has no column 'x'", "known here: id, name"),
        ({"not_null": ["Name"]}, "SYN210", "the query has no column 'Name'", "did you mean `name`?"),
        ({"uniq": ["id"]}, "SYN101", "unknown key `uniq` in `entities.companies.expect`", "did you mean `unique`?"),
        ({"unique": "id"}, "SYN102", "expected a list", ""),
        ({"unique": [1]}, "SYN102", "expected the name of a column, or a list of names", ""),
        ({"rows": 1}, "SYN102", "`entities.companies.expect.rows`: expected a mapping", ""),
        ({"rows": {"min": -1}}, "SYN105", "`entities.companies.expect.rows.min`", ""),
        ({"rows": {"min": 2, "max": 1}}, "SYN105", "no number is at least 2 and at most 1", ""),
    ],
)
def test_what_cannot_be_expected(project: Project, expect: Any, code: str, message: str, hint: str) -> None:
    project.customers(1)
    project.spec({"companies": expecting(project, **expect)})
    with pytest.raises(SpecError) as caught:
        project.plan()
    (finding,) = caught.value.findings
    assert finding.code == code
    assert message in finding.message
    assert hint in finding.hint
