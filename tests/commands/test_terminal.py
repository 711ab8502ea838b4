"""Terminals, pipes and logs: the question before anything is created, signs of life, colours, closed pipes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.commands.installed import COMPANIES, QUICK, Desk
from tests.commands.terminal import on_terminal, plain
from tests.sandbox_process import RunningSandbox

COLOUR = re.compile(r"\x1b\[\d[\d;]*m")
CURSOR_HIDDEN, CURSOR_SHOWN = "\x1b[?25l", "\x1b[?25h"
COMPANY = 4


@pytest.fixture
def shop(desk: Desk, portal: RunningSandbox) -> Desk:
    """A desk with customers alone, and a running portal."""
    desk.portal = {"webhook": portal.url, "name": "acme", "limits": QUICK}
    desk.spec(COMPANIES)
    return desk


@pytest.mark.parametrize("answer", ["\n", "n\n", "\x03", "\x04"], ids=["enter", "no", "ctrl-c", "ctrl-d"])
def test_apply_shows_the_plan_and_asks_and_takes_all_but_yes_for_no(
    shop: Desk, portal: RunningSandbox, answer: str
) -> None:
    code, shown = on_terminal(shop, "apply", "specs", answer=answer)
    text = plain(shown)
    assert code == 130, text
    assert text.index('title  "Customer 1"') < text.index("Plan: 3 create.") < text.index("Create these? [y/N]: ")
    assert "nothing was created" in text
    assert "Traceback" not in text
    assert portal.items(COMPANY) == []


def test_yes_creates(shop: Desk, portal: RunningSandbox) -> None:
    code, shown = on_terminal(shop, "apply", "specs", answer="y\n")
    assert code == 0, shown
    assert len(portal.items(COMPANY)) == 3
    assert "3 created" in plain(shown)
    code, shown = on_terminal(shop, "apply", "specs")
    assert (code, "Create these?" in shown) == (0, False), "there is nothing to ask about"


def test_nobody_is_asked_with_yes_and_the_bar_leaves_the_cursor_as_it_was(shop: Desk) -> None:
    code, shown = on_terminal(shop, "apply", "specs", "--yes")
    assert code == 0, shown
    assert "Create these?" not in shown
    assert COLOUR.search(shown)
    assert shown.rindex(CURSOR_SHOWN) > shown.rindex(CURSOR_HIDDEN), "there is a bar, and it has gone"
    assert re.search(r"sending .*\d/3", plain(shown))


def test_no_colour_where_none_is_wanted(shop: Desk) -> None:
    code, shown = on_terminal(shop, "apply", "specs", "--yes", NO_COLOR="1")
    assert code == 0
    assert not COLOUR.search(shown), shown


def test_json_on_a_terminal_is_asked_about_too(shop: Desk) -> None:
    """A person who sends the document to a file still sees the plan and the question."""
    code, shown = on_terminal(shop, "apply", "specs", "--format", "json", answer="y\n", SYNCER_LOG_FORMAT="console")
    assert code == 0, shown
    assert "Plan: 3 create." in plain(shown)
    assert '"created": 3' in shown


def test_a_line_every_ten_seconds_where_there_is_no_terminal(shop: Desk, portal: RunningSandbox) -> None:
    """Two items, one after the other, each of which takes the portal six seconds."""
    shop.portal["limits"] = QUICK | {"request_seconds": 60, "in_flight": 1}
    shop.spec(COMPANIES)
    shop.customers(1, 2)
    portal.control("PATCH", "settings", {"cost": {"crm.item.add": 6}, "sleep": True})
    done = shop.run("apply", "specs", SYNCER_LOG_FORMAT="json")
    assert done.code == 0, done
    beat, *_ = [event for event in events(done.errors) if event["event"] == "apply.sending"]
    assert (beat["entity"], beat["rows"]) == ("shop/companies", 2)


# -- logs ------------------------------------------------------------------------------------------------------


def events(errors: str) -> list[dict[str, Any]]:
    """The log as JSON: every line of stderr is one."""
    return [json.loads(line) for line in errors.splitlines()]


def test_logs_are_json_in_ci_and_one_event_is_told_per_item(shop: Desk) -> None:
    done = shop.run("apply", "specs", CI="true")
    assert done.code == 0, done
    log = [event for event in events(done.errors) if event["event"] == "item.created"]
    assert [event["originId"] for event in log] == ["1", "2", "3"]
    assert set(log[0]) >= {"run", "spec", "entity", "entityTypeId", "originatorId", "originId", "id", "seconds"}
    assert "item.created" not in done.out


def test_the_format_of_logs_can_be_chosen(shop: Desk) -> None:
    for arguments, environment, as_json in (
        ((), {"CI": "true", "SYNCER_LOG_FORMAT": "console"}, False),
        (("--log-format", "json"), {"SYNCER_LOG_FORMAT": "console"}, True),
        ((), {}, False),
    ):
        done = shop.run("apply", "specs", *arguments, **environment)
        lines = [line for line in done.errors.splitlines() if "run.started" in line]
        assert [line.startswith("{") for line in lines] == [as_json], done.errors
        assert "\x1b" not in done.errors + done.out
    shop.run("apply", "specs", SYNCER_LOG_FORMAT="xml").failed(64, "xml", "console", "json")


# -- pipes -----------------------------------------------------------------------------------------------------


def test_a_reader_who_leaves_early_is_no_error(desk: Desk) -> None:
    """More than a pipe holds, so that the writer surely meets the closed end."""
    desk.customers(*range(3000))
    for command in ("plan specs --format json", "schema"):
        done = desk.shell(f"$SYNCER {command} | head -n 1; exit ${{PIPESTATUS[0]}}")
        assert (done.code, done.out, done.errors) == (0, "{\n", ""), command
