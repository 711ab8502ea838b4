"""Where the identity of each type stands, that it is found again there, and what becomes of items that others made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from syncer.errors import SpecError
from tests.plan.project import Applied, Project, entity

KEYS = ("A", "7")
WAYS: dict[str, tuple[int, str, dict[str, Any]]] = {
    "leads": (1, "originId", {"type": "lead"}),
    "companies": (4, "originId", {"type": "company"}),
    "invoices": (31, "xmlId", {"type": "invoice"}),
    "purchases": (1302, "xmlId", {"type": 1302}),
    "deliveries": (1220, "xmlId", {"type": {"spa": "Delivery"}}),
    "quotes": (7, "ufCrmOrigin", {"type": "quote", "origin_field": "ufCrmOrigin"}),
    "deals": (2, "ufCrmOrigin", {"type": "deal", "origin_field": "ufCrmOrigin"}),
    "people": (3, "ufCrmOrigin", {"type": "contact", "origin_field": "ufCrmOrigin"}),
}
"""Entity → type, the field of its identity, what the spec says."""


@pytest.fixture
def shop(project: Project) -> Project:
    """An entity of each type, of two rows each; quotes, deals and contacts have a field for what is not ours."""
    for kind in (7, 2, 3):
        project.portal.control("POST", "fields", {"entityTypeId": kind, "name": "UF_CRM_ORIGIN", "type": "string"})
    project.customers(*KEYS)
    fields = {"people": {"lastName": "{{ row.name }}"}}
    project.spec({
        name: entity("", "customer", **more, fields=fields.get(name, {"title": "{{ row.name }}"}))
        for name, (_, _, more) in WAYS.items()
    })  # fmt: skip
    return project


def stamped(shop: Project) -> dict[str, list[str]]:
    """Entity → the texts in the field of its identity."""
    return {
        name: sorted(item[field] or "" for item in shop.portal.items(kind)) for name, (kind, field, _) in WAYS.items()
    }


def text_of(field: str, key: str) -> str:
    return key if field == "originId" else f"erp:{key}"


def by_others(shop: Project, key: str) -> dict[str, int]:
    """Somebody makes an item of each type that bears a text for a key; its id by entity."""
    found = {}
    for name, (kind, field, _) in WAYS.items():
        fields = {field: text_of(field, key)} | ({"originatorId": "erp"} if field == "originId" else {})
        found[name] = shop.portal.call("crm.item.add", entityTypeId=kind, fields=fields)["result"]["item"]["id"]
    return found


def actions(applied: Applied) -> dict[str, dict[str, Any]]:
    """Entity → originId → change."""
    found: dict[str, dict[str, Any]] = {}
    for each in applied.planned.changes:
        found.setdefault(each["entity"], {})[each["originId"]] = each
    return found


def test_each_identity_is_stamped_and_found_again_without_the_state(shop: Project) -> None:
    assert shop.apply().summary == {"created": 16}
    ours = stamped(shop)
    assert ours == {name: sorted(text_of(field, key) for key in KEYS) for name, (_, field, _) in WAYS.items()}
    shop.state_file.unlink()
    again = shop.apply()
    assert (again.summary, again.exit_code, stamped(shop)) == ({"adopted": 16}, 0, ours)
    assert shop.apply().summary == {"unchanged": 16}
    assert shop.calls() == 16


def test_items_of_others_are_no_items_of_ours(shop: Project) -> None:
    """Without the originator, of another one, of a longer one, of a longer key."""
    others = ["A", "crm:A", "erp2:A", "xerp:A", "erp:AA", "erp:", ":A"]
    for kind, field, _ in WAYS.values():
        for text in others:
            fields: dict[str, Any] = {field: text}
            if field == "originId":
                whose, _, key = text.rpartition(":")
                fields = {field: key, "originatorId": whose}
            shop.portal.call("crm.item.add", entityTypeId=kind, fields=fields)
    before = {kind: shop.portal.items(kind) for kind, _, _ in WAYS.values()}
    taken = {kind for kind, field, _ in WAYS.values() if field == "originId"}  # erp:AA and erp: are AA and "" there
    assert taken == {1, 4}
    assert shop.apply().summary == {"created": 16}
    for kind, items in before.items():
        assert shop.portal.items(kind)[: len(items)] == items  # untouched


def test_an_item_that_somebody_else_gave_our_identity_is_told_before_it_is_taken(shop: Project) -> None:
    theirs = by_others(shop, "A")
    planned = shop.plan()
    adopted = {each["entity"]: each["id"] for each in planned.changes if each["action"] == "adopt"}
    assert adopted == theirs
    code, out, log = shop.run("apply", "--yes", "--log-format", "json")
    assert (code, out.count("1 created · 1 adopted")) == (0, 8)
    assert log.count('"event": "item.adopted"') == 8
    assert all(len(texts) == 2 for texts in stamped(shop).values())


def test_two_items_of_one_identity_are_told_and_nobody_chooses(shop: Project) -> None:
    first, second = by_others(shop, "A"), by_others(shop, "A")
    applied = shop.apply()
    assert applied.summary == {"created": 8, "blocked": 8}
    for name, changes in actions(applied).items():
        assert (changes["A"]["action"], changes["A"]["reason"]) == ("blocked", "ambiguous")
        assert f"{first[name]}, {second[name]}" in changes["A"]["message"]
        assert changes["7"]["action"] == "create"


@pytest.mark.parametrize("name", ["invoices", "quotes"])
def test_a_twin_that_somebody_makes_during_a_run_is_told_at_its_end(shop: Project, name: str) -> None:
    kind, field, _ = WAYS[name]
    shop.fault("delay", at="after", method="batch", skip=5, seconds=1.0)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(shop.apply, only=[name])
        while len(shop.portal.items(kind)) < 2:
            assert not run.done()
        twin = shop.portal.call("crm.item.add", entityTypeId=kind, fields={field: "erp:7"})["result"]["item"]["id"]
        applied = run.result()
    (ours,) = (item["id"] for item in shop.portal.items(kind) if item[field] == "erp:7" and item["id"] != twin)
    assert (applied.exit_code, applied.listed("ambiguous")) == (7, {"7": [ours, twin]})
    assert shop.apply(only=[name]).summary == {"unchanged": 1, "blocked": 1}


def test_a_quote_without_a_field_for_its_identity_is_refused(project: Project) -> None:
    project.customers("A")
    project.spec({"quotes": entity("quote", "customer")})
    with pytest.raises(SpecError) as refused:
        project.load()
    assert "SYN113" in {finding.code for finding in refused.value.findings}
    assert "origin_field: ufCrm…" in str([finding.hint for finding in refused.value.findings])
