"""Guards: bounds of a plan, told with both numbers, the spec's line and the way through."""

from __future__ import annotations

import json

import pytest

from syncer.errors import GuardRefusal
from tests.plan.project import COMPANIES, DEALS, Project, entity


def refusal(project: Project, **allow: float) -> GuardRefusal:
    with pytest.raises(GuardRefusal) as caught:
        project.plan(allow={name.replace("_", "-"): value for name, value in allow.items()})
    return caught.value


@pytest.fixture
def three(project: Project) -> Project:
    """Three rows to create: two companies and a deal."""
    project.customers("A", "B")
    project.purchases((1, "A"))
    project.spec(DEALS, guards={"max_create": 3})
    return project


def test_what_is_at_the_bound_goes_through(three: Project) -> None:
    assert three.plan(allow={}).summary == {"create": 3}


def test_what_is_over_the_bound_of_the_run_is_refused(three: Project) -> None:
    three.purchases((1, "A"), (2, "A"))
    error = refusal(three)
    assert "4 items" in error.detail
    assert "max_create is 3" in error.detail
    assert "shop.yaml:" in error.detail
    assert "--allow create=4" in error.hint
    assert three.plan(allow={"create": 4}).summary == {"create": 4}
    assert "max_create is 3" in refusal(three, create=3).detail


def test_an_entity_has_a_bound_of_its_own(three: Project) -> None:
    companies = entity("company", "customer", guards={"max_create": 1})
    three.spec(DEALS | {"companies": companies})
    error = refusal(three)
    assert "entity companies would create 2 items" in error.detail
    assert "--allow create=2" in error.hint
    assert three.plan(allow={"create": 2}).summary == {"create": 3}


def test_every_bound_that_is_broken_is_told(three: Project) -> None:
    three.spec(DEALS | {"companies": entity("company", "customer", guards={"max_create": 1})}, guards={"max_create": 2})
    assert len(refusal(three).detail.splitlines()) == 2


def test_unlimited_must_be_written(three: Project) -> None:
    three.table("customer", "id, name", [(number, "x") for number in range(5001)])
    three.spec(COMPANIES)
    assert "max_create is 5,000" in refusal(three).detail
    three.spec(COMPANIES, guards={"max_create": "unlimited"})
    assert three.plan(allow={}).summary == {"create": 5001}


def test_only_what_is_planned_counts(three: Project) -> None:
    three.spec(DEALS, guards={"max_create": 2})
    refusal(three)
    assert three.plan(only=["companies"], allow={}).summary == {"create": 2}


def test_what_is_known_or_blocked_is_not_counted(three: Project) -> None:
    three.apply()
    three.customers("A", "B", "C", "D", "D", "E", "F")
    assert three.plan(allow={}).summary == {"create": 3, "blocked": 2, "unchanged": 3}


def test_ratios_bound_what_is_new_and_blocked_once_items_are_known(three: Project) -> None:
    ratios = {"max_create_ratio": 0.25, "max_blocked_ratio": 0.25, "min_known_ratio": 0.5}
    companies = entity("company", "customer", guards={"max_create_ratio": 0.25, "max_blocked_ratio": 0.25})
    three.spec({"companies": companies})
    assert three.plan(allow={}).summary == {"create": 2}, "nothing is known yet"
    three.apply()
    three.customers("A", "B", "C")
    assert "creat" in refusal(three).detail
    assert three.plan(allow={"create-ratio": 0.5}).summary == {"create": 1, "unchanged": 2}
    three.customers("A", "B", "C", "C")
    assert "max_blocked_ratio" in refusal(three).detail
    three.spec({"companies": entity("company", "customer", guards={"min_known_ratio": ratios["min_known_ratio"]})})
    three.customers("A", "C", "D")
    assert "min_known_ratio" in refusal(three).detail
    assert three.plan(allow={"known-ratio": 0.3}).summary == {"create": 2, "unchanged": 1}


RATIOS = (
    ({"max_create": 1}, "would create 2 items, and max_create is 1", "create=2"),
    ({"max_create_ratio": 0.25}, "would create 2 of its 6 rows (33.33%), and max_create_ratio is 25%", "create-ratio="),
    ({"max_blocked_ratio": 0.33}, "blocks 2 of its 6 rows (33.33%), and max_blocked_ratio is 33%", "blocked-ratio="),
    ({"min_known_ratio": 0.34}, "knows 2 of its 6 rows (33.33%), and min_known_ratio is 34%", "known-ratio=0.333"),
    ({"max_missing": 1}, "would create 2 items beside 2 that the portal holds", "missing=2"),
)


