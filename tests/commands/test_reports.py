"""`--report` and `--format` of plans and runs: which files are written, when, and what becomes of them on trouble."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from tests.commands.installed import COMPANIES, Desk
from tests.commands.terminal import on_terminal, plain

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def test_each_ending_is_a_form_and_stdout_another(desk: Desk) -> None:
    files = ["r.md", "r.html", "r.JSON", "r.txt"]
    done = desk.run("plan", "specs", "--format", "markdown", *(f"--report={name}" for name in files))
    assert done.code == 0, done.errors
    markdown, html, document, text = ((desk.folder / name).read_text(encoding="utf-8") for name in files)
    assert done.out == markdown
    assert markdown.startswith("### syncer plan: 5 create\n")
    assert html.startswith("<!doctype html>")
    assert json.loads(document)["summary"]["create"] == 5
    assert "Plan: 5 create." in text
    for each in (markdown, html, text):
        assert "syncer apply specs\n" in each or "syncer apply specs<" in each, "the report is not asked for again"
    assert sorted(each.name for each in desk.folder.iterdir()) == sorted([*files, "data", "specs", "state"])


def test_a_run_is_reported_too(desk: Desk) -> None:
    done = desk.run("apply", "specs", "--format", "html", "--report", "r.md", "--report", "r.json")
    assert done.code == 0, done.errors
    assert "<h1>Run</h1>" in done.out
    assert (desk.folder / "r.md").read_text(encoding="utf-8").startswith("### syncer run: 5 created\n")
    assert json.loads((desk.folder / "r.json").read_text(encoding="utf-8"))["summary"]["created"] == 5


def test_a_place_that_cannot_be_is_refused_before_anything_runs(desk: Desk) -> None:
    for name, said in (("r.pdf", ".md, .html, .json, .txt"), ("no/r.md", "no folder"), ("report", "ending")):
        desk.run("apply", "specs", "--report", name).failed(64, said)
    (desk.folder / "r.md").mkdir()
    desk.run("apply", "specs", "--report", "r.md").failed(64, "is a folder")
    assert not list((desk.folder / "state").iterdir())


def test_a_refused_plan_says_so_in_its_report(desk: Desk) -> None:
    desk.spec(COMPANIES, guards={"max_create": 1})
    files = ("r.md", "r.html", "r.txt", "r.json")
    for command in ("plan", "apply"):
        refused = desk.run(command, "specs", *(f"--report={name}" for name in files))
        refused.failed(4, "specs/shop.yaml:", "max_create is 1", "--allow create=3")
        assert "max_create" not in refused.out, "a terminal shows it once"
        for name in files:
            text = (desk.folder / name).read_text(encoding="utf-8")
            assert "max_create is 1" in text, name
            assert "--allow create=3" in text, name
            assert "syncer apply" not in text, name
        document = json.loads((desk.folder / "r.json").read_text(encoding="utf-8"))
        assert document["refusal"].startswith("the plan is refused by a guard")
    assert desk.run("plan", "specs", "--format", "json").json["refusal"] == document["refusal"]
    assert "refusal" not in desk.run("plan", "specs", "--format", "json", "--allow", "create=3").json


def test_a_report_that_cannot_be_kept_undoes_nothing(desk: Desk) -> None:
    """A name that is too long once it has its temporary ending: the file system refuses it, the run is done."""
    name = "r" * (os.pathconf(desk.folder, "PC_NAME_MAX") - 3) + ".md"
    short = "x.md"
    done = desk.run("apply", "specs", "--report", name, "--report", short)
    done.failed(1, "the report cannot be written", "the run is done all the same")
    assert "5 created" in done.out
    assert (desk.folder / short).is_file()
    assert desk.run("apply", "specs").out.count("unchanged") == 3


def test_an_old_report_is_replaced_as_a_whole(desk: Desk) -> None:
    file = desk.folder / "r.txt"
    file.write_text("old" * 10_000)
    before = Path(file).stat().st_ino
    assert desk.run("plan", "specs", "--report", "r.txt").code == 0
    assert "old" not in file.read_text(encoding="utf-8")
    assert file.stat().st_ino != before


def test_a_terminal_gets_its_width_and_colours(desk: Desk) -> None:
    desk.table("customer", "id, name", [(1, "word " * 60), (2, "鍵" * 100)])
    fields = {"title": "{{ row.name }}", "revenue": "{{ row.name if row.id == 2 else 1 }}"}
    desk.spec({"companies": COMPANIES["companies"] | {"fields": fields}})
    code, shown = on_terminal(desk, "plan", "specs", COLUMNS="60")
    assert code == 0
    assert COLOUR.search(shown)
    lines = plain(shown).splitlines()
    assert sum("word word" in line for line in lines) == 7, "the value is on as many lines as it needs"
    assert all(len(line) <= 60 for line in lines if "word" in line)
    assert any("blocked (value)" in line for line in lines)
    _, shown = on_terminal(desk, "plan", "specs", COLUMNS="60", NO_COLOR="1")
    assert not COLOUR.search(shown)
    assert "\x1b[" not in desk.run("plan", "specs").out
