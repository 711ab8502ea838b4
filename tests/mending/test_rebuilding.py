"""`syncer state adopt`: a state is made from what the portal holds, or told which item one identity is."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from syncer.store import State
from tests.mending.shop import COMPANIES, DEALS, Shop
from tests.plan.project import entity

SPA = 1302
ORIGIN_FIELD = "UF_CRM_ORIGIN"
QUOTES = {"quotes": entity("quote", "bill", origin_field="ufCrmOrigin")}
INVOICES = {"invoices": entity("invoice", "bill")}
EVERY_STAMP = DEALS | INVOICES | QUOTES | {"visits": entity(SPA, "bill")}


def rebuild(shop: Shop) -> dict[str, str]:
    """`syncer state adopt`; what it says of each entity. Twins are told by the exit code too."""
    told = shop.syncer("state", "adopt", "--spec", shop.specs)
    assert told.code == (7 if "more than once" in told.out else 0), told.errors
    return dict(line.split(": ", 1) for line in told.out.splitlines())


def listed(shop: Shop) -> Any:
    return shop.syncer("state", "list", "--format", "json").document


def stocked(shop: Shop) -> None:
    """Every way of stamping has two rows."""
    shop.portal.control("POST", "fields", {"entityTypeId": 7, "name": ORIGIN_FIELD, "type": "string"})
    shop.customers("A", "B")
    shop.purchases(("1", "A"), ("2", "B"))
    shop.table("bill", "id, name", [("10", "Bill 10"), ("a:20", "Bill 20")])
    shop.spec(EVERY_STAMP)


def test_every_way_of_stamping_is_found_again(either_shop: Shop) -> None:
    shop = either_shop
    stocked(shop)
    assert shop.applied().summary == {"created": 10}
    shop.lose("A", "B", "1", "2", "10", "a:20")
    told = rebuild(shop)
    assert told == {f"shop/{name}": "2 items adopted" for name in EVERY_STAMP}
    before = shop.calls()
    assert shop.planned().summary == {"unchanged": 10}
    assert (shop.applied().code, shop.calls()) == (0, before)


def test_a_state_that_never_was_is_made_from_the_portal(shop: Shop) -> None:
    stocked(shop)
    shop.applied()
    shop.lose_state()
    rebuild(shop)
    assert shop.planned().summary == {"unchanged": 10}
    known = shop.known(entity_type_id=31)
    assert {key: each.item_id for key, each in known.items()} == {
        item["xmlId"].removeprefix("erp:"): item["id"] for item in shop.portal.items(31)
    }


def test_a_rebuilding_that_ends_amid_all_leaves_no_state_that_believes_itself(shop: Shop) -> None:
    """What the lost state's last run sent may be on its way still, whatever was adopted so far."""
    shop.customers("A", "B")
    shop.purchases(("1", "A"), ("2", "B"))
    shop.spec(DEALS)
    shop.applied()
    shop.lose_state()
    shop.fault("switch", method="crm.item.list", skip=2, switches={"overloaded": True})
    told = shop.syncer("state", "adopt", "--spec", shop.specs)
    assert (told.code, set(shop.known())) == (1, {"A", "B"}), told.errors
    with State.open(shop.state_url, mode="read") as state:
        known = state.portals.find(state.portals.id("acme"))
    assert known is not None
    assert known.distrusted_at is not None


def test_no_source_is_read(shop: Shop) -> None:
    stocked(shop)
    shop.applied()
    shop.lose_state()
    (shop.folder / "data" / "erp.db").unlink()
    assert set(rebuild(shop).values()) == {"2 items adopted"}


def test_more_than_one_request_of_pages(shop: Shop) -> None:
    """2,500 rows fill a request. The first row has a twin among the last."""
    shop.customers(*(f"{number:05}" for number in range(2600)))
    shop.spec(COMPANIES)
    shop.applied()
    twin = shop.make("00000")
    shop.lose_state()
    assert rebuild(shop) == {"shop/companies": "2,599 items adopted, 1 held more than once: 00000"}
    known = shop.known()
    assert len(known) == 2600
    assert known["00000"].status == "ambiguous"
    assert {known["00000"].item_id, *known["00000"].other_ids} == {1, twin}
    assert rebuild(shop) == {"shop/companies": "0 items adopted, 1 held more than once: 00000"}
    plan = shop.planned()
    assert plan.summary == {"unchanged": 2599, "blocked": 1}


