"""Streams that are closed, full, or whose reader has gone: the work and its exit code are not lost with them."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO

import pytest

from tests.commands.installed import Desk, environment
from tests.conftest import needs
from tests.forks import SYNCER
from tests.sandbox_process import RunningSandbox

COMPANY = 4


@pytest.fixture
def gone() -> Iterator[int]:
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def run(
    shop: Desk, arguments: Sequence[str], *, out: int | IO[bytes], errors: int | IO[bytes], **more: str
) -> tuple[int, str]:
    """The exit code, and what stderr says where it is a pipe that is read."""
    process = subprocess.Popen(
        [SYNCER, *arguments],
        cwd=shop.folder,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=errors,
        text=True,
    )
    _, said = process.communicate(timeout=120)
    return process.returncode, said or ""


def refuse_one(portal: RunningSandbox) -> None:
    portal.control(
        "POST", "faults", {"kind": "command", "at": "before", "method": "crm.item.add", "code": "NO", "skip": 1}
    )


def test_the_exit_code_does_not_depend_on_who_reads_the_results(shop: Desk, portal: RunningSandbox, gone: int) -> None:
    assert run(shop, ["plan", "specs", "--detailed-exitcode"], out=gone, errors=subprocess.PIPE) == (2, "")
    refuse_one(portal)
    code, said = run(shop, ["apply", "specs"], out=gone, errors=subprocess.PIPE)
    assert code == 3
    assert "Traceback" not in said
    assert len(portal.items(COMPANY)) == 2
    assert run(shop, ["state", "list"], out=gone, errors=subprocess.PIPE) == (0, "")
    assert run(shop, ["validate", "nothing.yaml"], out=gone, errors=subprocess.PIPE) == (1, "")


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_run_goes_on_when_nobody_reads_its_log(shop: Desk, portal: RunningSandbox, gone: int, form: str) -> None:
    refuse_one(portal)
    code, _ = run(shop, ["apply", "specs", "-v"], out=subprocess.DEVNULL, errors=gone, SYNCER_LOG_FORMAT=form)
    assert code == 3
    assert len(portal.items(COMPANY)) == 2
    (last,) = shop.run("runs", "list", "--format", "json").json
    assert (last["status"], last["summary"]["created"], last["summary"]["failed"]) == ("incomplete", 2, 1)


def test_a_log_on_a_full_disk_changes_nothing(shop: Desk) -> None:
    needs("/dev/full", Path("/dev/full").exists())
    with Path("/dev/full").open("wb") as full:
        code, _ = run(shop, ["apply", "specs", "-v"], out=subprocess.DEVNULL, errors=full)
        assert code == 0
        code, _ = run(shop, ["plan", "nothing.yaml"], out=subprocess.DEVNULL, errors=full)
        assert code == 1
        code, _ = run(shop, ["plan"], out=subprocess.DEVNULL, errors=full)
        assert code == 64


def test_a_report_that_gets_lost_is_told_with_where_to_read_it_again(shop: Desk, portal: RunningSandbox) -> None:
    needs("/dev/full", Path("/dev/full").exists())
    with Path("/dev/full").open("wb") as full:
        code, said = run(shop, ["apply", "specs"], out=full, errors=subprocess.PIPE)
        assert code == 1
        (done,) = shop.run("runs", "list", "--format", "json").json
        assert "error: what the command tells cannot be written\nNo space left on device\n" in said
        assert f"the run is done all the same: `syncer runs show {done['id']}`" in said
        assert done["status"] == "done"
        shop.customers(*range(1, 6))
        refuse_one(portal)
        code, _ = run(shop, ["apply", "specs"], out=full, errors=subprocess.PIPE)
        assert code == 3, "what the run did tells more than that its report got lost"
    assert len(portal.items(COMPANY)) == 4


def test_closed_streams_do_no_harm(shop: Desk, portal: RunningSandbox) -> None:
    """The next file to be opened would take their number, and what is printed would land in it."""
    for streams in ("<&- >&- 2>&-", ">&-", "2>&-", "<&-"):
        done = shop.shell(f"$SYNCER apply specs {streams}")
        assert done.code == 0, (streams, done)
    assert len(portal.items(COMPANY)) == 3
    with closing(sqlite3.connect(shop.folder / "state" / "syncer.db")) as state:
        assert state.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert state.execute("SELECT count(*) FROM run").fetchone() == (4,)
