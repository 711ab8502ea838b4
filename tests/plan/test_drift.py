"""`plan --drift`: rows that changed since their items were created, and items that are gone; nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from syncer.plan.saved import SavedPlan
from tests.plan.project import Project, entity
from tests.saved.steps import apply_saved, save

MANY = 6000


def shop(project: Project) -> None:
    """Five companies and their deals, all of them there."""
    fields = {"title": "{{ row.name }}", "revenue": "{{ row.revenue }}"}
    deal = {"title": "{{ row.name }}", "companyId": "{{ ref('companies', row.customer) }}"}
    project.table("customer", "id, name, revenue", [(key, f"Company {key}", 1) for key in "ABCDE"])
    project.purchases((1, "A"), (2, "B"), (3, "C"))
    project.spec(
        {
            "companies": entity("company", "customer", fields=fields),
            "deals": entity("deal", "purchase", fields=deal),
        },
        mask=["revenue"],
    )
    project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "E", "title": "E"})
    assert project.apply().summary == {"created": 7, "adopted": 1}


def drift(project: Project) -> None:
    """A is as it was; B is changed; C is gone; D cannot be rendered any more; E was adopted; deal 2 moved."""
    project.change("UPDATE customer SET name = 'Other' WHERE id IN ('B', 'E')")
    project.change("UPDATE customer SET revenue = 'a secret' WHERE id = 'D'")
    project.change("UPDATE purchase SET customer = 'A' WHERE id = 2")
    project.portal.call("crm.item.delete", entityTypeId=4, id=project.items(4)["C"]["id"])


def test_nothing_has_drifted_after_an_apply(project: Project) -> None:
    shop(project)
    code, text, errors = project.run("plan", "--drift")
    assert code == 0, errors
    assert text.splitlines() == [
        "Nothing to create: 8 unchanged.",
        "Drift: none found.",
        "1 row not compared: the items were adopted, and what they were created with is not known.",
    ]


def test_rows_that_changed_and_items_that_are_gone_are_told(project: Project, tmp_path: Path) -> None:
    shop(project)
    drift(project)
    plain = project.plan()
    assert plain.document["summary"].keys() == {"create", "adopt", "unchanged", "blocked", "unknown", "filtered"}
    assert "drift" not in plain.document
    files = [tmp_path / f"plan.{ending}" for ending in ("jsonl", "json", "md", "html", "txt")]
    reports = [word for file in files[1:] for word in ("--report", str(file))]
    code, text, errors = project.run("plan", "--drift", "-o", str(files[0]), *reports)
    assert code == 0, errors
    told = json.loads(files[1].read_text())
    ids = {key: item.item_id for key, item in project.known().items()}
    deals = {key: item.item_id for key, item in project.known(entity_type_id=2).items()}
    assert {name: count for name, count in told["summary"].items() if count} == {
        "unchanged": 4,
        "changed": 3,
        "deleted": 1,
    }
    assert told["drift"] == {"changed": 3, "deleted": 1, "not_compared": 1, "not_looked_for": 0}
    assert [each["changed"] for each in told["entities"]] == [2, 1]
    assert [(row["originId"], row["action"], row["id"]) for row in told["changes"]] == [
        ("B", "changed", ids["B"]),
        ("C", "deleted", ids["C"]),
        ("D", "changed", ids["D"]),
        ("2", "changed", deals["2"]),
    ]
    assert "*** does not fit" in told["changes"][2]["message"]
    assert told["digest"] == plain.digest, "what has drifted is in no digest"
    assert f"  ~ B  changed: the row renders otherwise than what item {ids['B']} was created with" in text
    assert f"  - C  deleted: item {ids['C']} is no longer in the portal" in text
    assert f"  ~ D  changed: item {ids['D']} was created, and by now the row cannot be: value: field revenue" in text
    assert "`syncer state forget ENTITY KEY`" in text
    page = files[2].read_text()
    assert f"~ B  the row renders otherwise than what item {ids['B']} was created with" in page
    assert f"- C  item {ids['C']} is no longer in the portal" in page
    assert "| `shop/companies` | company | 2 | 2 | 1 |" in page
    page = files[3].read_text()
    assert '<span class="tag deleted">deleted</span>' in page
    assert all("a secret" not in file.read_text() for file in (*files[2:], files[0]))
    for form, file in zip(("json", "markdown", "html", "text"), files[1:], strict=True):
        code, shown, errors = project.run_alone("show", str(files[0]), "--format", form)
        assert code == 0, errors
        assert shown == file.read_text(), form


def test_it_is_no_part_of_what_apply_does(project: Project, tmp_path: Path) -> None:
    shop(project)
    drift(project)
    project.change("INSERT INTO customer VALUES ('F', 'New', 1)")
    project.change("INSERT INTO customer VALUES ('B', 'Twice', 1)")
    file = tmp_path / "plan.jsonl"
    code, text, errors = project.run("plan", "--drift", "-o", str(file))
    assert code == 0, errors
    saved, plain = SavedPlan(file), save(project, tmp_path / "plain.jsonl")
    assert saved.digest() == plain.digest()
    assert saved.tallies == plain.tallies
    assert [each.origin_id for each in saved.drifted(saved.targets[0])] == ["C", "D"], (
        "a key that is there twice is blocked"
    )
    assert (
        text.splitlines()[0] == "shop/companies → company: 1 create · 2 unchanged · 1 changed · 1 deleted · 2 blocked"
    )
    assert "--drift" not in text
    assert apply_saved(project, file).summary == {"created": 1, "unchanged": 7, "blocked": 2}
    assert "C" not in project.items(4)


def test_items_that_may_not_be_looked_up_are_not(project: Project) -> None:
    project.customers("A", "B")
    project.spec({"companies": entity("company", "customer", trust_state=True)})
    project.apply()
    for item in project.items(4).values():
        project.portal.call("crm.item.delete", entityTypeId=4, id=item["id"])
    project.change("UPDATE customer SET name = 'Other' WHERE id = 'B'")
    code, text, errors = project.run("plan", "--drift")
    assert code == 0, errors
    assert "shop/companies → company: 1 unchanged · 1 changed" in text
    assert "2 items not looked for in the portal, by `trust_state`." in text


def test_many_items_are_looked_up_in_bulk(project: Project) -> None:
    project.table("customer", "id, name", [(number, f"Customer {number}") for number in range(MANY)])
    project.spec({"companies": entity("company", "customer")}, guards={"max_create": "unlimited"})
    project.apply()
    project.change("UPDATE customer SET name = 'Other' WHERE id % 100 = 0")
    before = project.portal.control("GET", "log")
    code, text, errors = project.run("plan", "--drift")
    assert code == 0, errors
    after = project.portal.control("GET", "log")
    batches = after["calls"].get("batch", 0) - before["calls"].get("batch", 0)
    assert batches <= 5, "2,500 items a request"
    assert f"{MANY - 60:,} unchanged · 60 changed" in text
    assert "… and 50 more changed" in text