def test_twins_are_told_with_all_their_ids(either_shop: Shop) -> None:
    shop = either_shop
    shop.customers("A", "B")
    shop.spec(COMPANIES)
    ids = [shop.make(key) for key in ("A", "B", "A", "A")]
    told = rebuild(shop)
    assert told == {"shop/companies": "1 item adopted, 1 held more than once: A"}
    plan = shop.planned()
    assert plan.actions == {"companies/A": "blocked ambiguous"}
    assert all(str(ids[place]) in plan.message("companies", "A") for place in (0, 2, 3))


def test_twins_of_which_people_deleted_one_are_adopted(shop: Shop) -> None:
    shop.customers("A")
    shop.spec(COMPANIES)
    kept, gone = shop.make("A"), shop.make("A")
    rebuild(shop)
    shop.remove(4, gone)
    assert rebuild(shop) == {"shop/companies": "1 item adopted"}
    assert shop.planned().summary == {"unchanged": 1}
    assert shop.known()["A"].item_id == kept


def test_a_twin_of_an_item_that_the_state_knows_is_found(shop: Shop) -> None:
    shop.customers("A")
    shop.spec(COMPANIES)
    shop.applied()
    shop.make("A")
    assert rebuild(shop) == {"shop/companies": "0 items adopted, 1 held more than once: A"}
    assert shop.planned().actions == {"companies/A": "blocked ambiguous"}


def test_doing_it_twice_changes_nothing(either_shop: Shop) -> None:
    shop = either_shop
    stocked(shop)
    shop.applied()
    shop.make("A")
    rebuild(shop)
    before, outcomes = listed(shop), shop.outcomes()
    again = rebuild(shop)
    assert again.pop("shop/companies") == "0 items adopted, 1 held more than once: A"
    assert set(again.values()) == {"0 items adopted"}
    assert listed(shop) == before
    assert shop.outcomes() == outcomes


def test_what_others_made_is_left_alone(shop: Shop) -> None:
    stocked(shop)
    for kind in (4, 2):
        shop.make("X", kind=kind, originator="erp2")
        shop.make("X", kind=kind, originator="ERP")
        shop.portal.call("crm.item.add", entityTypeId=kind, fields={"title": "Nobody's"})
    for stamp in ("X", ":X", "erp", "erp:", "erp2:X", "ERP:X", "other:erp:X", ""):
        for kind in (31, SPA):
            shop.portal.call("crm.item.add", entityTypeId=kind, fields={"title": "Theirs", "xmlId": stamp})
        shop.portal.call("crm.item.add", entityTypeId=7, fields={"title": "Theirs", "ufCrmOrigin": stamp})
    assert set(rebuild(shop).values()) == {"0 items adopted"}
    assert listed(shop) == []


@pytest.mark.parametrize("originator", ["50%_off", "a_b", "a\\b", "%é'"])
def test_an_originator_is_matched_letter_by_letter(shop: Shop, originator: str) -> None:
    shop.portal.control("POST", "fields", {"entityTypeId": 7, "name": ORIGIN_FIELD, "type": "string"})
    shop.table("bill", "id, name", [("1", "One"), ("a%_:b", "Two")])
    shop.spec(INVOICES | QUOTES, originatorId=originator)
    assert shop.applied().summary == {"created": 4}
    for near in ("50xyoff:1", "axb:1", "50%Xoff:1", "ab:1"):
        shop.portal.call("crm.item.add", entityTypeId=31, fields={"title": "Theirs", "xmlId": near})
    shop.lose_state()
    assert rebuild(shop) == {"shop/invoices": "2 items adopted", "shop/quotes": "2 items adopted"}
    assert shop.planned().summary == {"unchanged": 4}


def test_entities_that_share_an_originator_are_left_to_apply(shop: Shop) -> None:
    """Customers and suppliers are companies of one originatorId: the portal alone cannot tell them apart."""
    shop.spec(
        {
            "customers": entity("company", "customer"),
            "suppliers": entity("company", "supplier", originId="s{{ row.id }}"),
            "leads": entity("lead", "customer"),
        }
    )
    shop.customers("1", "2")
    shop.table("supplier", "id, name", [("1", "Supplier 1")])
    shop.applied()
    shop.lose_state()
    told = rebuild(shop)
    assert told["shop/leads"] == "2 items adopted"
    assert "shop/suppliers" in told["shop/customers"]
    assert "syncer apply" in told["shop/customers"]
    assert shop.applied().summary == {"adopted": 3, "unchanged": 2}
    assert shop.planned().summary == {"unchanged": 5}


