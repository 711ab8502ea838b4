"""What crm.item.add makes of the values it is sent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.sandbox_process import RunningSandbox

INVALID = "CRM_FIELD_ERROR_VALUE_NOT_VALID"
DEAL, CONTACT, COMPANY, QUOTE, INVOICE, SPA, PLAIN_SPA = 2, 3, 4, 7, 31, 1302, 1220


def added(portal: RunningSandbox, type_id: int, **fields: Any) -> dict[str, Any]:
    answer = portal.call("crm.item.add", entityTypeId=type_id, fields=fields)
    assert "result" in answer, answer
    item: dict[str, Any] = answer["result"]["item"]
    got = portal.call("crm.item.get", entityTypeId=type_id, id=item["id"])["result"]["item"]
    assert got == item
    return item


def refused(portal: RunningSandbox, type_id: int, **fields: Any) -> tuple[str, str]:
    before = len(portal.items(type_id))
    status, answer = portal.status_of("crm.item.add", entityTypeId=type_id, fields=fields)
    assert status == 400
    assert len(portal.items(type_id)) == before
    return answer["error"], answer["error_description"]


@pytest.mark.parametrize("type_id", [1, DEAL, COMPANY, QUOTE, INVOICE, SPA])
def test_an_empty_title_is_generated(shared: RunningSandbox, type_id: int) -> None:
    item = added(shared, type_id, title="")
    assert item["title"].endswith(f" #{item['id']}")


def test_a_contact_without_a_name_gets_one(shared: RunningSandbox) -> None:
    assert added(shared, CONTACT)["name"]


def test_defaults(shared: RunningSandbox) -> None:
    today = dt.datetime.now(dt.timezone(dt.timedelta(hours=3))).date()
    item = added(shared, DEAL)
    assert item["begindate"] == f"{today}T03:00:00+03:00"
    assert item["closedate"] == f"{today + dt.timedelta(days=7)}T03:00:00+03:00"
    assert (item["stageId"], item["categoryId"], item["currencyId"]) == ("NEW", 0, "USD")
    assert (item["opened"], item["assignedById"], item["typeId"], item["sourceId"]) == ("Y", 1, "SALE", "CALL")


@pytest.mark.parametrize(
    ("name", "sent", "stored"),
    [
        ("taxValue", 99.9, 0),
        ("opportunity", "12.50", 12.5),
        ("opportunity", 1000, 1000),
        ("probability", "50", 50),
        ("opened", "N", "N"),
        ("title", 5, "5"),
        ("comments", "<b>bold</b> [B]kept[/B]", "bold [B]kept[/B]"),
        ("begindate", "2025-04-29T13:03:20+03:00", "2025-04-29T03:00:00+03:00"),
        ("begindate", "2025-04-29T23:59:00+03:00", "2025-04-29T03:00:00+03:00"),
        ("begindate", "04/29/2025", "2025-04-29T03:00:00+03:00"),
        ("ufCrm_1746431727700", "2025-04-29T10:00:00+00:00", "2025-04-29T13:00:00+03:00"),
        ("ufCrm_1746431727700", "yesterday", None),
        ("ufCrm_1746431727500", "300|RUB", "300|RUB"),
        ("ufCrm_1746431727500", "300", "300|USD"),
        ("ufCrm_1746431727500", "|EUR", None),
        ("ufCrm_1746431727500", "1|NONE", "1|NONE"),
        ("ufCrm_1746431727600", "Y", "Y"),
        ("ufCrm_1746431727400", ["C_1", "T516_2"], ["C_1", "T516_2"]),
        ("ufCrm_1721244707107", 1.005, 1.0),
        ("companyId", 0, None),
        ("id", 77, None),
        ("createdTime", "2020-01-01T00:00:00+03:00", None),
        ("nobodyKnowsThis", "x", None),
        ("UF_CRM_1721244707107", 5, None),
        ("xmlId", "x", None),
    ],
)
def test_a_value_is_stored(shared: RunningSandbox, name: str, sent: Any, stored: Any) -> None:
    item = added(shared, DEAL, **{name: sent})
    if stored is None and name in ("id", "createdTime"):
        assert item[name] != sent
    else:
        assert item.get(name) == stored


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"stageId": "NOWHERE"}, "Stage"),
        ({"stageId": "C9:NEW"}, "Stage"),
        ({"categoryId": 9, "stageId": "NEW"}, "Stage"),
        ({"categoryId": 4}, "Pipeline"),
        ({"typeId": "NONE"}, "Deal type"),
        ({"sourceId": "NONE"}, "Source"),
        ({"currencyId": "XXX"}, "Currency"),
        ({"assignedById": 999}, "Assigned to"),
        ({"companyId": 999}, "Company"),
        ({"contactIds": [999]}, "CONTACT_IDS"),
        ({"leadId": 999}, "Lead"),
        ({"opportunity": "much"}, "Amount"),
        ({"probability": "half"}, "Probability, %"),
        ({"ufCrm_64A29A1CD5CC2": 1}, "Delivery terms"),
        ({"ufCrm_1746431727400": ["nobody"]}, "Related items"),
        ({"parentId1220": 999}, "Delivery"),
        ({"title": ["a"]}, "Name"),
        ({"companyId": "9" * 30}, "Company"),
    ],
)
def test_a_wrong_value_is_named_by_the_title_of_its_field(
    shared: RunningSandbox, fields: dict[str, Any], title: str
) -> None:
    assert refused(shared, DEAL, **fields) == (INVALID, f'Invalid value for field "{title}"')


@pytest.mark.parametrize(("value", "kind"), [("a", "string"), (1, "integer"), (1.5, "double"), (True, "boolean")])
def test_a_scalar_in_a_multiple_field(shared: RunningSandbox, value: Any, kind: str) -> None:
    text = f"Expected iterable value for multiple field, but got `{kind}` instead"
    assert refused(shared, DEAL, observers=value) == ("100", text)
    assert refused(shared, COMPANY, fm=value) == ("100", text)


def test_links_of_one_and_many_agree(shared: RunningSandbox) -> None:
    first, second = (added(shared, CONTACT, name=name)["id"] for name in "AB")
    company = added(shared, COMPANY, contactIds=[second, first])
    assert company["contactIds"] == [second, first]
    deal = added(shared, DEAL, contactId=first, companyId=company["id"])
    assert (deal["contactIds"], deal["companyId"]) == ([first], company["id"])
    assert added(shared, DEAL, contactIds=[second, first])["contactId"] == second
    assert added(shared, CONTACT, companyIds=[company["id"]])["companyId"] == company["id"]


def test_outside_ids_belong_to_some_types_only(shared: RunningSandbox) -> None:
    keys = {"originatorId": "erp", "originId": "1", "originVersion": "2", "xmlId": "erp:1"}
    has = {
        number: {name for name in keys if added(shared, number, **keys).get(name)}
        for number in (1, 2, 3, 4, 7, 31, SPA)
    }
    assert has[1] == has[2] == {"originatorId", "originId"}
    assert has[3] == has[4] == {"originatorId", "originId", "originVersion"}
    assert has[7] == set()
    assert has[31] == has[SPA] == {"xmlId"}


def test_fields_of_a_flag_that_is_off_are_ignored(shared: RunningSandbox) -> None:
    item = added(shared, PLAIN_SPA, opportunity=5, sourceId="NONE", stageId="NONE", companyId=999, xmlId="k")
    assert item["xmlId"] == "k"
    assert not {"opportunity", "sourceId", "stageId", "companyId"} & item.keys()
    fields = shared.call("crm.item.fields", entityTypeId=PLAIN_SPA)["result"]["fields"]
    assert not {"opportunity", "sourceId", "stageId", "companyId"} & fields.keys()


def test_custom_fields_of_every_type(shared: RunningSandbox) -> None:
    values = {
        "string": "text", "integer": 7, "double": 1.5, "boolean": "Y", "date": "2024-07-24",
        "datetime": "2024-07-24T10:00:00+03:00", "money": "1|EUR", "url": "example.com", "address": "Street 1",
        "employee": 2, "crm_status": "IT", "iblock_section": 3, "iblock_element": 4, "crm": "D_1",
        "resourcebooking": "x", "file": ["a.txt", "YQ=="],
    }  # fmt: skip
    fields = shared.call("crm.item.fields", entityTypeId=SPA)["result"]["fields"]
    custom = {name: field for name, field in fields.items() if field["isDynamic"]}
    assert {(each["type"], each["isMultiple"]) for each in custom.values()} >= {
        (kind, many) for kind in [*values, "enumeration"] for many in (False, True)
    }
    sent = {}
    for name, field in custom.items():
        one = int(field["items"][1]["ID"]) if field["type"] == "enumeration" else values[field["type"]]
        sent[name] = [one, one] if field["isMultiple"] else one
    item = added(shared, SPA, **sent)
    for name, field in custom.items():
        if field["type"] not in ("date", "file"):
            assert item[name] == sent[name], field
        elif field["type"] == "file":
            files = item[name] if field["isMultiple"] else [item[name]]
            assert all(each.keys() == {"id", "url", "urlMachine"} for each in files)


def test_a_file_can_be_read_back(shared: RunningSandbox) -> None:
    item = added(shared, COMPANY, ufCrm_1722100000004=["a.txt", "aGVsbG8="])
    assert shared.read(item["ufCrm_1722100000004"]["urlMachine"]) == b"hello"
    assert added(shared, COMPANY, ufCrm_1722100000004={"fileData": ["a", "YQ=="]})["ufCrm_1722100000004"] is None
    assert refused(shared, COMPANY, ufCrm_1722100000004=["a", "not base64!"])[0] == INVALID


def test_a_multiple_field_takes_an_array_of_files(shared: RunningSandbox) -> None:
    """how-to-upload-files.md: an array of pairs, even of one."""
    assert len(added(shared, SPA, ufCrm44_1721813000014=[["a.txt", "YQ=="]])["ufCrm44_1721813000014"]) == 1
    assert refused(shared, SPA, ufCrm44_1721813000014=["a.txt", "YQ=="])[0] == INVALID


def test_original_names_of_custom_fields(shared: RunningSandbox) -> None:
    fields = {"UF_CRM_1721244707107": 5, "ufCrm_1746431727500": "1|USD", "title": "T"}
    answer = shared.call("crm.item.add", entityTypeId=DEAL, fields=fields, useOriginalUfNames="Y")
    item = answer["result"]["item"]
    assert (item["UF_CRM_1721244707107"], item["UF_CRM_1746431727500"], item["title"]) == (5, None, "T")
    assert not any(name.startswith("ufCrm") for name in item)


@pytest.mark.parametrize(
    "element",
    [
        {"typeId": "FAX", "valueType": "WORK", "value": "1"},
        {"typeId": "PHONE", "valueType": "SATURDAY", "value": "1"},
        {"valueType": "WORK", "value": "1"},
        "text",
    ],
)
def test_a_wrong_communication_is_refused(shared: RunningSandbox, element: Any) -> None:
    assert refused(shared, COMPANY, fm=[element]) == (INVALID, 'Invalid value for field "Communications"')


def test_required_fields(portal: RunningSandbox) -> None:
    new = {"entityTypeId": DEAL, "name": "UF_CRM_1_1", "type": "string", "title": "Contract", "required": True}
    portal.control("POST", "fields", new)
    assert refused(portal, DEAL) == ("CRM_FIELD_ERROR_REQUIRED", 'The "Contract" field is required')
    assert added(portal, DEAL, ufCrm1_1="1")["ufCrm1_1"] == "1"
    portal.control("PATCH", "settings", {"required_at": {"2": {"WON": ["opportunity"]}}})
    assert refused(portal, DEAL, ufCrm1_1="1", stageId="WON")[0] == "CRM_FIELD_ERROR_REQUIRED"
    assert added(portal, DEAL, ufCrm1_1="1", stageId="WON", opportunity=1)["stageSemanticId"] == "S"


def test_the_same_call_twice_makes_two_items(shared: RunningSandbox) -> None:
    keys = {"originatorId": "twice", "originId": "1"}
    assert added(shared, DEAL, **keys)["id"] != added(shared, DEAL, **keys)["id"]


def test_outside_keys_may_be_stored_otherwise(portal: RunningSandbox) -> None:
    portal.control("PATCH", "settings", {"key_trim": True, "key_cut": 4, "key_fold": True})
    assert added(portal, DEAL, originId="  Ünité  ")["originId"] == "Ünit"
    found = portal.call("crm.item.list", entityTypeId=DEAL, filter={"@originId": ["UNIT"]})["result"]["items"]
    assert [each["originId"] for each in found] == ["Ünit"]
    portal.control("PATCH", "settings", {"key_fold": False})
    assert portal.call("crm.item.list", entityTypeId=DEAL, filter={"originId": "UNIT"})["total"] == 0
    assert portal.call("crm.item.list", entityTypeId=DEAL, filter={"originId": "Ünit"})["total"] == 1
