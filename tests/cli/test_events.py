"""One event an item, as the contract has it: rows that are blocked too."""

from __future__ import annotations

import json

from tests.commands.installed import Desk

IDENTITY = {"run", "spec", "entity", "entityTypeId", "originatorId", "originId"}


def test_a_blocked_row_is_an_event(shop: Desk) -> None:
    shop.table("customer", "id, name", [("A", "one"), ("A", "two"), (None, "three"), ("B", "four")])
    done = shop.run("apply", "specs", "--log-format", "json")
    assert done.code == 0, done
    events = [json.loads(line) for line in done.errors.splitlines()]
    blocked = [event for event in events if event["event"] == "item.blocked"]
    assert sorted((event["originId"], event["reason"]) for event in blocked) == [
        ("", "empty_key"),
        ("A", "duplicate_key"),
        ("A", "duplicate_key"),
    ]
    assert all(event.keys() >= IDENTITY | {"message"} for event in blocked)
    assert "item.blocked" not in shop.run("apply", "specs", "--log-format", "console").errors


def test_a_blocked_row_is_an_error_when_asked_before_anything_is_said_of_rows(shop: Desk) -> None:
    shop.table("customer", "id, name", [("A", "one"), ("A", "two"), ("B", "four")])
    done = shop.run("apply", "specs", "--strict", "--log-format", "json")
    done.failed(1, "--strict")
    assert "item." not in done.errors
