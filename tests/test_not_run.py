"""The rule of conftest.py, in a pytest of its own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

CHECKS = """
from tests.conftest import needs

def test_with_a_need():
    needs("a thing that is absent", False)
    raise AssertionError("never reached")

def test_with_a_need_that_is_met():
    needs("a thing that is here", True)
"""


def session(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_checks.py").write_text(CHECKS)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "test_checks.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_absent_need_is_listed_by_name(tmp_path: Path) -> None:
    ended = session(tmp_path, REQUIRE_ALL="")
    assert "NOT RUN test_checks.py::test_with_a_need: needs a thing that is absent" in ended.stdout
    assert "test_with_a_need_that_is_met:" not in ended.stdout
    assert ended.returncode == 0


def test_it_fails_the_session_where_all_is_required(tmp_path: Path) -> None:
    ended = session(tmp_path, REQUIRE_ALL="1")
    assert "NOT RUN test_checks.py::test_with_a_need: needs a thing that is absent" in ended.stdout
    assert ended.returncode == 1
