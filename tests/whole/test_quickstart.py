"""`make demo`: the quickstart says what it does, does it once, and changes no byte of the ERP's text."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.whole.installed import items, syncer

COMPANY, CONTACT, DEAL = 4, 3, 2
PORTAL = Path("state", "quickstart-portal.db")
SPEC = "specs/quickstart/quickstart.yaml"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the quickstart as it is in the repository, without what a demo has made there."""
    folder = tmp_path_factory.mktemp("quickstart")
    made = shutil.ignore_patterns("*.db", "*.db-*", "__pycache__")
    shutil.copytree(ROOT / "specs" / "quickstart", folder / "specs" / "quickstart", ignore=made)
    return folder


@pytest.fixture(scope="module")
def demo(copy: Path) -> str:
    """What the demo prints. It touches nothing of the repository."""
    before = tree(ROOT)
    script = copy / "specs" / "quickstart" / "demo.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert tree(ROOT) == before
    return done.stdout


def tree(root: Path) -> dict[Path, int]:
    """Everything in the folders that a demo could write to, with its time of change."""
    return {path: path.stat().st_mtime_ns for part in ("specs", "state") for path in (root / part).rglob("*")}


def test_it_creates_what_it_says(copy: Path, demo: str) -> None:
    planned, created, again = (demo.split("━━ ")[number] for number in (1, 2, 3))
    assert "Plan: 27 create · 2 blocked · 1 filtered." in planned
    assert "27 created · 2 blocked · 1 filtered." in created
    assert "27 unchanged · 2 blocked · 1 filtered." in again
    assert [len(each) for each in items(copy / PORTAL, COMPANY, CONTACT, DEAL)] == [8, 10, 9]


def test_blocked_rows_are_told_why(demo: str) -> None:
    planned = demo.split("━━ ")[1]
    (decimal_comma,) = (line for line in planned.splitlines() if line.strip().startswith("! 5010"))
    (no_customer,) = (line for line in planned.splitlines() if line.strip().startswith("! 5011"))
    assert "blocked (value)" in decimal_comma
    assert "'1250,00' is not a number" in decimal_comma
    assert "blocked (missing_ref)" in no_customer
    assert "'C-0099'" in no_customer


@pytest.mark.usefixtures("demo")
def test_a_second_apply_creates_nothing(copy: Path) -> None:
    before = items(copy / PORTAL, COMPANY, CONTACT, DEAL)
    run = syncer("apply", SPEC, "--format", "json", cwd=copy)
    assert (run.code, run.counts) == (0, {"unchanged": 27, "blocked": 2, "filtered": 1})
    assert items(copy / PORTAL, COMPANY, CONTACT, DEAL) == before


@pytest.mark.usefixtures("demo")
def test_text_arrives_byte_for_byte(copy: Path) -> None:
    companies, contacts = items(copy / PORTAL, COMPANY, CONTACT)
    for table, key, found, fields in (
        ("customer", "customer_no", companies, {"title": "name", "comments": "note"}),
        ("person", "person_id", contacts, {"name": "first_name", "lastName": "last_name", "post": "job"}),
    ):
        for row in erp(copy, table):
            item = found[str(row[key])]
            written = {field: (item.get(field) or "").encode() for field in fields}
            assert written == {field: (row[column] or "").encode() for field, column in fields.items()}
    awkward = " ".join(json.dumps(item, ensure_ascii=False) for item in companies.values())
    for text in ("$result[0][id]", "100% oak", "on time & always", "Smile 😀", "/?a=1&b=2", "株式会社"):
        assert text in awkward


@pytest.mark.usefixtures("demo")
def test_phones_and_addresses_arrive_byte_for_byte(copy: Path) -> None:
    columns = {"phone_work": "PHONE", "phone_mobile": "PHONE", "email_work": "EMAIL", "email_home": "EMAIL"}
    (found,) = items(copy / PORTAL, CONTACT)
    for row in erp(copy, "person"):
        written = [(each["typeId"], each["value"]) for each in found[str(row["person_id"])]["fm"]]
        assert written == [(kind, row[column]) for column, kind in columns.items() if row[column]]


def test_text_that_a_batch_could_take_for_its_own(tmp_path: Path) -> None:
    """A batch carries its commands as URLs and puts results of one into the next; PHP reads brackets."""
    texts = [
        "$result[0][id]",
        "$result[k0][item][id]",
        "a&b=c&cmd[x]=crm.item.delete",
        "100% %26 %2526 %zz +",
        "😀 👨‍👩‍👧 é é",
        "&amp; 1 < 2 \"quoted\" 'single' \\ back\\slash",
        "[0] {1} {{ row }} {% x %} ${HOME}",
        "line\nbreak\ttab",
        "000123",
        "1e5",
        "null",
    ]
    (tmp_path / "specs").mkdir()
    with closing(sqlite3.connect(tmp_path / "erp.db")) as database, database:
        database.execute("CREATE TABLE note (id INTEGER, text TEXT)")
        database.executemany("INSERT INTO note VALUES (?, ?)", enumerate(texts))
    (tmp_path / "specs" / "notes.yaml").write_text(NOTES, encoding="utf-8")
    run = syncer("apply", "specs", "--format", "json", cwd=tmp_path)
    assert (run.code, run.counts) == (0, {"created": len(texts)})
    (found,) = items(tmp_path / "portal.db", COMPANY)
    assert {key: item["title"] for key, item in found.items()} == {str(i): text for i, text in enumerate(texts)}


NOTES = """
version: 1
name: notes
portal: {sandbox: portal.db}
state: sqlite:///state.db
originatorId: notes
sources: {erp: {url: "sqlite:///erp.db"}}
entities:
  notes:
    type: company
    source: erp
    query: SELECT * FROM note
    originId: "{{ row.id }}"
    fields:
      title: "{{ row.text }}"
"""


def erp(copy: Path, table: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(copy / "specs" / "quickstart" / "data" / "erp.db")) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(f"SELECT * FROM {table}")]
