"""The file of a saved plan: whole, private, without secrets, and refused when a byte of it is not as it was written."""

from __future__ import annotations

import gzip
import json
import random
import stat
from pathlib import Path

import pytest

from syncer.errors import PlanFileError
from syncer.plan.saved import SavedPlan
from tests.plan.project import DEALS, Project, entity

PASSWORD = "tr0ub4dor&3"


@pytest.fixture
def four(project: Project) -> Project:
    """A plan with a create that refers to another, an adoption and two blocked rows; a password in spec and rows."""
    project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "B"})
    project.customers("A", "B", "C", "C")
    project.purchases((1, "A"))
    project.change(f"UPDATE customer SET name = 'says {PASSWORD}' WHERE id = 'A'")
    other = {"url": f"postgresql://reader:{PASSWORD.replace('&', '%26')}@localhost:1/erp"}
    deals = entity("deal", "purchase", fields=DEALS["deals"]["fields"] | {"stageId": "{{ stage('Won') }}"})
    sources = {"erp": {"url": "sqlite:///data/erp.db"}, "other": other}
    project.spec(DEALS | {"deals": deals}, sources=sources, mask=["title"])
    return project


@pytest.mark.parametrize("name", ["plan.jsonl", "plan.jsonl.gz"])
def test_it_is_shown_as_the_plan_was(four: Project, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    for form in ("json", "text", "markdown", "html"):
        code, told, errors = four.run("plan", "-o", str(file), "--format", form)
        assert (code, "Traceback" in errors) == (0, False), errors
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        shown = four.run_alone("show", str(file), "--format", form)
        assert shown[:2] == (0, told)
        masked = form != "json"
        assert (told.count("***") > told.count("says ***"), "Purchase 1" in told) == (masked, not masked), form
        assert ("Won (WON)" in told) == masked, "people read the name beside the id; the value stays plain"
        assert ("1 at stage Won (WON)" in told) == masked, "the forecast too"
    lines = (gzip.open if name.endswith(".gz") else open)(file, "rt").read().splitlines()
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == [], "nothing is left beside it"
    records = [json.loads(line) for line in lines]
    assert records[0]["format_version"] == "1"
    assert [each.get("action") for each in records[1:-1]] == ["create", "adopt", "blocked", "blocked", "create"]
    assert records[-2]["fields"]["companyId"] == {"ref": ["companies", "A"]}
    assert records[-1]["summary"]["create"] == 2
    assert records[-1]["digest"] == four.plan().digest


def test_the_same_plan_makes_the_same_file_without_a_secret_in_it(four: Project, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.jsonl.gz" for number in (1, 2)]
    for file in files:
        assert four.run("plan", "-o", str(file))[0] == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    text = gzip.decompress(files[0].read_bytes()).decode()
    for secret in (PASSWORD, four.portal.url, four.portal.url.rstrip("/").rsplit("/", 1)[1]):
        assert secret not in text
    assert "says ***" in text


def test_a_file_that_is_not_as_written_is_refused(four: Project, tmp_path: Path) -> None:
    plain, packed = tmp_path / "plan.jsonl", tmp_path / "plan.jsonl.gz"
    for file in (plain, packed):
        assert four.run("plan", "-o", str(file))[0] == 0
    rolls = random.Random(7)
    for file in (plain, packed):
        whole = file.read_bytes()
        broken = [whole[:length] for length in (0, 1, 3, len(whole) // 2, len(whole) - 1)]
        broken += [
            whole + b"\n",
            whole + whole,
            whole.replace(b"\n", b"\r\n") if file is plain else whole[:-8] + b"x" * 8,
        ]
        lines = whole.splitlines(keepends=True)
        if file is plain:
            broken += [b"".join(lines[:1] + lines[2:]), b"".join([*lines[:1], lines[2], lines[1], *lines[3:]])]
        for _ in range(300):
            place = rolls.randrange(10 if file is packed else 0, len(whole))  # gzip's head has bytes without a meaning
            broken.append(whole[:place] + bytes([whole[place] ^ 1 << rolls.randrange(8)]) + whole[place + 1 :])
        for number, content in enumerate(broken):
            file.write_bytes(content)
            with pytest.raises(PlanFileError):
                pytest.fail(f"{number}: {SavedPlan(file).digest()}")
        file.write_bytes(whole)
        SavedPlan(file)


def test_a_newer_format_and_other_files_are_told_as_such(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "plan.jsonl"
    file.write_text('{"format_version":"2"}\n')
    code, _, errors = project.run_alone("show", str(file))
    assert code == 6
    assert "format '2'" in errors
    file.write_text("version: 1\n")
    code, _, errors = project.run_alone("show", str(file))
    assert code == 6
    assert "no saved plan" in errors
    code, _, errors = project.run_alone("show", str(tmp_path / "none.jsonl"))
    assert code == 1
    assert "none.jsonl" in errors


def test_a_place_where_it_cannot_be_is_told_before_anything_is_planned(four: Project, tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    for place in ("plan.txt", "none/plan.jsonl", "folder.jsonl"):
        code, out, errors = four.run("plan", "-o", str(tmp_path / place))
        assert (code, out) == (64, "")
        assert place.split("/")[0] in errors


def test_a_plan_that_a_guard_refuses_is_saved_and_refused(four: Project, tmp_path: Path) -> None:
    four.spec(DEALS, guards={"max_create": 1})
    file = tmp_path / "plan.jsonl"
    code, out, errors = four.run("plan", "-o", str(file))
    assert (code, "Next:" in out) == (4, False)
    assert "--allow create=2" in errors
    assert SavedPlan(file).total.create == 2
