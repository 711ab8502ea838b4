"""Guards: what a plan may do at most, in `plan` and in `apply`, and how each is let through once."""

from __future__ import annotations

from typing import Any

from tests.mending.shop import COMPANIES, REMARK, TWO_KINDS, Shop
from tests.plan.project import entity


def guarded(shop: Shop, **guards: Any) -> None:
    """The spec of customers and prospects, with guards of the run."""
    shop.spec(TWO_KINDS, guards=guards)


def guarded_entity(shop: Shop, **guards: Any) -> None:
    """The same, with guards of the customers."""
    shop.spec(TWO_KINDS | {"companies": entity("company", "customer", fields=REMARK, guards=guards)})


def rows(shop: Shop, customers: int, prospects: int = 0) -> None:
    shop.customers(*range(1, customers + 1))
    shop.table("prospect", "id, name", [(f"P{number}", "Prospect") for number in range(prospects)])


def refused(shop: Shop, *said: str, allow: str) -> None:
    """Plan and apply refuse it again and again, write nothing, and name the flag that lets it through."""
    before = (shop.calls(), shop.portal.items(4), shop.portal.items(1))
    plan, *applies = shop.planned(), shop.applied(), shop.applied()
    assert plan.document["changes"]  # it is shown, and refused below
    assert {told.out for told in applies} == {""}
    for told in (plan, *applies):
        assert told.code == 4
        assert f"--allow {allow}" in told.errors
        assert [words for words in said if words not in told.errors] == []
    assert (shop.calls(), shop.portal.items(4), shop.portal.items(1)) == before


def let_through(shop: Shop, allow: str) -> None:
    """With the flag it goes through, in plan and in apply."""
    assert shop.planned("--allow", allow).code == 0
    assert shop.applied("--allow", allow).code == 0


def test_no_more_than_max_create_in_a_run(either_shop: Shop) -> None:
    shop = either_shop
    rows(shop, 2, 2)
    guarded(shop, max_create=3)
    refused(shop, "spec shop would create 4 items, and max_create is 3", "shop.yaml:", allow="create=4")
    assert shop.applied("--allow", "create=3").code == 4
    let_through(shop, "create=4")
    assert len(shop.items(4)) == 2


def test_what_is_let_through_once_is_refused_the_next_time(shop: Shop) -> None:
    rows(shop, 4)
    guarded(shop, max_create=1)
    let_through(shop, "create=4")
    assert shop.planned().code == 0
    rows(shop, 6)
    refused(shop, "would create 2 items, and max_create is 1", allow="create=2")


def test_no_more_than_max_create_of_an_entity(shop: Shop) -> None:
    rows(shop, 2, 5)
    guarded_entity(shop, max_create=1)
    refused(shop, "entity companies would create 2 items, and max_create is 1", allow="create=2")
    let_through(shop, "create=2")


def test_five_thousand_are_enough_unless_more_are_asked_for(shop: Shop) -> None:
    rows(shop, 5001)
    shop.spec(COMPANIES)
    told = shop.planned()
    assert told.code == 4
    assert "would create 5,001 items, and max_create is 5,000" in told.errors
    assert shop.planned("--allow", "create=5001").code == 0


def test_exactly_the_bound_is_within_it(shop: Shop) -> None:
    rows(shop, 3)
    guarded(shop, max_create=3, max_create_ratio=1.0)
    assert shop.applied().code == 0


def test_a_ratio_of_creates_counts_once_something_is_known(shop: Shop) -> None:
    rows(shop, 3)
    guarded(shop, max_create_ratio=0.5)
    assert shop.applied().code == 0  # the first run: every row is new
    rows(shop, 6)
    assert shop.planned().code == 0  # 3 of 6
    rows(shop, 7)
    refused(shop, "would create 4 of its 7 rows (57.14%), and max_create_ratio is 50%", allow="create-ratio=0.572")
    let_through(shop, "create-ratio=0.572")


def test_a_source_of_strange_rows_alone_is_refused_by_the_ratio(either_shop: Shop) -> None:
    """The state knows items of the entity, and not one of them is in the source any more: the wrong database."""
    shop = either_shop
    rows(shop, 3)
    guarded_entity(shop, max_create_ratio=0.5)
    assert shop.applied().code == 0
    shop.customers("X", "Y")
    refused(shop, "entity companies would create 2 of its 2 rows (100%)", allow="create-ratio=1.0")
    let_through(shop, "create-ratio=1.0")


def test_a_ratio_of_blocked_rows(shop: Shop) -> None:
    rows(shop, 3)
    shop.source("INSERT INTO customer VALUES (NULL, 'No key', 'yes')")
    guarded(shop, max_blocked_ratio=0.2)
    refused(shop, "blocks 1 of its 4 rows (25%), and max_blocked_ratio is 20%", allow="blocked-ratio=0.25")
    let_through(shop, "blocked-ratio=0.25")


