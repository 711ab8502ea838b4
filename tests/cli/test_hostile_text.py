"""Text of rows and of the portal's answers reaches a terminal as text: it moves no cursor and forges no line."""

from __future__ import annotations

import json

from tests.commands.installed import Desk
from tests.sandbox_process import RunningSandbox

KEY, TWICE, BAD = "K\u202e\u2028", "T\u202e", "B\x1b[2J\x9b1A"
NAME = "\x1b]0;mine\x07Evil\r\nerror: forged"
REFUSAL = "\x1b[31mno\x1b[0m\nerror: forged"
HARMLESS = {"\n"}


def harmless(text: str) -> bool:
    """No control characters but line ends, and no line that a row has made."""
    return all(char.isprintable() or char in HARMLESS for char in text) and "\nerror: forged" not in text


def test_text_of_rows_and_answers(shop: Desk, portal: RunningSandbox) -> None:
    shop.table("customer", "id, name", [(key, NAME) for key in (KEY, TWICE, TWICE, BAD)])
    planned = shop.run("plan", "specs")
    assert (planned.code, planned.errors) == (0, "")
    assert "Evil" in planned.out
    assert "2 rows (T\\u202e)  blocked (duplicate_key)" in planned.out
    assert "blocked (bad_key)" in planned.out
    fault = {"kind": "command", "at": "before", "method": "crm.item.add", "code": "E\x1b[1m", "text": REFUSAL}
    portal.control("POST", "faults", fault)
    applied = shop.run("apply", "specs", "-v", "--log-format", "console")
    assert applied.code == 3, applied
    run = json.loads(shop.run("runs", "list", "--format", "json").out)[0]["id"]
    told = {
        "plan": planned.out,
        "apply": applied.out + applied.errors,
        "state list": shop.run("state", "list").out,
        "runs list": shop.run("runs", "list").out,
        "an unknown key": shop.run("state", "show", "companies", KEY + "x").errors,
        "an unknown run": shop.run("runs", "show", KEY).errors,
        "an unknown entity": shop.run("plan", "specs", "--only", KEY).errors,
    }
    assert {command for command, text in told.items() if not harmless(text)} == set(), told
    (failed,) = shop.run("runs", "show", run).json["attention"]
    assert failed["message"] == REFUSAL, "JSON tells it as it was"
