"""Identities made otherwise than before, portals the state does not know: refused until that is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.mending.shop import COMPANIES, Shop
from tests.plan.project import entity
from tests.sandbox_process import RunningSandbox

ORIGIN_FIELD = {"entityTypeId": 4, "name": "UF_CRM_ORIGIN", "type": "string"}

CHANGES: Mapping[str, Mapping[str, Any]] = {
    "type": {"type": "lead"},
    "originatorId": {"originatorId": "other-erp"},
    "originId": {"originId": "c{{ row.id }}"},
    "origin_field": {"origin_field": "ufCrmOrigin"},
}


def changed(**more: Any) -> dict[str, Any]:
    return {"companies": entity("company", "customer") | more}


def known(shop: Shop, count: int = 3) -> None:
    """So many items, made by the identity of before."""
    shop.portal.control("POST", "fields", ORIGIN_FIELD)
    shop.customers(*range(1, count + 1))
    shop.spec(changed())
    assert shop.applied().summary == {"created": count}


def refused(shop: Shop, *said: str, allow: str) -> None:
    """Refused in plan and in apply, and on the next try as well."""
    before = shop.calls()
    for told in (shop.planned(), shop.applied(), shop.applied()):
        assert told.code == 4, told.errors
        assert f"--allow {allow}" in told.errors
        for words in said:
            assert words in told.errors
    assert shop.calls() == before


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_identity_is_refused_until_it_is_meant(shop: Shop, change: str) -> None:
    known(shop)
    shop.customers(4, 5)
    shop.spec(changed(**CHANGES[change]))
    refused(shop, "entity companies has changed", "knows 3 items", "2 would be created", allow="identity-change")
    assert shop.planned("--allow", "identity-change").code == 0
    refused(shop, allow="identity-change")  # a plan remembers nothing
    applied = shop.applied("--allow", "identity-change")
    assert (applied.code, applied.summary) == (0, {"created": 2})
    assert shop.runs()[0]["command"] == "apply --allow identity-change"

    shop.customers(4, 5, 6)
    applied = shop.applied()
    assert (applied.code, applied.summary) == (0, {"created": 1, "unchanged": 2})


def test_a_changed_identity_is_refused_on_a_server_s_state_too(either_shop: Shop) -> None:
    known(either_shop)
    either_shop.spec(changed(**CHANGES["originId"]))
    refused(either_shop, "knows 3 items", "3 would be created", allow="identity-change")


def test_going_back_after_a_refusal_needs_no_permission(shop: Shop) -> None:
    known(shop)
    shop.spec(changed(**CHANGES["originId"]))
    assert shop.applied().code == 4
    shop.spec(changed())
    shop.customers(1, 2, 3, 4)
    assert shop.applied().summary == {"created": 1, "unchanged": 3}


def test_the_spec_s_originator_counts_too(shop: Shop) -> None:
    known(shop)
    shop.spec(changed(), originatorId="renamed-erp")
    refused(shop, "knows 3 items", "3 would be created", allow="identity-change")


@pytest.mark.parametrize("change", [{"originId": "{{row.id}}"}, CHANGES["origin_field"]])
def test_a_change_that_creates_nothing_is_let_through_and_not_settled(shop: Shop, change: Mapping[str, Any]) -> None:
    """The state knows the rows by their keys; the first new one asks whether the change is meant."""
    known(shop)
    shop.spec(changed(**change))
    for _ in range(2):
        assert shop.planned().code == 0
        assert shop.applied().summary == {"unchanged": 3}
    shop.customers(1, 2, 3, 4)
    refused(shop, "knows 3 items", "1 would be created", allow="identity-change")
    assert shop.applied("--allow", "identity-change").summary == {"created": 1, "unchanged": 3}
    shop.customers(1, 2, 3, 4, 5)
    assert shop.applied().summary == {"created": 1, "unchanged": 4}


def test_a_change_may_be_meant_before_it_creates_anything(shop: Shop) -> None:
    known(shop)
    shop.spec(changed(originId="{{row.id}}"))
    assert shop.applied("--allow", "identity-change").summary == {"unchanged": 3}
    shop.customers(1, 2, 3, 4)
    assert shop.applied().summary == {"created": 1, "unchanged": 3}


def test_a_run_without_rows_does_not_settle_a_changed_identity(shop: Shop) -> None:
    known(shop)
    shop.customers()
    shop.spec(changed(**CHANGES["originId"]))
    assert shop.applied().code == 0
    shop.customers(1, 2, 3)
    refused(shop, "knows 3 items", "3 would be created", allow="identity-change")


def test_rebuilding_the_state_does_not_settle_a_changed_identity(shop: Shop) -> None:
    known(shop)
    shop.spec(changed(**CHANGES["originId"]))
    told = shop.syncer("state", "adopt", "--spec", shop.specs)
    assert told.code == 4
    assert "entity companies has changed" in told.errors
    refused(shop, "3 would be created", allow="identity-change")


def test_an_entity_without_items_may_change(shop: Shop) -> None:
    shop.customers("A")
    shop.remark("A", None)
    shop.insist()
    shop.spec(COMPANIES)
    assert shop.applied().summary == {"failed": 1}
    shop.insist(False)
    shop.spec({"companies": COMPANIES["companies"] | {"originId": "c{{ row.id }}"}})
    assert shop.applied().summary == {"created": 1}


def test_every_changed_entity_is_told_in_one_go(shop: Shop) -> None:
    shop.customers("A")
    both = {"companies": entity("company", "customer"), "leads": entity("lead", "customer")}
    shop.spec(both)
    shop.applied()
    shop.spec({name: each | {"originId": "c{{ row.id }}"} for name, each in both.items()})
    told = shop.planned()
    assert told.code == 4
    assert "entity companies has changed" in told.errors
    assert "entity leads has changed" in told.errors


# -- portals -------------------------------------------------------------------------------------------------------


def moved_away(shop: Shop, name: str = "newport") -> None:
    """The same spec with a portal that has another name, as after a renaming in the vendor's cloud."""
    written = (shop.folder / "specs" / "shop.yaml").read_text()
    (shop.folder / "specs" / "shop.yaml").write_text(written.replace("name: acme", f"name: {name}"))


