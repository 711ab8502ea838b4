"""The disk of the plan's private file fills up while items are sent."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.installed import COMPANIES, QUICK, Desk, environment
from tests.conftest import needs
from tests.forks import SYNCER
from tests.sandbox_process import RunningSandbox

COMPANY = 4


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    needs("root, to mount a file system of 4 MiB", mounted)
    yield place
    subprocess.run(["umount", place], check=True)


def fill(place: Path) -> None:
    with (place / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            return


def test_what_was_sent_is_not_lost(shop: Desk, portal: RunningSandbox, small: Path) -> None:
    shop.portal["limits"] = QUICK | {"in_flight": 1}
    shop.spec(COMPANIES)
    shop.customers(*range(1000))
    refusal = {"kind": "command", "at": "before", "method": "crm.item.add", "code": "NO", "text": "no " * 1000}
    portal.control("POST", "faults", refusal | {"skip": 1, "times": 0})
    with subprocess.Popen(
        [SYNCER, "apply", "specs"],
        cwd=shop.folder,
        env=environment(TMPDIR=str(small)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not portal.items(COMPANY):
            assert process.poll() is None
            time.sleep(0.02)
        fill(small)
        _, errors = process.communicate(timeout=120)
    assert "Traceback" not in errors
    assert process.returncode in (3, 7)
    assert f"{small}: the plan's temporary file cannot be written" in errors
    assert "nothing was sent" not in errors
    portal.control("DELETE", "faults")
    again = shop.run("apply", "specs")
    assert again.code == 0, again
    assert sorted(int(item["originId"]) for item in portal.items(COMPANY)) == list(range(1000))
