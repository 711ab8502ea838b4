"""What all tests share, and the rule that no check is left out silently.

A check that needs something this machine has not calls `needs`. It is then listed as NOT RUN at the end of
the session; with REQUIRE_ALL=1 in the environment the session fails.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from syncer import log
from tests.postgres import postgres  # noqa: F401  # a fixture for all

ROOT = Path(__file__).parents[1]
TOLD = "told"
"""The property of a test's report that `tell` writes."""

# An image for pipelines may forbid to keep compiled modules; then each of a thousand commands would compile ours anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The program logs otherwise in a pipeline, and colours by the terminal's variables; a `make` within `make` takes its
# flags. A test that means one sets it: the same suite has to pass on a desk and in a pipeline.
_CHANGES = ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")
for _name in [*os.environ]:
    if _name in _CHANGES or _name.startswith(("CI_", "GITHUB_", "GITLAB_")):
        del os.environ[_name]


def needs(name: str, available: bool) -> None:
    """Ends the test, or every test that uses the fixture, as NOT RUN unless what it needs is available."""
    if not available:
        pytest.skip(f"needs {name}")


@pytest.fixture(scope="session")
def northwind_url() -> str:
    """The real Northwind database: NORTHWIND_URL, or the file beside the repository."""
    file = ROOT.parent / "shared" / "data" / "northwind.sqlite"
    url = os.environ.get("NORTHWIND_URL", "")
    needs("the Northwind database (NORTHWIND_URL)", bool(url) or file.is_file())
    return url or f"sqlite:///{file}"


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says something at the end of the session, such as how much a test went through."""
    return lambda text: record_property(TOLD, text)


@pytest.fixture(autouse=True)
def _log_of_one_test() -> Iterator[None]:
    """What a test teaches `redact` is forgotten after it; a common word would be hidden from the next one. So is how
    it wanted events to be shown, which would take effect at the first event of another one.
    """
    known, asked = log._secrets.known, replace(log._asked)
    yield
    log._secrets.know(known)
    log._asked = asked
    structlog.reset_defaults()


def _not_run(config: pytest.Config) -> list[str]:
    """Whatever was skipped, by `needs` or otherwise, and why."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    skipped = terminal.stats.get("skipped", []) if terminal else []
    return [f"{report.nodeid}: {report.longrepr[2].removeprefix('Skipped: ')}" for report in skipped]


def pytest_collection_finish() -> None:
    """What is loaded by now stays: garbage is looked for among what tests make, which takes a tenth of them less."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _required() and session.exitstatus == pytest.ExitCode.OK and _not_run(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    passed = terminalreporter.stats.get("passed", [])
    if said := [text for report in passed for name, text in report.user_properties if name == TOLD]:
        terminalreporter.section("what tests tell")
        for text in said:
            terminalreporter.write_line(text)
    if checks := _not_run(config):
        terminalreporter.section("NOT RUN")
        for check in checks:
            terminalreporter.write_line(f"NOT RUN {check}")
        if _required():
            terminalreporter.write_line("REQUIRE_ALL is set: this session failed.", red=True)


def _required() -> bool:
    return os.environ.get("REQUIRE_ALL") == "1"
