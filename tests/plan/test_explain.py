"""`syncer explain`: one row from the source to the plan's verdict."""

from __future__ import annotations

import json

from tests.plan.project import DEALS, Project, entity


def test_a_row_is_explained_from_source_to_verdict(project: Project) -> None:
    project.customers("A")
    project.purchases((1, "A"), (2, "Z"), (3, None), (3, None))
    project.spec(DEALS)
    spec = str(next((project.folder / "specs").glob("*.yaml")))

    def explained(entity: str, key: str, *more: str) -> tuple[int, str, str]:
        return project.run_alone("explain", spec, entity, key, *more)

    code, out, _ = explained("deals", "1")
    assert code == 0
    for words in ("Source row", "'A' (str)", "{{ ref('companies', row.customer) }}", "companies A: no item yet"):
        assert words in out
    assert "State    does not know it" in out
    assert "Portal   has no item of this identity" in out
    assert "Verdict  create" in out
    assert "blocked (missing_ref): companies has no row 'Z'" in explained("deals", "2")[1]
    assert "blocked (duplicate_key)" in explained("deals", "3")[1]
    assert explained("deals", "9")[0] == 1
    assert "no row with the originId '9'" in explained("deals", "9")[2]
    assert "its keys are such as '1', '2', '3'" in explained("deals", "9")[2]
    assert 'companyId\n    template   "{{ ref(\'companies\', row.customer) }}"\n    rendered   companies "A"\n' in out
    assert explained("dels", "1")[0] == 64
    assert project.items(2) == {}

    project.apply()
    item = project.items(2)["1"]["id"]
    document = json.loads(explained("deals", "1", "--format", "json")[1])
    assert document["verdict"] == {"action": "unchanged"}
    assert document["portal"] == {"ids": [item]}
    assert document["state"]["id"] == item
    company = project.items(4)["A"]["id"]
    assert document["sources"][0]["references"] == [{"ref": ["companies", "A"], "id": company}]
    assert document["sources"][0]["fields"]["companyId"]["converted"] == company


def test_masked_fields_and_their_columns_are_not_shown_in_text(project: Project) -> None:
    project.table("customer", "id, name, note", [("A", "Acme", "very private")])
    fields = {"title": "{{ row.name }}", "comments": "About {{ row.note }}"}
    project.spec({"companies": entity("company", "customer", fields=fields)}, mask=["comments"])
    spec = str(next((project.folder / "specs").glob("*.yaml")))
    code, out, errors = project.run_alone("explain", spec, "companies", "A")
    assert code == 0
    assert "private" not in out + errors
    assert "Acme" in out


def test_a_row_that_when_leaves_out_is_explained(project: Project) -> None:
    project.table(
        "customer", "id, name, active", [("A", "Acme", 0), ("B", "Bolt", 1), ("C", "Cog", 0), ("C", "Cog", 1)]
    )
    project.spec({"companies": entity("company", "customer", when="{{ row.active }}")})
    spec = str(next((project.folder / "specs").glob("*.yaml")))

    def explained(key: str, *more: str) -> tuple[int, str, str]:
        return project.run_alone("explain", spec, "companies", key, *more)

    code, out, errors = explained("A")
    assert code == 0, errors
    assert "  active  0 (int)" in out
    assert '  ! `when` is false for it: "{{ row.active }}"' in out
    assert "Verdict  filtered: `when` leaves it out" in out
    document = json.loads(explained("A", "--format", "json")[1])
    assert document["verdict"] == {"action": "filtered"}
    assert document["sources"][0]["filtered"] is True
    assert document["sources"][0]["fields"]["title"]["converted"] == "Acme"

    assert "Verdict  create" in explained("B")[1]
    assert "`when`" not in explained("B")[1]
    _, out, _ = explained("C")
    assert (out.count("Source row"), out.count("`when` is false")) == (2, 1)
    assert "Verdict  create" in out
