"""What reaches a log, and in which form: without secrets, one line an event, JSON that stays JSON."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import structlog

from syncer.log import Secret, configure, for_people, in_colour, logger, redact, redact_all, redact_json
from tests.conftest import needs

ODD = 'p4ss "w\\ord" é/%:@&+'
"""A password that URLs, JSON and query strings each write in their own way."""


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leaves no set-up to other tests."""
    yield
    structlog.reset_defaults()


def logged(form: str, event: str, *, verbose: bool = False, level: str = "info", **facts: object) -> str:
    """What an event looks like on stderr."""
    stderr = io.StringIO()
    with redirect_stderr(stderr):
        configure("json" if form == "json" else "console", verbose=verbose)
        getattr(logger(), level)(event, **facts)
    return stderr.getvalue()


# -- a secret --------------------------------------------------------------------------------------------------


def test_a_secret_shows_itself_to_nobody_but_who_asks() -> None:
    secret = Secret("c0rrect-horse")
    shown = (str(secret), repr(secret), f"{secret}", f"{secret!r:>5}", "%s" % secret, json.dumps([secret], default=str))  # noqa: UP031
    assert not any("c0rrect" in each for each in shown)
    assert secret.reveal() == "c0rrect-horse"


@pytest.mark.parametrize("keep", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_not_serialised(keep: Callable[[object], object]) -> None:
    with pytest.raises(TypeError):
        keep(Secret("c0rrect-horse"))


def test_secrets_compare_by_their_text() -> None:
    assert Secret("c0rrect-horse") == Secret("c0rrect-horse") != Secret("wr0ng-horse")
    assert len({Secret("c0rrect-horse"), Secret("c0rrect-horse")}) == 1
    assert Secret("c0rrect-horse") != "c0rrect-horse"


# -- what is taken out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [str, lambda text: quote(text, safe=""), quote_plus], ids=["as is", "url", "query"])
def test_text_loses_a_secret_in_every_encoding(write: Callable[[str], str]) -> None:
    Secret(ODD)
    assert redact(f"at {write(ODD)}!") == "at ***!"


def test_the_longer_of_two_secrets_goes_first() -> None:
    Secret("plant3d-1234")
    Secret("plant3d-1234-5678")
    assert redact("plant3d-1234-5678 plant3d-1234") == "*** ***"


def test_parts_are_secret_on_their_own_and_short_ones_are_not() -> None:
    Secret("https://acme.example/rest/1/qw3rtyuiop/", "qw3rtyuiop", "abc")
    assert redact("code qw3rtyuiop, abc") == "code ***, abc"


def test_values_within_values_are_cleaned() -> None:
    secret = Secret("zxcvbnm-99")
    given = {"a": ["zxcvbnm-99", ("x zxcvbnm-99",)], "b": {"c": secret, "d": 7, "e": None}}
    assert redact_all(given) == {"a": ["***", ["x ***"]], "b": {"c": "***", "d": 7, "e": None}}


def test_a_secret_within_json_is_found_as_json_writes_it() -> None:
    Secret(ODD)
    told = redact_json(json.dumps({"message": f"no {ODD}!", ODD: [1, "two"]}, ensure_ascii=False))
    assert json.loads(told) == {"message": "no ***!", "***": [1, "two"]}


LIKE_JSON = """
import json
from syncer.log import Secret, redact_json
for text in ("2026", "null", "true", '", "', '": "'):
    Secret(text)
given = {"id": 20261123, "n": None, "yes": True, "list": ["a", "b"], "text": "nullable 2026", "key": 'a": "b'}
print(redact_json(json.dumps(given, indent=1)))
"""


def test_json_stays_json_whatever_a_secret_looks_like() -> None:
    """In a process of its own: these would be missing from what other tests read."""
    told = json.loads(subprocess.run([sys.executable, "-c", LIKE_JSON], capture_output=True, check=True).stdout)
    assert told == {"id": 20261123, "n": None, "yes": True, "list": ["a", "b"], "text": "***able ***", "key": "a***b"}


# -- events ----------------------------------------------------------------------------------------------------


def test_an_event_as_json_is_one_line_without_secrets() -> None:
    Secret(ODD)
    line = logged(
        "json", "item.failed", code="X", message=f'said "{ODD}"\nand went', fields={"a": [ODD]}, level="warning"
    )
    assert line.count("\n") == 1
    event = json.loads(line)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "item.failed",
        "level": "warning",
        "code": "X",
        "message": 'said "***"\nand went',
        "fields": {"a": ["***"]},
    }


def test_an_event_for_people_is_one_line_without_secrets() -> None:
    Secret(ODD)
    line = logged("console", "item.failed", message=f"said {ODD}", originId="A1")
    assert line.count("\n") == 1
    assert "item.failed" in line
    assert "originId=A1" in line
    assert "said ***" in line


def test_text_of_a_row_cannot_move_the_cursor() -> None:
    line = logged("console", "item.failed", originId="A\x1b[2J\r1", message="one\ntwo \x9b2J\x07")
    assert line.removesuffix("\n").isprintable(), line
    assert r"A\x1b[2J\r1" in line


@pytest.mark.parametrize("event", ["item.created", "item.adopted", "item.blocked", "batch.sent"])
def test_a_person_is_told_of_single_items_only_when_asked(event: str) -> None:
    assert logged("console", event) == ""
    assert event in logged("console", event, verbose=True)
    assert event in logged("json", event)


def test_details_are_for_who_asks() -> None:
    assert logged("json", "portal.asked", level="debug") == ""
    assert "portal.asked" in logged("json", "portal.asked", level="debug", verbose=True)


def test_whom_the_logs_are_for() -> None:
    configure("json", verbose=False)
    assert not for_people()
    configure("console", verbose=False)
    assert for_people()


# -- where they go ---------------------------------------------------------------------------------------------


def test_an_event_goes_to_the_stderr_of_its_moment() -> None:
    """A progress bar takes the place of stderr while it is shown."""
    configure("console", verbose=False)
    log, stderr = logger(), io.StringIO()
    with redirect_stderr(stderr):
        log.info("run.started")
    assert "run.started" in stderr.getvalue()


GONE = """
import os, sys
from syncer.log import configure, logger
configure("json", verbose=False)
for number in range(3):
    logger().info("run.started", number=number)
sys.exit(int(sys.argv[1]))
"""


@pytest.mark.parametrize("place", ["a pipe whose reader has gone", "a disk that is full"])
def test_a_log_that_cannot_be_written_ends_nothing(place: str) -> None:
    if place == "a disk that is full":
        needs("/dev/full", Path("/dev/full").exists())
        stderr = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, stderr = os.pipe()
        os.close(reader)
    done = subprocess.run([sys.executable, "-c", GONE, "7"], stderr=stderr, check=False)
    os.close(stderr)
    assert done.returncode == 7


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_is_for_terminals_that_want_it(
    environment: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    keyboard, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as stream:
        assert in_colour(stream) is coloured
    os.close(keyboard)
    assert not in_colour(io.StringIO())