def test_a_portal_the_state_does_not_know_is_refused_until_it_is_meant(either_shop: Shop) -> None:
    shop = either_shop
    known(shop)
    shop.portal.control("DELETE", "")  # another portal: it has nothing
    moved_away(shop)
    refused(shop, "does not know portal newport", "3 items would be created", "acme (3 items)", allow="new-portal")
    applied = shop.applied("--allow", "new-portal")
    assert (applied.code, applied.summary) == (0, {"created": 3})
    shop.customers(1, 2, 3, 4)
    assert shop.applied().summary == {"created": 1, "unchanged": 3}


def test_a_state_s_first_portal_is_no_surprise(shop: Shop) -> None:
    shop.customers("A")
    shop.spec(COMPANIES)
    assert shop.applied().code == 0


def test_a_known_portal_under_a_new_name_is_recognised_by_its_items(shop: Shop) -> None:
    known(shop)
    moved_away(shop)
    assert shop.planned().summary == {"adopt": 3}
    assert shop.applied().summary == {"adopted": 3}
    shop.customers(1, 2, 3, 4)
    shop.spec(changed())
    moved_away(shop)
    assert shop.planned().code == 0


def test_rebuilding_from_an_empty_portal_does_not_make_it_known(shop: Shop) -> None:
    known(shop)
    shop.portal.control("DELETE", "")
    moved_away(shop)
    told = shop.syncer("state", "adopt", "--spec", shop.specs)
    assert (told.code, told.out) == (0, "shop/companies: 0 items adopted\n")
    refused(shop, "does not know portal newport", allow="new-portal")


def test_a_rehearsal_is_a_portal_of_its_own(shop: Shop) -> None:
    known(shop)
    rehearsal = f"sandbox:{shop.folder / 'rehearsal.db'}"
    told = shop.planned("--portal", rehearsal)
    assert told.code == 4
    assert "--allow new-portal" in told.errors
    with RunningSandbox(shop.folder / "rehearsal.db") as sandbox:
        assert sandbox.items(4) == []
