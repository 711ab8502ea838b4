"""A saved plan is applied: nothing beyond it, and each row exactly as approved or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from syncer.errors import PlanFileError
from syncer.plan.saved import SavedPlan
from tests.execute.dead_runs import died_sending
from tests.plan.project import DEALS, Project, entity
from tests.saved.steps import apply_saved, refused, save


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "plan.jsonl"


@pytest.fixture
def shop(project: Project) -> Project:
    """Three companies, the last of which the portal has, and two purchases."""
    project.customers("A", "B", "C")
    project.purchases((1, "A"), (2, "C"))
    project.spec(DEALS)
    project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "C"})
    return project


def test_what_is_as_approved_is_created_once(shop: Project, file: Path) -> None:
    save(shop, file)
    assert apply_saved(shop, file).summary == {"created": 4, "adopted": 1}
    assert set(shop.items(2)) == {"1", "2"}
    assert shop.items(2)["1"]["companyId"] == shop.items(4)["A"]["id"]
    again = apply_saved(shop, file)
    assert (again.exit_code, again.summary) == (0, {"unchanged": 5})
    assert shop.plan().summary == {"unchanged": 5}


def test_rows_that_are_not_as_approved_are_left(shop: Project, file: Path) -> None:
    save(shop, file)
    shop.change("UPDATE customer SET name = 'Other' WHERE id = 'A'")
    shop.change("DELETE FROM purchase WHERE id = 2")
    shop.change("INSERT INTO customer VALUES ('D', 'New')")
    applied = apply_saved(shop, file)
    assert applied.exit_code == 3
    assert applied.summary == {"created": 1, "adopted": 1, "not_sent": 3}
    assert applied.listed("not_sent") == {"A": "stale", "1": "parent", "2": "stale"}
    assert applied.document["beyond_plan"] == 1
    assert set(shop.items(4)) == {"B", "C"}
    assert apply_saved(shop, file).summary == {"unchanged": 2, "not_sent": 3}
    assert shop.plan().summary == {"create": 3, "unchanged": 2}


def test_a_mended_row_and_a_blocked_one_are_not_as_approved(shop: Project, file: Path) -> None:
    shop.purchases((1, "A"), (2, "Z"))
    save(shop, file)
    shop.purchases((1, "Z"), (2, "A"))
    applied = apply_saved(shop, file)
    assert applied.listed("not_sent") == {"1": "stale"}
    assert "missing_ref" in applied.document["not_sent"][0]["message"]
    assert (applied.document["beyond_plan"], shop.items(2)) == (1, {})


def test_what_exists_by_now_is_unchanged_whichever_state_knows_it(shop: Project, file: Path) -> None:
    save(shop, file)
    assert apply_saved(shop, file).exit_code == 0
    shop.state_file.unlink()
    applied = apply_saved(shop, file)
    assert (applied.exit_code, applied.summary) == (0, {"unchanged": 4, "adopted": 1})
    assert shop.plan().summary == {"unchanged": 5}, "the other state has learned of them"
    shop.state_file.unlink()
    shop.customers("B")
    shop.purchases()
    assert apply_saved(shop, file).summary == {"unchanged": 5}, "what is gone from the source may be there"


def test_a_child_is_as_approved_when_its_parent_has_come_to_be(shop: Project, file: Path) -> None:
    save(shop, file)
    shop.apply(only=["companies"])
    assert apply_saved(shop, file).summary == {"unchanged": 3, "created": 2}
    assert shop.items(2)["1"]["companyId"] == shop.items(4)["A"]["id"]


def test_a_parent_that_was_made_anew_is_another_one(shop: Project, file: Path) -> None:
    shop.apply(only=["companies"])
    save(shop, file)
    shop.portal.call("crm.item.delete", entityTypeId=4, id=shop.items(4)["A"]["id"])
    shop.state_file.unlink()
    shop.apply(only=["companies"])
    applied = apply_saved(shop, file)
    assert applied.listed("not_sent") == {"1": "stale"}
    assert set(shop.items(2)) == {"2"}


def test_an_adoption_of_an_item_that_is_gone_is_no_create(shop: Project, file: Path) -> None:
    save(shop, file)
    shop.portal.call("crm.item.delete", entityTypeId=4, id=shop.items(4)["C"]["id"])
    applied = apply_saved(shop, file)
    assert applied.listed("not_sent") == {"C": "stale", "2": "stale"}
    assert set(shop.items(4)) == {"A", "B"}


def test_an_outcome_that_was_unknown_is_settled_as_approved(shop: Project, file: Path) -> None:
    died_sending(shop, ["A", "B"])
    assert save(shop, file).total.unknown == 2
    shop.change("UPDATE customer SET name = 'Other' WHERE id = 'B'")
    applied = apply_saved(shop, file)
    assert applied.summary == {"created": 3, "adopted": 1, "not_sent": 1}
    assert applied.listed("not_sent") == {"B": "stale"}
    assert set(shop.items(4)) == {"A", "C"}


def test_two_items_of_one_identity_are_told(shop: Project, file: Path) -> None:
    save(shop, file)
    for _ in range(2):
        shop.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "B"})
    applied = apply_saved(shop, file)
    assert applied.exit_code == 7
    assert applied.summary == {"created": 3, "adopted": 1, "blocked": 1}


def test_the_whole_file_is_refused_when_it_does_not_fit(shop: Project, file: Path) -> None:
    query = shop.folder / "specs" / "purchases.sql"
    query.write_text("SELECT * FROM purchase")
    deals = {key: value for key, value in DEALS["deals"].items() if key != "query"}
    path = shop.spec(DEALS | {"deals": deals | {"query_file": "specs/purchases.sql"}})
    spec, before = path.read_text(), shop.calls()
    save(shop, file)
    for changed, text in (
        (path, spec + "# a comment\n"),
        (path, "no: spec"),
        (query, "SELECT *, 1 AS x FROM purchase"),
    ):
        kept = changed.read_text()
        changed.write_text(text)
        error = refused(shop, file)
        assert isinstance(error, PlanFileError), error
        assert changed.name in str(error)
        changed.write_text(kept)
    path.rename(path.with_name("other.yaml"))
    assert "not here" in str(refused(shop, file))
    path.with_name("other.yaml").rename(path)
    other = file.with_name("other.jsonl")
    path.write_text(spec.replace("name: acme", "name: other"))
    save(shop, other)
    path.write_text(spec)
    assert isinstance(refused(shop, other), PlanFileError)
    assert shop.calls() == before, "nothing was sent"


def test_the_command_proves_the_digest_and_never_asks(shop: Project, file: Path) -> None:
    code, out, _ = shop.run("plan", "-o", str(file))
    following = out.splitlines()[-1].removeprefix("Next: syncer ").split()
    digest = SavedPlan(file).digest()
    assert (code, following) == (0, ["apply", str(file), "--digest", digest])
    wrong = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    for given, expected in (("", 64), ("sha256:", 64), (digest.upper(), 64), (digest[7:], 64), (wrong, 6)):
        code, out, errors = shop.run_alone("apply", str(file), "--digest", given)
        assert (code, out) == (expected, ""), errors
    for more in (["--digest", digest, "--digest", wrong], ["--only", "companies"], ["specs"], ["--digest"]):
        assert shop.run_alone("apply", str(file), *more)[0] == 64
    assert shop.run_alone("apply", "specs", "--digest", digest)[0] == 64
    assert (shop.items(2), shop.calls()) == ({}, 1)
    code, out, errors = shop.run_alone(*following, "--format", "json", cwd=shop.folder / "data")
    assert (code, json.loads(out)["summary"]["created"]) == (0, 4), errors
    code, out, _ = shop.run_alone(*following, "--format", "json")
    assert (code, json.loads(out)["summary"]["created"]) == (0, 0)
    run = json.loads(out)["run"]
    assert json.loads(shop.run_alone("runs", "show", run)[1])["command"] == f"apply plan.jsonl {digest}"


def test_guards_hold_at_apply_too_and_their_use_is_in_the_history(shop: Project, file: Path) -> None:
    shop.spec(DEALS, guards={"max_create": 3})
    code, out, _ = shop.run("plan", "-o", str(file), "--allow", "create=4")
    following = out.splitlines()[-1].removeprefix("Next: syncer ").split()
    assert (code, following[-2:]) == (0, ["--allow", "create=4"])
    shop.change("INSERT INTO customer VALUES ('D', 'Beyond the plan'), ('E', 'Beyond the plan')")
    code, _, errors = shop.run_alone("apply", str(file))
    assert code == 4
    assert "4 items, and max_create is 3" in errors
    assert shop.items(2) == {}
    code, out, _ = shop.run_alone(*following, "--format", "json")
    assert code == 0
    assert "--allow create=4" in json.loads(shop.run_alone("runs", "show", json.loads(out)["run"])[1])["command"]


def test_the_entities_are_those_of_the_plan(shop: Project, file: Path) -> None:
    assert shop.run("plan", "-o", str(file), "--only", "companies")[0] == 0
    assert apply_saved(shop, file).summary == {"created": 2, "adopted": 1}
    assert shop.items(2) == {}


def test_a_secret_in_a_row_does_not_make_it_stale(shop: Project, file: Path) -> None:
    code = shop.portal.url.rstrip("/").rsplit("/", 1)[1]
    shop.change(f"UPDATE customer SET name = 'see {code}' WHERE id = 'A'")
    save(shop, file)
    assert code not in file.read_text()
    assert apply_saved(shop, file).summary == {"created": 4, "adopted": 1}
    assert shop.items(4)["A"]["title"] == f"see {code}"


def test_two_specs_share_a_plan(shop: Project, file: Path) -> None:
    shop.spec({"people": entity("contact", "customer", fields={"name": "{{ row.name }}"})}, name="people")
    assert save(shop, file).total.create == 7
    assert apply_saved(shop, file).summary == {"created": 7, "adopted": 1}
