"""The digest: the same for the same plan, another one for any other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.plan.project import COMPANIES, DEALS, Project, entity


@pytest.fixture
def two(project: Project) -> Project:
    """A project whose plan has creates, an adoption and a blocked row."""
    project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "B"})
    project.customers("A", "B")
    project.purchases((1, "A"), (2, "C"))
    project.spec(DEALS)
    return project


def test_it_is_the_same_the_next_time(two: Project) -> None:
    first = two.plan()
    time.sleep(1.1)  # another second, by any clock
    assert two.plan().digest == first.digest
    assert first.digest.startswith("sha256:")
    assert len(first.digest) == len("sha256:") + 64


def test_it_does_not_depend_on_how_the_files_are_named(two: Project) -> None:
    deals = entity("deal", "purchase", fields={"title": "{{ row.name + 1 }}"})
    two.spec(COMPANIES | {"deals": deals})
    assert two.plan().summary["blocked"] == 2
    digests = set()
    for where, path in ((two.folder, "specs"), (two.folder / "data", "../specs/shop.yaml")):
        command = [sys.executable, "-m", "syncer.cli.main", "plan", "--format", "json", path]
        code = subprocess.run(command, cwd=where, env=os.environ | two.environment, capture_output=True, check=True)
        digests.add(json.loads(code.stdout)["digest"])
    assert digests == {two.plan().digest}


def test_it_does_not_depend_on_the_folder(two: Project, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    copy = Project(other, two.portal)
    copy.customers("A", "B")
    copy.purchases((1, "A"), (2, "C"))
    copy.spec(DEALS)
    assert copy.plan().digest == two.plan().digest


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("a value", "UPDATE customer SET name = 'Alfred' WHERE id = 'A'"),
        ("a key", "UPDATE customer SET id = 'D' WHERE id = 'A'"),
        ("a new row", "INSERT INTO customer VALUES ('D', 'Customer D')"),
        ("a row less", "DELETE FROM purchase WHERE id = 2"),
        ("a reference", "UPDATE purchase SET customer = 'B' WHERE id = 1"),
    ],
)
def test_it_changes_with_a_row(two: Project, table: str, statement: str) -> None:
    before = two.plan().digest
    two.change(statement)
    assert two.plan().digest != before, table


def test_it_changes_with_the_spec_and_the_portal(two: Project) -> None:
    before = two.plan().digest
    path = two.folder / "specs" / "shop.yaml"
    path.write_text(path.read_text() + "# a comment\n")
    commented = two.plan().digest
    assert commented != before
    path.write_text(path.read_text().replace("name: acme", "name: other"))
    assert two.plan().digest not in (before, commented)


def test_it_changes_when_a_part_was_created(two: Project) -> None:
    before = two.plan().digest
    two.apply(only=["companies"])
    assert two.plan().digest != before
