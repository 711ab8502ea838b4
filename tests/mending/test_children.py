"""Rows that refer to one which failed, waits, was put aside or is gone: each is told for what it is."""

from __future__ import annotations

from tests.mending.shop import DEALS, Shop
from tests.plan.project import entity

FAMILY = DEALS | {
    "invoices": entity(
        "invoice", "bill", fields={"title": "{{ row.name }}", "parentId2": "{{ ref('deals', row.purchase) }}"}
    )
}


def with_a_refused_parent(shop: Shop) -> None:
    """The portal refuses customer B; purchase 2 is theirs, and bill 20 is of purchase 2."""
    shop.customers("A", "B")
    shop.remark("B", None)
    shop.insist()
    shop.purchases(("1", "A"), ("2", "B"))
    shop.table("bill", "id, name, purchase", [("10", "Bill", "1"), ("20", "Bill", "2")])
    shop.spec(FAMILY)


def test_children_of_a_refused_row_are_not_sent(either_shop: Shop) -> None:
    shop = either_shop
    with_a_refused_parent(shop)
    applied = shop.applied()
    assert applied.of("companies") == {"created": 1, "failed": 1}
    assert applied.of("deals") == {"created": 1, "not_sent": 1}
    assert applied.of("invoices") == {"created": 1, "not_sent": 1}
    assert applied.listed("not_sent", "reason") == {"deals/2": "parent", "invoices/20": "parent"}


def test_children_wait_as_long_as_their_parent_is_tried(shop: Shop) -> None:
    with_a_refused_parent(shop)
    for _ in range(2):
        shop.applied()
        plan = shop.planned()
        assert plan.actions == {"companies/B": "create", "deals/2": "create", "invoices/20": "create"}
        assert [sum(plan.of(name).values()) for name in FAMILY] == [2, 2, 2]
    assert set(shop.known(entity_type_id=2)) == {"1"}  # what waits is not counted as tried


def test_children_of_a_row_that_was_put_aside_are_blocked(either_shop: Shop) -> None:
    shop = either_shop
    with_a_refused_parent(shop)
    for _ in range(3):
        shop.applied()
    plan = shop.planned()
    assert plan.actions == {
        "companies/B": "blocked quarantined",
        "deals/2": "blocked missing_ref",
        "invoices/20": "blocked missing_ref",
    }
    assert "companies 'B' is itself blocked (quarantined)" in plan.message("deals", "2")
    assert "deals '2' is itself blocked (missing_ref)" in plan.message("invoices", "20")
    applied = shop.applied()
    assert applied.summary == {"unchanged": 3, "blocked": 3}
    assert applied.code == 0

    shop.insist(False)
    shop.syncer("state", "release", "companies", "B")
    assert shop.applied().summary == {"unchanged": 3, "created": 3}
    assert shop.items(2)["2"]["companyId"] == shop.item(4, "B")


def test_children_of_a_refused_row_that_left_the_source_are_blocked(shop: Shop) -> None:
    with_a_refused_parent(shop)
    shop.applied()
    shop.source("DELETE FROM customer WHERE id = 'B'")
    plan = shop.planned()
    assert plan.actions == {"deals/2": "blocked missing_ref", "invoices/20": "blocked missing_ref"}
    assert plan.summary == {"unchanged": 3, "blocked": 2}
    assert shop.applied().summary == {"unchanged": 3, "blocked": 2}


def test_children_of_an_item_that_is_gone_are_blocked(shop: Shop) -> None:
    with_a_refused_parent(shop)
    shop.insist(False)
    shop.source("DELETE FROM purchase WHERE id = '2'")
    assert shop.applied().summary == {"created": 4, "blocked": 1}
    shop.remove(4, shop.item(4, "B"))
    shop.source("INSERT INTO purchase VALUES ('2', 'Purchase 2', 'B')")
    plan = shop.planned()
    assert plan.actions == {"deals/2": "blocked deleted_ref", "invoices/20": "blocked missing_ref"}
    applied = shop.applied()
    assert applied.summary == {"unchanged": 4, "blocked": 2}

    shop.syncer("state", "forget", "companies", "B")
    assert shop.applied().summary == {"created": 3, "unchanged": 3}
    assert shop.items(2)["2"]["companyId"] == shop.item(4, "B")


def test_children_of_a_row_with_an_open_outcome_follow_it(shop: Shop) -> None:
    with_a_refused_parent(shop)
    shop.insist(False)
    shop.fault("drop", at="after", method="batch", skip=3)
    applied = shop.applied()
    assert applied.summary == {"created": 6}
    assert applied.code == 0
    assert shop.items(2)["2"]["companyId"] == shop.item(4, "B")
