"""Entities and specs that are renamed keep what they own."""

from __future__ import annotations

import pytest

from tests.mending.shop import COMPANIES, DEALS, Shop
from tests.plan.project import entity

FIRMS = {"firms": entity("company", "customer", moved_from="companies")}


def owners(shop: Shop, kind: int = 4) -> dict[str, str]:
    return {key: str(each.owner) for key, each in shop.known(entity_type_id=kind).items()}


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """Customers A and B of shop/companies are in portal and state."""
    return with_items(shop)


def with_items(shop: Shop) -> Shop:
    shop.customers("A", "B")
    shop.spec(COMPANIES)
    assert shop.applied().summary == {"created": 2}
    return shop


def test_without_a_word_a_renamed_entity_s_rows_are_claimed(stocked: Shop) -> None:
    stocked.spec({"firms": entity("company", "customer")})
    plan = stocked.planned()
    assert set(plan.actions.values()) == {"blocked claimed"}
    assert "shop/companies" in plan.message("firms", "A")
    assert "moved_from" in plan.message("firms", "A")


def test_a_renamed_entity_keeps_its_items(either_shop: Shop) -> None:
    shop = with_items(either_shop)
    shop.spec(FIRMS)
    for _ in range(2):  # a plan renames nothing
        assert shop.planned().summary == {"unchanged": 2}
        assert set(owners(shop).values()) == {"shop/companies"}
    applied = shop.applied()
    assert (applied.code, applied.summary) == (0, {"unchanged": 2})
    assert set(owners(shop).values()) == {"shop/firms"}
    assert shop.planned().summary == {"unchanged": 2}
    shop.spec({"firms": entity("company", "customer")})  # the word may go
    assert shop.planned().summary == {"unchanged": 2}


def test_children_find_a_renamed_parent(stocked: Shop) -> None:
    deals = entity("deal", "purchase", fields={"companyId": "{{ ref('firms', row.customer) }}"})
    stocked.purchases(("1", "A"))
    stocked.spec(FIRMS | {"deals": deals})
    assert stocked.planned().summary == {"unchanged": 2, "create": 1}
    assert stocked.applied().summary == {"unchanged": 2, "created": 1}
    assert stocked.items(2)["1"]["companyId"] == stocked.item(4, "A")


def test_the_old_name_is_free_afterwards(either_shop: Shop) -> None:
    shop = with_items(either_shop)
    shop.spec(FIRMS)
    shop.applied()
    firms = {"firms": entity("company", "customer")}
    shop.table("supplier", "id, name", [("s1", "Supplier")])
    shop.spec(firms | {"companies": entity("company", "supplier")})
    assert shop.applied().summary == {"created": 1, "unchanged": 2}
    assert owners(shop) == {"A": "shop/firms", "B": "shop/firms", "s1": "shop/companies"}


def test_a_renamed_spec_keeps_its_items(either_shop: Shop) -> None:
    shop = with_items(either_shop)
    shop.spec(COMPANIES).unlink()
    shop.spec(COMPANIES, name="store", moved_from="shop")
    for _ in range(2):
        assert shop.planned().summary == {"unchanged": 2}
    assert shop.applied().summary == {"unchanged": 2}
    assert set(owners(shop).values()) == {"store/companies"}
    shop.spec(COMPANIES, name="store")
    assert shop.planned().summary == {"unchanged": 2}
    shop.spec(COMPANIES, name="shop", originatorId="second")  # the old name is free
    assert shop.applied().summary == {"created": 2, "unchanged": 2}


@pytest.mark.parametrize("at_once", [True, False])
def test_spec_and_entity_are_renamed(stocked: Shop, at_once: bool) -> None:
    stocked.spec(COMPANIES).unlink()
    if not at_once:
        stocked.spec(COMPANIES, name="store", moved_from="shop")
        assert stocked.applied().summary == {"unchanged": 2}
    stocked.spec(FIRMS, name="store", moved_from="shop")
    assert stocked.planned().summary == {"unchanged": 2}
    assert stocked.applied().summary == {"unchanged": 2}
    assert set(owners(stocked).values()) == {"store/firms"}


