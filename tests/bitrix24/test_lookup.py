"""Look-ups by identity and by id, on the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from syncer.bitrix24.answer import Done
from syncer.bitrix24.encode import Command
from syncer.bitrix24.lookup import KEYS_A_REQUEST, Lookup
from syncer.bitrix24.portal import Portal
from syncer.errors import PortalRefused
from syncer.model.identity import COMPANY, INVOICE, EntityTypeId, ItemId, Stamp
from syncer.model.key_rules import fold
from tests.bitrix24 import odd_server as odd
from tests.bitrix24.conftest import Switch
from tests.bitrix24.odd_server import OddServer
from tests.bitrix24.settings import TestLimits
from tests.bitrix24.test_encode import HARD_TEXTS

SPA = EntityTypeId(1302)


def made(portal: Portal, entity_type_id: EntityTypeId, rows: list[dict[str, Any]]) -> list[ItemId]:
    ids: list[ItemId] = []
    for start in range(0, len(rows), 50):
        commands = {
            number: Command("crm.item.add", {"entityTypeId": entity_type_id, "fields": {"title": "t", **fields}})
            for number, fields in enumerate(rows[start : start + 50])
        }
        for answer in portal.submit(commands).result().values():
            assert isinstance(answer, Done), answer
            ids.append(ItemId(answer.result["item"]["id"]))
    return ids


@pytest.fixture
def lookup(portal: Portal) -> Lookup:
    return Lookup(portal)


def test_thousands_of_keys_are_one_request(portal: Portal, lookup: Lookup) -> None:
    stamp = Stamp("originId", "many")
    keys = [f"key-{number}" for number in range(130)]
    ids = made(portal, COMPANY, [stamp.fields(key) for key in keys])
    before = portal.spent.requests
    found = lookup.find(COMPANY, stamp, [*keys, *(f"absent-{n}" for n in range(KEYS_A_REQUEST - len(keys)))])
    assert portal.spent.requests - before == 1
    assert dict(found) == {key: (item_id,) for key, item_id in zip(keys, ids, strict=True)}
    assert not found.near


def test_the_same_key_of_another_source_is_not_ours(portal: Portal, lookup: Lookup) -> None:
    made(portal, COMPANY, [Stamp("originId", "their-erp").fields("1")])
    assert lookup.find(COMPANY, Stamp("originId", "our-erp"), ["1"]) == {}


def test_two_items_of_one_identity_are_both_told(portal: Portal, lookup: Lookup) -> None:
    stamp = Stamp("originId", "twins")
    ids = made(portal, COMPANY, [stamp.fields("1"), stamp.fields("2"), stamp.fields("1")])
    assert lookup.find(COMPANY, stamp, ["1", "2", "2"]) == {"1": (ids[0], ids[2]), "2": (ids[1],)}


def test_more_items_than_a_page_are_all_found(portal: Portal, lookup: Lookup) -> None:
    stamp = Stamp("originId", "crowd")
    ids = made(portal, COMPANY, [stamp.fields("same")] * 101 + [stamp.fields("last")])
    found = lookup.find(COMPANY, stamp, ["same", "last"])
    assert found == {"same": tuple(ids[:-1]), "last": (ids[-1],)}


@pytest.mark.parametrize("entity_type_id", [SPA, INVOICE])
def test_an_identity_in_one_field_is_found(portal: Portal, lookup: Lookup, entity_type_id: EntityTypeId) -> None:
    stamp = Stamp("xmlId", "north:wind")
    (item_id,) = made(portal, entity_type_id, [stamp.fields("A:1")])
    assert lookup.find(entity_type_id, stamp, ["A:1", "1"]) == {"A:1": (item_id,)}


def test_an_identity_in_a_custom_field_is_found(portal: Portal, lookup: Lookup) -> None:
    stamp = Stamp("ufCrm_1722100000001", "erp")
    (item_id,) = made(portal, COMPANY, [stamp.fields("A-1")])
    assert lookup.find(COMPANY, stamp, ["A-1", "A-2"]) == {"A-1": (item_id,)}


def test_hard_keys_are_found_exactly(portal: Portal, lookup: Lookup) -> None:
    stamp = Stamp("originId", "hard-keys")
    keys = [text.strip() for text in HARD_TEXTS if text.strip() and len(text) < 200 and "$result[" not in text]
    ids = made(portal, COMPANY, [stamp.fields(key) for key in keys])
    assert lookup.find(COMPANY, stamp, keys) == {key: (each,) for key, each in zip(keys, ids, strict=True)}


def test_a_key_that_looks_like_a_reference_is_asked_outside_a_batch(portal: Portal, lookup: Lookup) -> None:
    stamp = Stamp("originId", "refs")
    keys = ["$result[k0][items][0][id]", "plain"]
    for key in keys:
        portal.submit_alone("crm.item.add", {"entityTypeId": 4, "fields": {"title": "t", **stamp.fields(key)}}).result()
    found = lookup.find(COMPANY, stamp, keys)
    assert set(found) == set(keys)


def test_text_that_is_only_nearly_the_key_is_told_apart(portal: Portal, lookup: Lookup, switch: Switch) -> None:
    stamp = Stamp("originId", "near")
    switch(key_fold=True)
    upper, accent = made(portal, COMPANY, [stamp.fields("ABC"), stamp.fields("Müller")])
    found = lookup.find(COMPANY, stamp, ["abc", "muller", "ABC "])
    assert dict(found) == {}
    assert {key: [(hit.item_id, hit.text) for hit in near] for key, near in found.near.items()} == {
        "abc": [(upper, "ABC")],
        "ABC ": [(upper, "ABC")],
        "muller": [(accent, "Müller")],
    }


@pytest.mark.parametrize(("one", "other"), [("Straße", "STRASSE"), ("Ёлка", "елка"), (" x ", "X"), ("ﬁ", "FI")])
def test_what_folds_together(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_a_field_that_cannot_be_filtered_is_told_with_the_mend(lookup: Lookup, switch: Switch) -> None:
    switch(unfilterable=["originId"])
    with pytest.raises(PortalRefused, match="origin_field") as caught:
        lookup.find(COMPANY, Stamp("originId", "erp"), ["1"])
    assert caught.value.code == "INVALID_ARG_VALUE"


def test_rows_that_a_filter_should_have_kept_out_are_no_hits(portal: Portal, lookup: Lookup, switch: Switch) -> None:
    stamp = Stamp("originId", "ignored")
    (item_id,) = made(portal, COMPANY, [stamp.fields("1")])
    switch(ignored_filters=["originId", "originatorId"])
    assert lookup.find(COMPANY, stamp, ["1", "2"]) == {"1": (item_id,)}


def test_a_type_that_is_not_there_is_told(lookup: Lookup) -> None:
    with pytest.raises(PortalRefused, match="no such entity type"):
        lookup.find(EntityTypeId(1444), Stamp("xmlId", "x"), ["1"])


def test_ids_are_checked_in_bulk(portal: Portal, lookup: Lookup) -> None:
    ids = made(portal, COMPANY, [{}] * 120)
    before = portal.spent.requests
    assert lookup.exists(COMPANY, [*ids, ItemId(10_000_001), *ids]) == set(ids)
    assert portal.spent.requests - before == 1
    assert lookup.exists(COMPANY, []) == set()


def test_a_look_up_is_one_page_by_id_without_counting() -> None:
    with OddServer(odd.batch({"k0": {"items": []}})) as server, Portal(server.webhook, TestLimits()) as portal:
        assert Lookup(portal).find(COMPANY, Stamp("originId", "o"), ["1"]) == {}
    (text,) = server.requests[0].json()["cmd"].values()
    assert text == (
        "crm.item.list?entityTypeId=4&order%5Bid%5D=ASC&filter%5B%40originId%5D%5B0%5D=1"
        "&filter%5BoriginatorId%5D=o&select%5B0%5D=id&select%5B1%5D=originId&select%5B2%5D=originatorId&start=-1"
    )


@pytest.mark.parametrize("result", [{"items": {}}, {"items": []}], ids=str)
def test_empty_in_phps_shapes_is_nothing_found(result: Any) -> None:
    with OddServer(odd.batch({"k0": result})) as server, Portal(server.webhook, TestLimits()) as portal:
        assert Lookup(portal).find(COMPANY, Stamp("originId", "o"), ["1"]) == {}