def test_every_guard_tells_both_numbers_its_line_and_the_flag_that_is_enough(three: Project) -> None:
    """Of an entity, and of a run: six rows, of which two are known, two new and two blocked."""
    three.spec(COMPANIES)
    three.apply()
    three.customers("A", "B", "C", "D", "E", "E")
    for guards, said, flag in RATIOS:
        if "max_missing" in guards:
            three.state_file.unlink()
        (key,) = guards
        for level in ("entity companies", "spec shop"):
            mine, all_of_it = (guards, {}) if level.startswith("entity") else ({}, guards)
            path = three.spec({"companies": COMPANIES["companies"] | {"guards": mine}}, guards=all_of_it)
            line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if key in text)
            error = refusal(three)
            assert error.detail.startswith(f"{path}:{line}:"), error.detail
            assert f"{level} {said}" in error.detail
            _, _, given = error.hint.partition("--allow ")
            assert given.startswith(flag)
            name, _, bound = given.partition("=")
            assert three.plan(allow={name: float(bound)}).summary["create"] == 2


def test_a_guard_that_was_let_through_is_told_by_the_run_and_its_history(three: Project) -> None:
    three.purchases((1, "A"), (2, "A"))
    flags = ("--allow", "create=4", "--allow", "blocked-ratio=0.5", "--allow", "new-portal")
    report = three.folder / "run.md"
    code, out, _ = three.run("apply", *flags, "--format", "json", "--report", str(report))
    assert code == 0
    document = json.loads(out)
    assert " ".join(document["allowed"]) == " ".join(flags)
    assert f"* Guards let through: `{' '.join(flags)}`" in report.read_text(encoding="utf-8")
    history = json.loads(three.run_alone("runs", "show", document["run"], "--state", three.state_url)[1])
    assert history["command"] == f"apply {' '.join(flags)}"
    _, out, _ = three.run("apply", "--allow", "create=4")
    assert "Guards let through: --allow create=4\n" in out
    code, out, _ = three.run("apply", "--format", "json")
    assert "allowed" not in json.loads(out)


def test_a_changed_identity_that_would_make_all_items_anew_is_refused(three: Project) -> None:
    three.apply()
    three.spec(DEALS, originatorId="erp2")
    error = refusal(three)
    assert "2 items" in error.detail
    assert "identity-change" in error.hint
    assert three.plan(allow={"identity-change": 1}).summary == {"create": 3}


def test_a_changed_identity_that_makes_nothing_anew_is_none(three: Project) -> None:
    three.apply()
    same = {"companies": COMPANIES["companies"] | {"originId": "{{ row.id | string }}"}, "deals": DEALS["deals"]}
    three.spec(same)
    assert three.plan(allow={}).summary == {"unchanged": 3}


def test_a_portal_that_the_state_does_not_know_is_refused(three: Project) -> None:
    three.apply()
    path = three.folder / "specs" / "shop.yaml"
    path.write_text(path.read_text().replace("name: acme", "name: other"))
    three.portal.control("DELETE", "")
    error = refusal(three)
    assert "acme" in error.detail
    assert "--allow new-portal" in error.hint


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_refusal_ends_both_commands_with_4_and_nothing_is_written(three: Project, command: str) -> None:
    three.purchases((1, "A"), (2, "A"))
    code, _, errors = three.run(command)
    assert code == 4
    assert "max_create is 3" in errors
    assert three.items(4) == {}
    code, out, _ = three.run(command, "--allow", "create=4", "--format", "json")
    assert code == 0
    assert json.loads(out)["summary"]["created" if command == "apply" else "create"] == 4


def test_a_strict_command_refuses_blocked_rows_before_anything_is_written(three: Project) -> None:
    three.purchases((1, "Z"))
    code, _, errors = three.run("apply", "--strict")
    assert code == 1
    assert "--strict" in errors
    assert three.items(4) == {}


def test_the_bound_of_a_run_holds_for_all_its_specs_together(three: Project) -> None:
    """Two specs that each keep their own bound: the smallest counts, over both."""
    suppliers = {"suppliers": entity("company", "supplier", originatorId="other")}
    three.table("supplier", "id, name", [(1, "a"), (2, "b")])
    path = three.spec(suppliers, name="second", guards={"max_create": 4})
    three.spec(DEALS, guards={"max_create": 5})
    error = refusal(three)
    (line,) = error.detail.splitlines()
    at = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "max_create" in text)
    assert line.startswith(f"{path}:{at}:")
    assert line.endswith("the 2 specs of this run would create 5 items, and max_create is 4 in spec second")
    assert "--allow create=5" in error.hint
    assert three.plan(allow={"create": 5}).summary == {"create": 5}
    three.spec(suppliers, name="second", guards={"max_create": "unlimited"})
    assert three.plan(allow={}).summary == {"create": 5}


def test_a_refused_apply_writes_its_report_with_the_refusal(three: Project) -> None:
    three.purchases((1, "A"), (2, "A"))
    report = three.folder / "refused.md"
    code, out, errors = three.run("apply", "--report", str(report))
    assert (code, out) == (4, "")
    assert "max_create is 3" in errors
    assert "max_create is 3" in report.read_text(encoding="utf-8")
    assert three.items(4) == {}
