"""Plans and runs as text: what a person sees, and what a row's text cannot do to a terminal."""

from __future__ import annotations

import re

import pytest

from syncer.report.text import counted, duration, shorten, value_text, visible
from tests.execute.dead_runs import died_sending
from tests.plan.project import COMPANIES, DEALS, QUICK, Project, entity


def told(project: Project, *arguments: str) -> str:
    """What a command writes to stdout."""
    _, out, errors = project.run(*arguments)
    assert "Traceback" not in errors
    return out


def test_a_plan_shows_what_will_be_made_and_why_the_rest_will_not(project: Project) -> None:
    project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "B"})
    project.customers("A", "B")
    project.purchases((1, "A"), (2, "C"))
    project.spec(DEALS)
    died_sending(project, ["D"])
    project.customers("A", "B", "D")
    text = told(project, "plan")
    assert text.splitlines()[0] == "shop/companies → company: 1 create · 1 adopt · 1 unknown"
    assert "  + A\n" in text
    assert '"Customer A"' in text
    assert "  = B  is item 1 in the portal: adopt" in text
    assert "  ? D" in text
    assert '"A" (id known after apply)' in text
    assert "  ! 2  blocked (missing_ref): companies has no row 'C'" in text
    assert "Plan: 2 create · 1 adopt · 1 blocked · 1 unknown." in text
    assert "Robots and workflows run for 2 items: companies 1; deals 1 (1 at the first stage)." in text
    assert re.search(r"^Digest sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert re.search(r"^Next: syncer apply \S+specs$", text, re.MULTILINE)


def test_long_lists_are_counted(project: Project) -> None:
    project.customers(*(f"{number:03}" for number in range(300)), *[f"x{n}" for n in range(20)] * 2)
    project.spec(COMPANIES)
    text = told(project, "plan")
    assert text.count("  + ") == 10
    assert "… and 290 more to create" in text
    assert "  ! 40 rows (x0, x1, x10, …)  blocked (duplicate_key): 2 rows of the source have this originId" in text
    assert "more blocked" not in text
    project.table("customer", "id, name", [(f"{number:03}", f"no {number}") for number in range(300)])
    project.spec({"companies": entity("company", "customer", fields={"revenue": "{{ row.name }}"})})
    assert "… and 290 more blocked" in told(project, "plan")
    assert len(text.splitlines()) < 40


def test_nothing_to_do_is_said_in_a_line(project: Project) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    project.apply()
    text = told(project, "plan")
    assert text == "Nothing to create: 1 unchanged.\n"


def test_an_empty_source_is_no_mistake(project: Project) -> None:
    project.customers()
    project.spec(COMPANIES)
    assert "no rows" in told(project, "plan")


def test_masked_fields_are_not_shown(project: Project) -> None:
    project.table("customer", "id, name, phone", [(1, "Maria", "+49 30 1")])
    fields = {"title": "{{ row.name }}", "comments": "{{ row.phone }}"}
    project.spec({"companies": entity("company", "customer", fields=fields)}, mask=["comments"])
    text = told(project, "plan")
    assert "+49 30 1" not in text
    assert "***" in text
    project.apply()
    assert "+49" in project.items(4)["1"]["comments"]


def test_masked_fields_are_not_shown_when_they_do_not_fit(project: Project) -> None:
    project.table("customer", "id, name, phone", [(1, "Maria", "secret words")])
    fields = {"title": "{{ row.name }}", "revenue": "{{ row.phone }}"}
    project.spec({"companies": entity("company", "customer", fields=fields)}, mask=["revenue"])
    text = told(project, "plan")
    assert "blocked (value)" in text
    assert "secret words" not in text


def test_a_mask_counts_in_either_spelling_and_in_what_the_portal_says(project: Project) -> None:
    project.table("customer", "id, name, phone", [(1, "Maria", "+49 30 1"), (2, "Otto", "+49 30 2")])
    fields = {"title": "{{ row.name }}", "comments": "{{ row.phone }}"}
    project.spec({"companies": entity("company", "customer", fields=fields)}, mask=["COMMENTS"])
    project.fault("command", at="before", method="crm.item.add", code="BAD", text="what is '+49 30 2'?", skip=1)
    assert "+49 30" not in told(project, "plan")
    text = told(project, "apply")
    assert "BAD: what is '***'?" in text
    assert "+49 30" not in text


NASTY = "\x1b[2J\x1b]0;title\x07\x9b31m\u202eevil\u2066\u200b\r\n\x08"


def test_a_row_cannot_move_the_cursor_or_turn_the_text(project: Project) -> None:
    project.table("customer", "id, name", [("A\u202eB", NASTY), ("C", NASTY), ("D", "x")])
    fields = {"title": "{{ row.name }}", "revenue": "{{ row.name if row.id == 'C' else 1 }}"}
    project.spec({"companies": entity("company", "customer", fields=fields)})
    project.fault("command", at="before", method="crm.item.add", code="CRM_FIELD_ERROR_REQUIRED", text=NASTY)
    for text in (told(project, "plan"), told(project, "apply")):
        assert all(char.isprintable() or char == "\n" for char in text)
        assert "evil" in text


def test_a_run_tells_what_to_look_at(project: Project) -> None:
    project.customers("A", "B", "C", "C")
    project.purchases((1, "B"))
    project.spec(DEALS)
    project.fault("command", at="before", method="crm.item.add", code="CRM_FIELD_ERROR_REQUIRED", text="Title?", skip=1)
    text = told(project, "apply")
    assert "shop/companies → company: 1 created · 1 failed · 2 blocked" in text
    assert "  ✗ B  failed: CRM_FIELD_ERROR_REQUIRED: Title?" in text
    assert "  · 1  not sent: parent (what it refers to was not created)" in text
    assert re.search(r"Run [0-9a-f]{12}: 1 created · 1 failed · 2 blocked · 1 not sent\.", text)
    assert re.search(r"^\d+ requests, .+\.$", text, re.MULTILINE)


def test_an_open_outcome_is_told_with_what_to_do(project: Project) -> None:
    project.limits = QUICK | {"in_flight": 1, "settle_seconds": 60}
    project.customers(*(f"{number:03}" for number in range(200)))
    project.spec(COMPANIES)
    project.fault("drop", at="before", method="batch", skip=4, times=3)
    code, text, errors = project.run("apply")
    assert code == 7
    assert "  ? 0" in text
    assert "3 requests in a row" in errors
    assert "run `syncer apply` again" in errors


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "under a second"), (3.4, "3 s"), (89.4, "89 s"), (200, "3 min"), (5400, "1 h 30 min"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_counts() -> None:
    assert [counted(number, "row") for number in (0, 1, 1200)] == ["0 rows", "1 row", "1,200 rows"]


def test_what_does_not_fit_is_cut() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"
    assert len(value_text("x" * 10_000, 50)) == 50


def test_visible_leaves_printable_text_alone() -> None:
    assert visible("Ünïcödé 鍵 🔑 a b") == "Ünïcödé 鍵 🔑 a b"
    assert visible("a\tb\x9bc") == "a\\tb\\x9bc"