def test_a_ratio_of_known_rows_counts_once_something_is_known(shop: Shop) -> None:
    rows(shop, 3)
    guarded(shop, min_known_ratio=0.9)
    assert shop.applied().code == 0
    rows(shop, 4)
    refused(shop, "knows 3 of its 4 rows (75%), and min_known_ratio is 90%", allow="known-ratio=0.75")
    let_through(shop, "known-ratio=0.75")
    shop.customers("X", "Y")
    refused(shop, "knows 0 of its 2 rows (0%)", allow="known-ratio=0.0")
    let_through(shop, "known-ratio=0")


def test_an_entity_has_ratios_of_its_own(shop: Shop) -> None:
    rows(shop, 4, 4)
    guarded_entity(shop, max_create_ratio=0.1, min_known_ratio=0.95, max_blocked_ratio=0.0)
    shop.applied()
    rows(shop, 5, 400)
    refused(
        shop,
        "entity companies would create 1 of its 5 rows (20%)",
        "companies knows 4 of its 5 rows (80%)",
        allow="create-ratio=0.2",
    )
    let_through_both = ("--allow", "create-ratio=0.2", "--allow", "known-ratio=0.8")
    assert shop.applied(*let_through_both).code == 0


def test_the_flags_that_are_told_are_enough(shop: Shop) -> None:
    """The run and one of its entities are both over their bounds, by different counts."""
    rows(shop, 2, 3)
    bounded = {name: each | {"guards": {"max_create": 1}} for name, each in TWO_KINDS.items()}
    shop.spec(bounded, guards={"max_create": 1})
    told = shop.planned()
    assert told.code == 4
    assert told.errors.count("--allow create=") == 1
    let_through(shop, "create=5")


def test_every_guard_that_says_no_is_told_at_once(shop: Shop) -> None:
    rows(shop, 3, 3)
    shop.source("INSERT INTO customer VALUES (NULL, 'No key', 'yes')")
    guarded(shop, max_create=1, max_blocked_ratio=0.0)
    told = shop.planned()
    assert told.code == 4
    assert "--allow blocked-ratio=0.143 --allow create=6" in told.errors
    assert shop.applied("--allow", "create=6", "--allow", "blocked-ratio=0.143").code == 0


def test_an_empty_source_is_refused_by_no_ratio(shop: Shop) -> None:
    rows(shop, 2)
    guarded(shop, max_create_ratio=0.0, min_known_ratio=1.0, max_blocked_ratio=0.0)
    shop.applied()
    rows(shop, 0)
    assert shop.planned().code == 0


def test_what_people_deleted_does_not_come_back_unasked_when_the_state_was_lost(shop: Shop) -> None:
    """The state is lost, or an old copy comes back: rows are adopted, and others are missing, perhaps for a reason."""
    rows(shop, 3, 2)
    guarded(shop, max_missing=0)
    assert shop.applied().code == 0, "nothing is adopted: this is no lost state"
    shop.remove(4, shop.item(4, "2"))
    shop.lose("1", "2")
    numbers = "would create 1 items beside 1 that the portal holds and the state does not know, and max_missing is 0"
    refused(shop, f"spec shop {numbers}", allow="missing=1")
    guarded_entity(shop, max_missing=0)
    refused(shop, f"entity companies {numbers}", allow="missing=1")
    guarded_entity(shop, max_missing=1)
    assert shop.planned().code == 0
    guarded(shop, max_missing=0)
    let_through(shop, "missing=1")
    assert shop.planned().summary == {"unchanged": 5}


def test_adopted_rows_count_as_known(shop: Shop) -> None:
    rows(shop, 2)
    guarded(shop, min_known_ratio=1.0, max_create_ratio=0.0)
    shop.applied()
    shop.lose("1")
    assert shop.planned().summary == {"adopt": 1, "unchanged": 1}
    assert shop.applied().code == 0


def test_a_flag_that_says_nothing_is_refused(shop: Shop) -> None:
    rows(shop, 1)
    shop.spec(COMPANIES)
    for given in ("create", "create=", "create=many", "creates=1", "identity-change=1", "", "=1"):
        assert shop.applied("--allow", given).code == 64, given
    assert shop.portal.items(4) == []


def test_the_history_tells_what_was_refused_and_what_was_allowed(shop: Shop) -> None:
    rows(shop, 2)
    guarded(shop, max_create=1)
    shop.applied()
    shop.applied("--allow", "create=2", "--allow", "new-portal", "--allow", "create-ratio=0.25")
    assert [(run["command"], run["status"]) for run in shop.runs()] == [
        ("apply --allow create=2 --allow new-portal --allow create-ratio=0.25", "done"),
        ("apply", "refused"),
    ]
