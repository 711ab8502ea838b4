"""Rows the portal refuses: tried again once a run, put aside after three refusals, and how they come back."""

from __future__ import annotations

import json

import pytest

from tests.mending.shop import COMPANIES, DEALS, TWO_KINDS, Shop

REFUSAL = 'CRM_FIELD_ERROR_REQUIRED: The "Comment" field is required'


@pytest.fixture
def refused(shop: Shop) -> Shop:
    """The portal refuses customer B, who has no remark, and takes A."""
    return with_a_refused_row(shop)


def with_a_refused_row(shop: Shop) -> Shop:
    shop.customers("A", "B")
    shop.remark("B", None)
    shop.insist()
    shop.spec(COMPANIES)
    return shop


def quarantined(shop: Shop) -> Shop:
    """B has been refused three times."""
    for _ in range(3):
        assert shop.applied().code == 3
    return shop


def test_a_refused_row_is_recorded_with_the_portals_words(either_shop: Shop) -> None:
    shop = with_a_refused_row(either_shop)
    applied = shop.applied()
    assert applied.summary == {"created": 1, "failed": 1}
    assert applied.code == 3
    known = shop.known()["B"]
    assert (known.status, known.attempts, known.item_id) == ("failed", 1, None)
    assert f"{known.code}: {known.message}" == REFUSAL
    assert known.payload_hash


def test_a_refused_row_is_tried_again_once_in_each_run(refused: Shop) -> None:
    for attempt in (1, 2, 3):
        applied = refused.applied()
        assert [each["originId"] for each in applied.events if each["event"] == "item.failed"] == ["B"]
        assert refused.known()["B"].attempts == attempt


def test_three_refusals_of_the_same_values_put_a_row_aside(either_shop: Shop) -> None:
    shop = quarantined(with_a_refused_row(either_shop))
    plan = shop.planned()
    assert plan.summary == {"unchanged": 1, "blocked": 1}
    assert plan.actions == {"companies/B": "blocked quarantined"}
    assert REFUSAL in plan.message("companies", "B")
    before = shop.calls()
    applied = shop.applied()
    assert (applied.code, applied.summary) == (0, {"unchanged": 1, "blocked": 1})
    assert shop.calls() == before
    assert shop.applied("--strict").code == 1


def test_two_refusals_put_nothing_aside(refused: Shop) -> None:
    for _ in range(2):
        refused.applied()
    assert refused.planned().actions == {"companies/B": "create"}
    assert refused.syncer("state", "list", "--quarantined").out == ""


