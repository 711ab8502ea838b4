"""A parent that is missing is told once, with the rows that wait for it; JSON has each row."""

from __future__ import annotations

import json
from pathlib import Path

from syncer.plan.saved import SavedPlan
from tests.plan.project import Project, entity

MANY = 1234
NOBODY = "companies has no row 'nobody' and never had an item of that originId"


def many(project: Project) -> None:
    """Deals of one company that is missing, of one that is blocked, and of one that people deleted."""
    project.table("customer", "id, name, revenue", [("A", "Good", 1), ("Bad", "Bad", "1,5"), ("Gone", "Gone", 1)])
    fields = {"title": "{{ row.name }}", "revenue": "{{ row.revenue }}"}
    deal = {"title": "{{ row.name }}", "companyId": "{{ ref('companies', row.customer) }}"}
    entities = {"companies": entity("company", "customer", fields=fields)}
    project.spec(entities)
    project.apply()
    project.portal.call("crm.item.delete", entityTypeId=4, id=project.items(4)["Gone"]["id"])
    project.purchases(
        ("fine", "A"),
        ("one", "somebody"),
        *((f"b{number}", "Bad") for number in (1, 2)),
        *((f"g{number}", "Gone") for number in range(3)),
        *((f"n{number:04}", "nobody") for number in range(MANY)),
    )
    project.spec(entities | {"deals": entity("deal", "purchase", fields=deal)})


def test_each_parent_is_listed_once_with_its_rows(project: Project, tmp_path: Path) -> None:
    many(project)
    files = [tmp_path / name for name in ("plan.jsonl.gz", "plan.md", "plan.html", "plan.json")]
    reports = [word for file in files[1:] for word in ("--report", str(file))]
    code, text, errors = project.run("plan", "-o", str(files[0]), *reports)
    assert code == 0, errors
    lines = [line for line in text.splitlines() if line.startswith("  ! ")]
    assert lines[1:] == [
        f"  ! {MANY:,} rows (n0000, n0001, n0002, …)  blocked (missing_ref): {NOBODY}",
        next(line for line in lines if "Gone" in line or "is no longer in the portal" in line),
        next(line for line in lines if "'Bad' is itself blocked" in line),
        f"  ! one  blocked (missing_ref): {NOBODY.replace('nobody', 'somebody')}",
    ], text
    assert "  ! 3 rows (g0, g1, g2)  blocked (deleted_ref): its parent, companies item" in lines[2]
    assert "  ! 2 rows (b1, b2)  blocked (missing_ref): companies 'Bad' is itself blocked (value)" in lines[3]
    page = files[1].read_text()
    assert f"! {MANY:,} rows (n0000, n0001, n0002, …)  missing_ref: {NOBODY}" in page
    assert page.count("no row 'nobody'") == 1
    assert "more blocked" not in page
    page = files[2].read_text()
    assert page.count("no row &#39;nobody&#39;") == 1
    assert f"{MANY:,} rows (n0000, n0001, n0002, …)" in page
    assert "n0003, n0004" in page, "the first keys can be searched for"
    assert "This page is cut" not in page
    blocked = [row for row in json.loads(files[3].read_text())["changes"] if row["action"] == "blocked"]
    assert len(blocked) == MANY + 1 + 2 + 3 + 1

    again = {}
    for form in ("text", "markdown", "html"):
        code, again[form], errors = project.run_alone("show", str(files[0]), "--format", form)
        assert code == 0, errors
    assert lines == [line for line in again["text"].splitlines() if line.startswith("  ! ")]
    for form, file in (("markdown", files[1]), ("html", files[2])):
        shown, before = (text.partition("Portal")[2].count(NOBODY[-20:]) for text in (again[form], file.read_text()))
        assert shown == before > 0
    with_keys = list(SavedPlan(files[0]).causes(SavedPlan(files[0]).targets[1], 5000))
    assert len(with_keys[0].origin_ids) == with_keys[0].count == MANY
