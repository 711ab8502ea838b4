"""What is remembered beside the ledger: portals, owners, catalogs, costs."""

from __future__ import annotations

import pytest

from syncer.errors import StateError
from syncer.model.change import EntityName
from syncer.model.identity import COMPANY, DEAL, Scope
from syncer.store import Intent, PortalId
from tests.store.conftest import COMPANIES, ERP, Opened


def test_a_portal_keeps_its_id_and_its_bucket(opened: Opened) -> None:
    assert opened.state.portals.id("acme") == opened.portal
    assert opened.state.portals.id("other") != opened.portal
    assert [portal.name for portal in opened.state.portals.all()] == ["acme", "other"]
    fresh = opened.state.portals.find(opened.portal)
    assert fresh is not None
    assert (fresh.bucket_level, fresh.bucket_at, fresh.distrusted_at) == (None, None, None)

    opened.state.portals.put_bucket(opened.portal, 12.5)
    moment = opened.state.portals.distrust(opened.portal)
    later = opened.state.portals.find(opened.portal)
    assert later is not None
    assert later.bucket_level == 12.5
    assert later.bucket_at is not None
    assert later.first_seen <= later.bucket_at <= moment <= later.now
    assert later.distrusted_at == moment
    assert opened.state.portals.find(PortalId(999)) is None


def test_a_catalog_replaces_the_one_before(opened: Opened) -> None:
    portals = opened.state.portals
    assert portals.catalog(opened.portal, "fields:4") is None
    portals.put_catalog(opened.portal, "fields:4", {"title": {"type": "string"}})
    portals.put_catalog(opened.portal, "fields:4", {"title": {"type": "string"}, "ключ": [1, None, "\0"]})
    kept = portals.catalog(opened.portal, "fields:4")
    assert kept is not None
    assert kept.body == {"title": {"type": "string"}, "ключ": [1, None, "\0"]}
    assert kept.fetched_at <= kept.now
    assert portals.catalog(portals.id("other"), "fields:4") is None


def test_costs_are_learned_by_type_and_method(opened: Opened) -> None:
    portals = opened.state.portals
    portals.put_learned(opened.portal, {(COMPANY, "crm.item.add"): 0.5, (DEAL, "crm.item.add"): 1.0})
    portals.put_learned(opened.portal, {(COMPANY, "crm.item.add"): 0.25, (COMPANY, "crm.item.list"): 0.1})
    assert portals.learned(opened.portal) == {
        (COMPANY, "crm.item.add"): 0.25,
        (COMPANY, "crm.item.list"): 0.1,
        (DEAL, "crm.item.add"): 1.0,
    }


def test_an_owner_keeps_its_id_when_its_identities_change(opened: Opened) -> None:
    owners = opened.state.owners
    moved = Scope(COMPANY, "erp-2")
    assert owners.put(opened.portal, COMPANIES, moved, "other fingerprint") == opened.owner
    known = owners.find(opened.portal, COMPANIES)
    assert known is not None
    assert (known.id, known.scope, known.fingerprint) == (opened.owner, moved, "other fingerprint")
    assert owners.all(opened.portal) == [known]
    assert owners.scopes(opened.portal) == [ERP, moved]


def test_a_renamed_owner_takes_its_items_along(opened: Opened) -> None:
    owners = opened.state.owners
    opened.ledger.intend(opened.hold, opened.owner, [Intent("1", "p")])
    clients = EntityName("northwind", "clients")
    owners.put(opened.portal, clients, ERP, "fingerprint")  # known, but owning nothing
    owners.rename(opened.hold, opened.portal, COMPANIES, clients)
    assert opened.ledger.ids(["1"])["1"].owner == clients
    assert owners.find(opened.portal, COMPANIES) is None

    suppliers = owners.put(opened.portal, EntityName("northwind", "suppliers"), ERP, "f")
    opened.ledger.intend(opened.hold, suppliers, [Intent("2", "p")])
    with pytest.raises(StateError, match="owns items already"):
        owners.rename(opened.hold, opened.portal, EntityName("northwind", "suppliers"), clients)
    with pytest.raises(StateError, match="knows no entity"):
        owners.rename(opened.hold, opened.portal, EntityName("northwind", "nobody"), clients)
