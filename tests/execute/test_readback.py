"""What the portal stored is compared with what was sent: told, counted, and a failure where the spec wants that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncer.store import Status
from tests.plan.project import COMPANIES, Project, entity

CUSTOMERS = [(f"{number:02}", f"Customer {number}", "<b>bold</b>", number * 1.5) for number in range(1, 13)]
FIELDS = {
    "title": "{{ row.name }}",
    "comments": "{{ row.remark }}",
    "revenue": "{{ row.worth }}",
    "fm": [{"typeId": "PHONE", "valueType": "WORK", "value": "+49 (30) 12-{{ row.id }}"}],
}


@pytest.fixture
def shop(project: Project) -> Project:
    """Twelve customers whose remark the portal strips of its tags."""
    project.table("customer", "id, name, remark, worth", CUSTOMERS)
    return project


def spec(project: Project, verify: str, **more: Any) -> None:
    project.spec({"companies": entity("company", "customer", fields=FIELDS, verify=verify, **more)})


def told(document: dict[str, Any]) -> list[tuple[str, str, str, int]]:
    return [(each["entity"], each["field"], each["kind"], each["count"]) for each in document["stored_otherwise"]]


def test_differences_are_told_and_counted(shop: Project) -> None:
    spec(shop, "warn")
    shop.switch(ignored={"4": ["fm"]})
    code, out, errors = shop.run("apply", "--format", "json", "--log-format", "json")
    document = json.loads(out)
    assert (code, document["summary"]["created"]) == (0, 12)
    assert told(document) == [("companies", "comments", "changed", 12), ("companies", "fm", "dropped", 12)]
    events = [json.loads(line) for line in errors.splitlines()]
    examples = [each for each in events if each["event"] == "item.stored_otherwise"]
    assert {(each["field"], each["kind"]) for each in examples} == {("comments", "changed"), ("fm", "dropped")}
    assert all(each["originId"] in shop.known() and each["id"] for each in examples)
    assert len(examples) == 2
    shop.portal.control("DELETE", "")
    shop.state_file.unlink()
    code, out, _ = shop.run("apply")
    assert "≠ comments  changed in 12 items, such as " in out
    assert "verify: strict" in out


@pytest.mark.parametrize("verify", ["off", "warn", "strict"])
def test_what_reads_otherwise_and_is_the_same_is_no_difference(project: Project, verify: str) -> None:
    project.table("customer", "id, name, day", [("A", "", "2024-06-18"), ("B", "x", "1999-12-31")])
    fields = {
        "title": "{{ row.name }}",
        "begindate": "{{ row.day }}",
        "opportunity": "{{ '5.50' }}",
        "opened": "{{ row.id == 'A' }}",
        "comments": "two\nlines",
        "observers": [1],
    }
    project.spec({"deals": entity("deal", "customer", fields=fields, verify=verify)})
    applied = project.apply()
    assert (applied.exit_code, applied.summary, told(applied.document)) == (0, {"created": 2}, [])


UF = "ufCrm44_1721813000"
KINDS = {
    "ufCrm44_1721812760630": "line",
    "ufCrm44_1721812814433": 81,
    "ufCrm44_1721812853419": "2024-02-29",
    "ufCrm44_1721812885588": ["a.example", "b.example"],
    "ufCrm44_1721812915476": "300.50|EUR",
    "ufCrm44_1721812935209": False,
    "ufCrm44_1721812948498": 0.25,
    f"{UF}001": ["x", "y"],
    f"{UF}003": [3, 1, 3],
    f"{UF}004": [0.5, 2],
    f"{UF}005": [True, False],
    f"{UF}006": [103, 101],
    f"{UF}007": ["2024-02-29", "1970-01-01"],
    f"{UF}008": "2024-02-29T23:30:00-08:00",
    f"{UF}009": ["2024-02-29T23:30:00-08:00", "2024-07-01T00:00:00+00:00"],
    f"{UF}010": ["1|USD", "2.50|EUR"],
    f"{UF}012": "Main street 1",
    f"{UF}016": [2, 1],
    f"{UF}018": ["IT"],
    f"{UF}022": [4],
    f"{UF}024": ["CO_3", "T516_1"],
}
LOST = {f"{UF}008": "0001-01-01T00:00:00+05:00", "ufCrm44_1721812948498": 0.125, f"{UF}004": [0.125]}


def test_every_kind_of_custom_field_reads_as_it_was_sent(project: Project) -> None:
    project.customers("A", "B")
    project.spec({"things": entity(1302, "customer", fields={"title": "x"} | KINDS)})
    applied = project.apply()
    assert (applied.exit_code, applied.summary, told(applied.document)) == (0, {"created": 2}, [])


def test_what_the_portal_drops_rounds_and_reckons_itself_is_seen(project: Project) -> None:
    """A moment out of its calendar, decimals beyond a field's precision, and the tax of an item without products."""
    project.customers("A", "B")
    tax = entity("deal", "customer", fields={"title": "x", "taxValue": 99.9})
    project.spec({"deals": tax, "things": entity(1302, "customer", fields={"title": "x"} | LOST)})
    applied = project.apply()
    assert (applied.exit_code, applied.summary) == (0, {"created": 4})
    assert told(applied.document) == [
        ("deals", "taxValue", "changed", 2),
        ("things", "ufCrm44_1721812948498", "changed", 2),
        ("things", f"{UF}004", "changed", 2),
        ("things", f"{UF}008", "dropped", 2),
    ]


