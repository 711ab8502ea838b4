"""Files of rows: planned by hash, sent whole, and not sent when they are others by then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.plan.project import Project, entity
from tests.saved.steps import apply_saved, save

CONTRACT = "ufCrm_1722100000004"
FIELDS = {
    "title": "{{ row.id }}",
    CONTRACT: "{{ file(row.path) }}",
    "ufCrmMany": ["{{ file(row.path) }}", "{{ file(row.other) }}"],
}


@pytest.fixture
def files(project: Project) -> Path:
    """The folder of attachments: a small file, a large one, a picture; the portal has a field for several."""
    field = {"entityTypeId": 4, "name": "UF_CRM_MANY", "type": "file", "multiple": True}
    project.portal.control("POST", "fields", field)
    folder = project.folder / "data" / "files"
    folder.mkdir()
    (folder / "a.txt").write_text("hello")
    (folder / "large.bin").write_bytes(bytes(range(256)) * 8000)
    (folder / "Ünï & $result[x].png").write_bytes(b"\x89PNG")
    return folder


def spec(project: Project, rows: list[tuple[Any, ...]], write: str = "add", **fields: Any) -> None:
    project.table("customer", "id, path, other", rows)
    companies = entity("company", "customer", fields=FIELDS | fields, write=write)
    project.spec({"companies": companies}, attachments="data/files")


def contents(project: Project) -> dict[str, list[bytes]]:
    """originId → what is in the single file and then in the others."""
    return {
        key: [
            project.portal.read(each["url"]) for each in [*filter(None, [item[CONTRACT]]), *(item["ufCrmMany"] or [])]
        ]
        for key, item in project.items(4).items()
    }


@pytest.mark.parametrize("write", ["add", "import"])
def test_files_arrive_whole_beside_rows_without(project: Project, files: Path, write: str) -> None:
    rows = [(f"s{number}", "a.txt", None) for number in range(30)]
    odd, large = "Ünï & $result[x].png", "large.bin"
    spec(project, [*rows, ("large", large, "a.txt"), ("odd", odd, large), ("none", None, None)], write)
    planned = project.plan()
    change = next(each for each in planned.changes if each["originId"] == "s1")
    path, digest, size = change["fields"][CONTRACT]["file"]
    assert (path, digest[:7], size) == ("a.txt", "sha256:", 5)
    assert "aGVsbG8" not in json.dumps(planned.document), "a plan holds no content"
    assert project.apply().summary == {"created": 33}
    found, whole = contents(project), (files / large).read_bytes()
    assert [found.pop(f"s{number}") for number in range(30)] == [[b"hello", b"hello"]] * 30
    assert found == {"large": [whole, whole, b"hello"], "odd": [b"\x89PNG", b"\x89PNG", whole], "none": []}
    assert project.plan().summary == {"unchanged": 33}


def test_a_row_without_its_file_is_blocked_and_the_others_go(project: Project, files: Path) -> None:
    outside = project.folder / "secret.txt"
    outside.write_text("secret")
    (files / "link").symlink_to(outside)
    (files / "huge").touch()
    with (files / "huge").open("wb") as file:
        file.truncate(20_000_000)
    names = {"1": "gone.txt", "2": "../secret.txt", "3": "link", "4": str(outside), "5": "", "7": "huge"}
    spec(project, [("6", "a.txt", None), *((key, name, name) for key, name in names.items())])
    planned = project.plan()
    assert planned.actions() == dict.fromkeys(names, "blocked value") | {"6": "create"}
    assert "there is no file gone.txt" in planned.message("1")
    assert "leads out of the folder" in planned.message("3")
    assert "the row's files have 60 MB together" in planned.message("7")
    assert project.apply().summary == {"created": 1, "blocked": 6}
    assert contents(project) == {"6": [b"hello", b"hello"]}


def test_several_files_come_of_a_list_of_paths(project: Project, files: Path) -> None:
    (files / "b.txt").write_text("b")
    one = {"ufCrmMany": "{{ file(row.path.split(';')) }}", CONTRACT: "{{ file(row.other) }}"}
    spec(project, [("1", "a.txt;b.txt", None)], **one)
    assert project.apply().summary == {"created": 1}
    assert contents(project) == {"1": [b"hello", b"b"]}


def test_bounds_of_the_field_itself_are_kept(project: Project, files: Path) -> None:
    (files / "b.PDF").write_text("12345678")
    settings = {"MAX_ALLOWED_SIZE": 8, "EXTENSIONS": ["pdf"]}
    field = {"entityTypeId": 4, "name": "UF_CRM_SCAN", "type": "file", "settings": settings}
    project.portal.control("POST", "fields", field)
    spec(project, [(key, key, None) for key in ("b.PDF", "a.txt", "large.bin")], ufCrmScan="{{ file(row.path) }}")
    planned = project.plan()
    assert planned.actions() == {"b.PDF": "create", "a.txt": "blocked value", "large.bin": "blocked value"}
    assert "of another kind than the field takes: pdf" in planned.message("a.txt")
    assert "has 2.0 MB, and the field takes 8 bytes" in planned.message("large.bin")


def test_a_file_that_changed_since_the_plan_was_saved_stops_its_row(project: Project, files: Path) -> None:
    spec(project, [("1", "a.txt", None), ("2", "large.bin", None), ("3", "b.txt", None)])
    (files / "b.txt").write_text("b")
    saved = project.folder / "plan.jsonl"
    save(project, saved)
    assert "aGVsbG8" not in saved.read_text()
    (files / "a.txt").write_text("jello")
    (files / "b.txt").unlink()
    applied = apply_saved(project, saved)
    assert applied.listed("not_sent") == {"1": "stale", "3": "stale"}
    assert (applied.exit_code, set(project.items(4))) == (3, {"2"})


@pytest.mark.parametrize("write", ["add", "import"])
def test_a_file_that_changes_while_a_run_is_under_way_stops_its_row(project: Project, files: Path, write: str) -> None:
    """The sources are read, then items are created one entity after the other: time enough for somebody to write."""
    rows: list[tuple[Any, ...]] = [(f"{number:03}", "a.txt", None) for number in range(5)]
    rows[0], rows[3] = ("000", "b.txt", None), ("003", "b.txt", "a.txt")
    (files / "b.txt").write_text("b")
    spec(project, rows, write)
    applied = project.apply(before=lambda: (files / "b.txt").write_text("changed"))
    assert applied.summary == {"created": 3, "blocked": 2}
    assert set(project.items(4)) == {"001", "002", "004"}
    assert project.apply().summary == {"created": 2, "unchanged": 3}
    assert contents(project)["003"] == [b"changed", b"changed", b"hello"]