def test_an_entity_moves_from_the_name_it_has_in_a_renamed_spec(stocked: Shop) -> None:
    """`moved_from` of the spec stays; later an entity that was made since is renamed too."""
    stocked.spec(COMPANIES).unlink()
    stocked.spec(COMPANIES, name="store", moved_from="shop")
    stocked.applied()
    stocked.customers("A", "B", "C")
    stocked.spec(FIRMS, name="store", moved_from="shop")
    assert stocked.applied().summary == {"created": 1, "unchanged": 2}
    assert set(owners(stocked).values()) == {"store/firms"}


def test_the_word_helps_although_it_came_a_run_late(stocked: Shop) -> None:
    """The advice of a claimed row is followed after an apply has recorded the new name."""
    stocked.spec({"firms": entity("company", "customer")})
    assert stocked.applied().summary == {"blocked": 2}
    stocked.spec(FIRMS)
    assert stocked.planned().summary == {"unchanged": 2}
    assert stocked.applied().summary == {"unchanged": 2}
    assert set(owners(stocked).values()) == {"shop/firms"}


def test_a_refused_run_renames_nothing(stocked: Shop) -> None:
    stocked.customers("A", "B", "C")
    stocked.spec(FIRMS, guards={"max_create": 0})
    assert stocked.applied().code == 4
    assert set(owners(stocked).values()) == {"shop/companies"}
    stocked.spec(COMPANIES)
    assert stocked.planned().summary == {"unchanged": 2, "create": 1}


def test_what_an_earlier_run_left_open_is_settled_under_the_old_name(stocked: Shop) -> None:
    stocked.customers("A", "B", "C")
    stocked.died_sending("C")
    stocked.spec(FIRMS)
    assert stocked.planned().summary == {"unchanged": 2, "unknown": 1}
    assert stocked.applied().summary == {"unchanged": 2, "created": 1}
    assert set(owners(stocked).values()) == {"shop/firms"}


def test_a_name_that_was_never_known_changes_nothing(shop: Shop) -> None:
    shop.customers("A")
    shop.spec(FIRMS)
    assert shop.applied().summary == {"created": 1}
    assert shop.planned().summary == {"unchanged": 1}


# -- by hand -------------------------------------------------------------------------------------------------------


def test_an_entity_is_moved_by_hand(either_shop: Shop) -> None:
    shop = with_items(either_shop)
    shop.spec({"firms": entity("company", "customer")})
    told = shop.syncer("state", "move", "shop/companies", "shop/firms")
    assert (told.code, told.out) == (0, "shop/companies is shop/firms now.\n")
    assert shop.planned().summary == {"unchanged": 2}
    assert set(owners(shop).values()) == {"shop/firms"}


def test_moving_is_also_for_specs(stocked: Shop) -> None:
    stocked.purchases(("1", "A"))
    stocked.spec(DEALS)
    stocked.applied()
    stocked.spec(DEALS).unlink()
    stocked.spec(DEALS, name="store")
    for name in ("companies", "deals"):
        assert stocked.syncer("state", "move", f"shop/{name}", f"store/{name}").code == 0
    assert stocked.planned().summary == {"unchanged": 3}


def test_what_cannot_be_moved_stays(stocked: Shop) -> None:
    stocked.table("prospect", "id, name", [("L", "Lead")])
    stocked.spec(COMPANIES | {"leads": entity("lead", "prospect")})
    stocked.applied()
    for old, new, code, said in (
        ("shop/firms", "shop/companies", 64, "shop/firms"),
        ("companies", "shop/firms", 64, "SPEC/ENTITY"),
        ("shop/companies", "firms", 64, "SPEC/ENTITY"),
        ("shop/companies", "shop/", 64, "SPEC/ENTITY"),
        ("shop/companies", "shop/leads", 1, "owns items already"),
        ("shop/companies", "shop/companies", 1, "owns items already"),
    ):
        told = stocked.syncer("state", "move", old, new)
        assert (told.code, told.out) == (code, "")
        assert said in told.errors
    assert set(owners(stocked).values()) == {"shop/companies"}