def test_strict_makes_failures_of_items_that_exist_and_are_never_sent_again(shop: Project) -> None:
    spec(shop, "strict")
    applied = shop.apply()
    assert (applied.exit_code, applied.summary) == (3, {"failed": 12})
    assert set(applied.listed("failures").values()) == {"STORED_OTHERWISE"}
    assert {each["message"].split(": ")[1] for each in applied.document["failures"]} == {"comments (changed)"}
    assert {each.status for each in shop.known().values()} == {Status.CREATED}
    assert len(shop.items(4)) == 12
    again = shop.apply()
    assert (again.exit_code, again.summary, shop.calls()) == (0, {"unchanged": 12}, 12)


def test_strict_stops_an_entity_when_its_first_item_lacks_a_field(shop: Project) -> None:
    shop.customers("A", "B")
    shop.table("person", "id, name", [("P", "x"), ("Q", "y")])
    shop.purchases((1, "A"), (2, "B"))
    people = entity("contact", "person", fields={"name": "{{ row.name }}"})
    deals = entity(
        "deal", "purchase", fields={"title": "x", "companyId": "{{ ref('companies', row.customer) }}"}, verify="off"
    )
    strict = {"companies": COMPANIES["companies"] | {"verify": "strict"}, "deals": deals, "people": people}
    shop.spec(strict)
    shop.apply(only=["people"])  # the type is proved: the first company goes alone all the same
    shop.switch(ignored={"4": ["title"]})
    shop.spec(strict | {"companies": strict["companies"] | {"fields": {"title": "x", "comments": "y"}}})
    shop.switch(ignored={"4": ["comments"]})
    applied = shop.apply()
    assert applied.exit_code == 3
    assert applied.summary == {"unchanged": 2, "failed": 1, "not_sent": 2, "created": 1}
    assert "dropped comments of the first item" in str(applied.result.error)
    assert applied.listed("not_sent")["B"] == "refused"
    assert len(shop.items(4)) == 1
    shop.switch(ignored={})
    assert shop.apply().summary == {"created": 2, "unchanged": 4}


def test_strict_reads_the_first_item_back_though_the_state_is_trusted(shop: Project) -> None:
    spec(shop, "strict", trust_state=True)
    shop.switch(ignored={"4": ["fm"]})
    applied = shop.apply()
    assert (applied.exit_code, applied.summary) == (3, {"failed": 1, "not_sent": 11})
    assert shop.calls("crm.item.list") == 0


@pytest.mark.parametrize("skip", [2, 4])
@pytest.mark.parametrize("verify", ["warn", "strict"])
def test_items_whose_answers_were_lost_are_listed(shop: Project, skip: int, verify: str) -> None:
    """The first create, and a whole batch."""
    spec(shop, verify)
    shop.fault("drop", at="after", method="batch", skip=skip)
    applied = shop.apply()
    assert told(applied.document) == [("companies", "comments", "changed", 12)]
    assert applied.summary == ({"created": 12} if verify == "warn" else {"failed": 12})


def test_a_lost_first_answer_is_read_back_before_the_others_go(shop: Project) -> None:
    spec(shop, "strict")
    shop.switch(ignored={"4": ["fm"]})
    shop.fault("drop", at="after", method="batch", skip=2)
    applied = shop.apply()
    assert (applied.exit_code, applied.summary) == (3, {"failed": 1, "not_sent": 11})


def test_off_compares_nothing(shop: Project) -> None:
    shop.spec({"companies": entity("company", "customer", fields=FIELDS)}, verify="off")
    applied = shop.apply()
    assert (applied.exit_code, applied.summary, told(applied.document)) == (0, {"created": 12}, [])
