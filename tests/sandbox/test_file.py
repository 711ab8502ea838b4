"""The portal's file: what it keeps, and what it refuses."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from tests.sandbox_process import RunningSandbox


def test_items_code_and_uuid_outlive_the_process(tmp_path: Path) -> None:
    portal = RunningSandbox(tmp_path / "a.db", "--no-limits")
    with portal:
        first = portal.call("crm.item.add", entityTypeId=2, fields={"originId": "7"})["result"]["item"]
        code, uuid = portal.url.rsplit("/", 2)[1], portal.uuid
    with portal:
        assert (portal.url.rsplit("/", 2)[1], portal.uuid) == (code, uuid)
        assert portal.items(2) == [first]
        assert portal.call("crm.item.list", entityTypeId=2, filter={"originId": "7"})["total"] == 1
        assert portal.call("crm.item.add", entityTypeId=2, fields={})["result"]["item"]["id"] == first["id"] + 1


def test_files_are_read_where_the_portal_is_now(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path / "a.db", "--no-limits") as portal:
        for name, value in (("ufCrm44_1721812898903", ["a", "YQ=="]), ("ufCrm44_1721813000014", [["b", "Yg=="]])):
            portal.call("crm.item.add", entityTypeId=1302, fields={name: value})
    with RunningSandbox(tmp_path / "a.db", "--no-limits") as portal:
        one, several = portal.items(1302)
        (among_several,) = several["ufCrm44_1721813000014"]
        for file, content in ((one["ufCrm44_1721812898903"], b"a"), (among_several, b"b")):
            assert file["urlMachine"].startswith(portal.root)
            assert portal.read(file["urlMachine"]) == content


def test_the_log_is_folded_into_the_one_file(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path / "a.db", "--no-limits") as portal:
        portal.call("crm.item.add", entityTypeId=2, fields={})
        assert (tmp_path / "a.db-wal").exists()
    assert [each.name for each in tmp_path.iterdir()] == ["a.db"]


def test_what_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    portal = RunningSandbox(tmp_path / "a.db", "--no-limits").start()
    made = [portal.call("crm.item.add", entityTypeId=2, fields={})["result"]["item"]["id"] for _ in range(20)]
    portal.kill()
    with portal:
        assert [each["id"] for each in portal.items(2)] == made


def test_deleted_ids_do_not_come_again(tmp_path: Path) -> None:
    portal = RunningSandbox(tmp_path / "a.db", "--no-limits")
    with portal:
        made = portal.call("crm.item.add", entityTypeId=2, fields={})["result"]["item"]["id"]
        assert portal.call("crm.item.delete", entityTypeId=2, id=made)["result"] == []
    with portal:
        assert portal.call("crm.item.add", entityTypeId=2, fields={})["result"]["item"]["id"] == made + 1


def test_two_servers_may_share_a_file(tmp_path: Path) -> None:
    with (
        RunningSandbox(tmp_path / "a.db", "--no-limits") as one,
        RunningSandbox(tmp_path / "a.db", "--no-limits") as other,
    ):
        ids = [
            each.call("crm.item.add", entityTypeId=2, fields={})["result"]["item"]["id"] for each in (one, other) * 5
        ]
        assert ids == list(range(1, 11))
        one.control("POST", "fields", {"entityTypeId": 2, "name": "UF_CRM_1_2", "type": "string"})
        assert "ufCrm1_2" in other.call("crm.item.fields", entityTypeId=2)["result"]["fields"]


def refusal(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "syncer.sandbox", *arguments]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert found.stdout == ""
    return found.returncode, found.stderr


def test_a_file_that_is_no_sandbox_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database at all, " * 100)
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE t (x)")
    for name in ("text.db", "other.db", "text.db/a.db"):
        before = (tmp_path / name).read_bytes() if (tmp_path / name).is_file() else None
        code, text = refusal("--db", str(tmp_path / name))
        assert code == 1
        assert len(text.splitlines()) == 1
        assert name in text
        assert before is None or (tmp_path / name).read_bytes() == before


def test_missing_folders_of_the_file_are_made(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path / "new" / "folder" / "a.db"):
        assert (tmp_path / "new" / "folder" / "a.db").is_file()


def test_only_this_machine_is_served(tmp_path: Path) -> None:
    code, text = refusal("--db", str(tmp_path / "a.db"), "--host", "0.0.0.0")
    assert (code, len(text.splitlines())) == (1, 1)
    assert not (tmp_path / "a.db").exists()


def test_a_signal_ends_it_in_order(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        command = [sys.executable, "-m", "syncer.sandbox", "--db", str(tmp_path / "a.db")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("PORTAL http://127.0.0.1:")
        process.send_signal(number)
        assert process.communicate(timeout=120)[1] == ""
        assert process.returncode == 0
    assert [each.name for each in tmp_path.iterdir()] == ["a.db"]


def test_it_starts_quickly(tmp_path: Path) -> None:
    portal = RunningSandbox(tmp_path / "a.db")
    portal.start()
    portal.stop()
    begun = time.monotonic()
    portal.start()
    assert time.monotonic() - begun < 2.0
    portal.stop()
