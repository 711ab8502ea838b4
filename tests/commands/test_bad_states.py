"""A state that cannot be used, and disks without room: what is told, and what is left behind."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.commands.installed import COMPANIES, QUICK, Desk
from tests.conftest import needs
from tests.postgres import PASSWORD_ROLE, Postgres
from tests.sandbox_process import RunningSandbox


@pytest.fixture
def shop(desk: Desk, portal: RunningSandbox) -> Desk:
    """A desk with customers alone, and a running portal."""
    desk.portal = {"webhook": portal.url, "name": "acme", "limits": QUICK}
    desk.spec(COMPANIES)
    return desk


def test_a_place_where_no_state_can_be(shop: Desk) -> None:
    writing = "cannot be opened for writing"
    shop.run("apply", "specs", "--state", "sqlite:///specs/shop.yaml/s.db").failed(1, writing, "Check the path")
    shop.run("apply", "specs", "--state", "sqlite:///specs").failed(1, writing, "Is a directory", "Check the path")
    shop.run("plan", "specs", "--state", "sqlite:///specs").failed(1, "cannot be read", "Is a directory")
    shop.run("apply", "specs", "--state", "state/syncer.db").failed(64, "sqlite:///state/syncer.db")


def test_files_that_are_no_state(shop: Desk) -> None:
    (shop.folder / "junk.db").write_text("this is no database\n" * 100)
    source = (shop.folder / "data" / "erp.db").read_bytes()
    for command in ("plan", "apply"):
        shop.run(command, "specs", "--state", "sqlite:///junk.db").failed(1, "junk.db is not a state database")
        other = shop.run(command, "specs", "--state", "sqlite:///data/erp.db")
        other.failed(1, "erp.db is a database, but not a state of syncer", "customer, purchase", "of its own")
    shop.run("state", "list", "--state", "sqlite:///junk.db").failed(1, "junk.db is not a state database")
    assert (shop.folder / "data" / "erp.db").read_bytes() == source


def test_a_damaged_state(shop: Desk) -> None:
    assert shop.run("apply", "specs").code == 0
    file = shop.folder / "state" / "syncer.db"
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    for command in (("plan", "specs"), ("apply", "specs"), ("state", "list")):
        shop.run(*command).failed(1, "syncer.db is damaged", "Restore the file from a copy, or remove it")


def test_a_state_of_a_newer_program(shop: Desk) -> None:
    assert shop.run("apply", "specs").code == 0
    database = sqlite3.connect(shop.folder / "state" / "syncer.db")
    with database:
        database.execute("UPDATE syncer_version SET version_num = '9999'")
    database.close()
    for command in (("plan", "specs"), ("apply", "specs"), ("state", "list"), ("state", "upgrade")):
        shop.run(*command).failed(1, "syncer.db", "newer", "9999")


def test_a_server_that_does_not_answer_and_one_that_wants_another_password(shop: Desk, postgres: Postgres) -> None:
    nobody = "postgresql+psycopg://writer:top-secret@127.0.0.1:1/state"
    away = shop.run("apply", "specs", "--state", nobody)
    away.failed(1, "the state 127.0.0.1/state cannot be reached", "Connection refused", "that the server is running")
    with psycopg.connect(host=str(postgres.folder), user="postgres", autocommit=True) as connection:
        connection.execute(f"DROP ROLE IF EXISTS {PASSWORD_ROLE}")
        connection.execute(f"CREATE ROLE {PASSWORD_ROLE} LOGIN PASSWORD 'right-secret'")
    wrong = postgres.url("postgres", PASSWORD_ROLE, "top-secret")
    state = shop.run("apply", "specs", "--state", wrong)
    state.failed(1, "password authentication failed", "Check user and password in the `state` URL")
    shop.spec(COMPANIES, sources={"erp": {"url": wrong}})
    source = shop.run("plan", "specs")
    source.failed(1, "source erp: no connection to ", "password authentication failed")
    assert "top-secret" not in away.errors + state.errors + source.errors


# -- disks without room ----------------------------------------------------------------------------------------


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    place = tmp_path / "tiny"
    place.mkdir()
    needs("root, to mount a file system of 64 KiB", os.geteuid() == 0 and _mount(place, "size=64k"))
    yield place
    subprocess.run(["umount", place], check=True)


def _mount(place: Path, options: str) -> bool:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=False, capture_output=True)
    return done.returncode == 0


def test_no_room_for_the_plan(shop: Desk, tiny: Path) -> None:
    shop.customers(*range(4000))
    for command in ("plan", "apply"):
        done = shop.run(command, "specs", TMPDIR=str(tiny))
        done.failed(1, f"{tiny}: the plan's temporary file cannot be written", "disk is full", "another directory")
    assert not list(tiny.iterdir())


def test_no_room_for_a_new_state(shop: Desk, tiny: Path, portal: RunningSandbox) -> None:
    done = shop.run("apply", "specs", "--state", f"sqlite:///{tiny}/s.db")
    done.failed(1, "s.db cannot be written: the disk is full", "Make room and run again")
    assert portal.items(4) == []


def test_room_that_ends_within_a_run(shop: Desk, tiny: Path, portal: RunningSandbox) -> None:
    """What could not be recorded is found again, once there is room; nothing is created twice."""
    subprocess.run(["mount", "-o", "remount,size=400k", tiny], check=True)
    shop.customers(*range(2000))
    command = ("apply", "specs", "--state", f"sqlite:///{tiny}/s.db", "--format", "json")
    full = shop.run(*command)
    full.failed(7, "s.db cannot be written: the disk is full", "Make room and run again; what was recorded is kept")
    summary = full.json["summary"]
    assert summary["unknown"]
    assert summary["not_sent"]
    subprocess.run(["mount", "-o", "remount,size=40m", tiny], check=True)
    again = shop.run(*command, "--wait", "60")  # a full disk may have kept the lease from being given back
    assert again.code == 0, again
    assert sorted(int(item["originId"]) for item in portal.items(4)) == list(range(2000))


def test_stdout_without_room(desk: Desk) -> None:
    """The results are lost: that is an error, not silence."""
    for command in ("validate specs", "plan specs"):
        done = desk.shell(f"$SYNCER {command} >/dev/full")
        done.failed(1, "cannot be written", "No space left on device")