def test_rows_put_aside_are_listed_for_people_and_for_export(either_shop: Shop) -> None:
    shop = quarantined(with_a_refused_row(either_shop))
    text = shop.syncer("state", "list", "--quarantined")
    assert text.code == 0
    assert [line.split()[:2] for line in text.out.splitlines()] == [["shop/companies", "B"]]
    assert "CRM_FIELD_ERROR_REQUIRED" in text.out

    (row,) = shop.syncer("state", "list", "--quarantined", "--format", "json").document
    assert row["originId"] == "B"
    assert row["attempts"] == 3
    assert f"{row['code']}: {row['message']}" == REFUSAL

    lines = shop.syncer("state", "list", "--quarantined", "--format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == [row]


def test_an_empty_list_is_a_list(shop: Shop) -> None:
    assert shop.syncer("state", "list", "--quarantined", "--format", "json").document == []
    assert shop.syncer("state", "list", "--quarantined", "--format", "jsonl").out == ""


def test_the_list_keeps_to_an_entity(shop: Shop) -> None:
    with_a_refused_row(shop)
    shop.spec(DEALS)
    shop.purchases(("1", "A"))
    quarantined(shop)
    for named in ("companies", "shop/companies"):
        assert "B" in shop.syncer("state", "list", "--quarantined", "--entity", named).out
    assert shop.syncer("state", "list", "--quarantined", "--entity", "deals").out == ""


def test_a_message_of_the_portal_cannot_move_the_cursor(shop: Shop) -> None:
    shop.customers("A")
    shop.spec(COMPANIES)
    shop.fault("command", at="before", method="crm.item.add", code="CRM_FIELD_ERROR_REQUIRED", text="\x1b[2J\r\nwiped")
    shop.applied()
    told = shop.syncer("state", "list")
    assert "wiped" in told.out
    assert told.out.count("\n") == 1
    assert "\x1b" not in told.out


def test_releasing_a_row_lets_it_be_tried_three_times_more(either_shop: Shop) -> None:
    shop = quarantined(with_a_refused_row(either_shop))
    told = shop.syncer("state", "release", "companies", "B")
    assert told.code == 0
    assert shop.syncer("state", "list", "--quarantined").out == ""
    assert shop.planned().actions == {"companies/B": "create"}
    quarantined(shop)
    assert shop.planned().actions == {"companies/B": "blocked quarantined"}


def test_a_released_row_is_created_once_the_portal_takes_it(refused: Shop) -> None:
    quarantined(refused)
    refused.insist(False)
    assert refused.applied().summary == {"unchanged": 1, "blocked": 1}
    refused.syncer("state", "release", "shop/companies", "B")
    assert refused.applied().summary == {"created": 1, "unchanged": 1}
    assert "attempts" not in refused.planned().out


def test_a_row_that_changed_in_the_source_is_tried_again(either_shop: Shop) -> None:
    shop = quarantined(with_a_refused_row(either_shop))
    shop.remark("B", "now there is one")
    assert shop.planned().actions == {"companies/B": "create"}
    assert shop.applied().summary == {"created": 1, "unchanged": 1}
    assert shop.items(4)["B"]["comments"] == "now there is one"
    known = shop.known()["B"]
    assert (known.status, known.attempts, known.code, known.message) == ("created", 0, None, None)


def test_a_changed_row_that_is_refused_too_counts_from_one(refused: Shop) -> None:
    quarantined(refused)
    refused.source("UPDATE customer SET name = 'Another name' WHERE id = 'B'")
    assert refused.applied().summary == {"unchanged": 1, "failed": 1}
    assert refused.known()["B"].attempts == 1
    quarantined_again = [refused.applied().summary for _ in range(3)]
    assert quarantined_again[1:] == [{"unchanged": 1, "failed": 1}, {"unchanged": 1, "blocked": 1}]


def test_a_lost_answer_counts_as_no_refusal(refused: Shop) -> None:
    refused.applied()
    refused.fault("drop", at="before", method="batch", skip=2)  # past the look-up of the plan, and the fields
    applied = refused.applied()
    assert [each["event"] for each in applied.events if each["event"] in ("item.unknown", "item.failed")] == [
        "item.unknown",
        "item.failed",  # lost, found absent, sent again and refused
    ]
    assert refused.known()["B"].attempts == 2
    assert refused.planned().actions == {"companies/B": "create"}


def test_open_outcomes_never_put_a_row_aside(shop: Shop) -> None:
    """Four runs die when they have just sent it, and the run after each finds it absent."""
    shop.customers("A")
    shop.spec(COMPANIES)
    assert shop.applied().summary == {"created": 1}
    shop.customers("A", "B")
    shop.switch(denied=["add:4"])
    for _ in range(4):
        shop.died_sending("B")
        assert shop.planned().actions == {"companies/B": "unknown"}
        assert shop.applied().summary == {"unchanged": 1, "not_sent": 1}
    shop.switch(denied=[])
    assert shop.applied().summary == {"unchanged": 1, "created": 1}


def test_a_type_that_is_refused_as_a_whole_is_no_rows_failure(either_shop: Shop) -> None:
    shop = either_shop
    shop.customers("A", "B", "C")
    shop.table("prospect", "id, name", [("L", "Lead")])
    shop.spec(TWO_KINDS)
    shop.switch(denied=["add:4"])
    for created in ({"created": 1}, {"unchanged": 1}, {"unchanged": 1}, {"unchanged": 1}):
        applied = shop.applied()
        assert applied.summary == {"not_sent": 3} | created
        assert applied.listed("not_sent", "reason") == dict.fromkeys(
            ("companies/A", "companies/B", "companies/C"), "refused"
        )
        assert applied.code == (3 if "created" in created else 1)
        assert applied.errors.count("may not create items of this type") == 1
    assert shop.known() == {}
    shop.switch(denied=[])
    assert shop.applied().summary == {"created": 3, "unchanged": 1}


def test_every_refused_type_is_told(shop: Shop) -> None:
    shop.customers("A")
    shop.table("prospect", "id, name", [("L", "Lead")])
    shop.spec(TWO_KINDS)
    shop.switch(denied=["add"])
    applied = shop.applied()
    assert (applied.code, applied.summary) == (1, {"not_sent": 2})
    assert "shop/companies" in applied.errors
    assert "shop/leads" in applied.errors


def test_children_of_a_refused_type_wait_for_it(shop: Shop) -> None:
    shop.customers("A")
    shop.purchases(("1", "A"), ("2", None))
    shop.spec(DEALS)
    shop.switch(denied=["add:4"])
    applied = shop.applied()
    assert applied.of("companies") == {"not_sent": 1}
    assert applied.of("deals") == {"created": 1, "not_sent": 1}
    assert applied.listed("not_sent", "reason") == {"companies/A": "refused", "deals/1": "parent"}
    assert applied.code == 3