def test_another_spec_s_items_are_not_taken(shop: Shop) -> None:
    """Two specs of one originatorId: what the state knows as another's stays so."""
    shop.customers("A")
    shop.spec(COMPANIES)
    shop.applied()
    path = shop.spec({"firms": entity("company", "customer")}, name="other")
    told = shop.syncer("state", "adopt", "--spec", str(path))
    assert told.code == 0
    assert told.out.startswith("other/firms: left to `syncer apply`")
    assert str(shop.known()["A"].owner) == "shop/companies"


def test_a_state_in_use_is_not_rebuilt(either_shop: Shop) -> None:
    shop = either_shop
    stocked(shop)
    with shop.another_run():
        told = shop.syncer("state", "adopt", "--spec", shop.specs)
    assert told.code == 5
    assert "other-run" in told.errors


def test_the_history_tells_of_it(shop: Shop) -> None:
    stocked(shop)
    shop.make("A")
    rebuild(shop)
    (run,) = shop.runs()
    assert (run["command"], run["status"]) == ("state adopt", "done")
    assert run["summary"] == {"adopted": 1}


# -- one identity --------------------------------------------------------------------------------------------------


def test_one_item_is_given_its_identity(either_shop: Shop) -> None:
    shop = either_shop
    shop.customers("A", "B")
    shop.spec(COMPANIES)
    by_hand = shop.portal.call("crm.item.add", entityTypeId=4, fields={"title": "Made by hand"})["result"]["item"]["id"]
    told = shop.syncer("state", "adopt", "companies", "A", "--id", str(by_hand), "--spec", shop.specs)
    assert (told.code, told.out) == (0, f"companies A is item {by_hand}.\n")
    assert shop.planned().actions == {"companies/B": "create"}
    known = shop.known()["A"]
    assert (known.item_id, known.adopted, str(known.owner)) == (by_hand, True, "shop/companies")
    assert shop.runs()[0]["command"] == f"state adopt companies A --id {by_hand}"


def test_one_of_two_twins_is_chosen(shop: Shop) -> None:
    shop.customers("A")
    shop.purchases(("1", "A"))
    shop.spec(DEALS)
    _, second = shop.make("A"), shop.make("A")
    rebuild(shop)
    assert shop.planned().actions == {"companies/A": "blocked ambiguous", "deals/1": "blocked missing_ref"}
    shop.syncer("state", "adopt", "shop/companies", "A", "--id", str(second), "--spec", shop.specs)
    assert shop.applied("--only", "deals").summary == {"created": 1, "unchanged": 1}
    assert shop.items(2)["1"]["companyId"] == second


def test_a_row_put_aside_is_adopted(shop: Shop) -> None:
    shop.customers("A")
    shop.remark("A", None)
    shop.insist()
    shop.spec(COMPANIES)
    for _ in range(3):
        shop.applied()
    shop.insist(False)
    item = shop.make("A")
    shop.syncer("state", "adopt", "companies", "A", "--id", str(item), "--spec", shop.specs)
    assert shop.planned().summary == {"unchanged": 1}


def test_what_cannot_be_is_refused(shop: Shop) -> None:
    shop.customers("known")
    shop.spec(COMPANIES)
    shop.applied()
    before = listed(shop)
    for arguments, said in (
        ("companies A", "--id"),
        ("companies", "--id"),
        ("--id 1", "ENTITY KEY"),
        ("companies A --id 99", "no item 99"),
        ("companies A --id 0", "0"),
        ("firms A --id 1", "firms"),
        ("companies known --id 1", "item 1"),
        ("companies A --id 1", "shop/companies 'known'"),
        ("companies '' --id 1", "empty"),
    ):
        told = shop.syncer("state", "adopt", *shlex.split(arguments), "--spec", shop.specs)
        assert (told.code, told.out) == (64, ""), arguments
        assert said in told.errors
    assert listed(shop) == before


def test_a_spec_must_be_named(shop: Shop) -> None:
    assert shop.syncer("state", "adopt").code == 64
