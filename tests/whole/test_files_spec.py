"""specs/files as it stands: created out of files, left alone, and a broken line that stops no other."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.conftest import ROOT
from tests.whole.installed import items, syncer

COMPANY, DEAL = 4, 2


def test_files_become_items_and_a_broken_line_blocks_itself(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "specs" / "files", tmp_path / "specs" / "files")
    done = syncer("apply", "specs/files", "--format", "json", "--yes", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.counts == {"created": 5}
    portal = tmp_path / "state" / "files-portal.db"
    companies, deals = items(portal, COMPANY, DEAL)
    assert {key: each["title"] for key, each in companies.items()} == {
        "00123": "Ёлка и Ко",
        "00124": 'Завод "Маяк"',
        "00201": "Дом; Сад",
    }
    assert {key: (float(each["opportunity"]), each["companyId"]) for key, each in deals.items()} == {
        "1": (59.7, companies["00123"]["id"]),
        "2": (1.0, companies["00201"]["id"]),
    }
    east = tmp_path / "specs/files/data/customers-east.csv"
    east.write_bytes(east.read_bytes() + b"00125;short\r\n00126;x;;2026-02-30\r\n00127;new;;\r\n")
    done = syncer("plan", "specs/files", "--format", "json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.counts == {"create": 1, "blocked": 2, "unchanged": 5}
    assert sorted(each["message"] for each in done.document["changes"] if each["action"] == "blocked") == [
        "specs/files/data/customers-east.csv:4: the line has 2 cells, the first one 4",
        "specs/files/data/customers-east.csv:5: column since: '2026-02-30' is not in the calendar",
    ]
    assert syncer("plan", "specs/files", "--strict", cwd=tmp_path).code == 1
