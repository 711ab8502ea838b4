"""Import, update, delete."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox_process import RunningSandbox

INVALID = "CRM_FIELD_ERROR_VALUE_NOT_VALID"
OLD, NEWER = "2020-01-01T10:00:00+03:00", "2021-01-01T10:00:00+03:00"


def imported(portal: RunningSandbox, **fields: Any) -> Any:
    return portal.call("crm.item.import", entityTypeId=2, fields=fields)


def test_an_import_keeps_its_times(portal: RunningSandbox) -> None:
    answer = imported(portal, createdTime=OLD, updatedTime=NEWER, createdBy=2, title="T")
    assert answer["result"] == {"item": {"id": 1}}
    item = portal.items(2)[0]
    assert (item["createdTime"], item["updatedTime"], item["createdBy"]) == (OLD, NEWER, 2)


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"createdTime": OLD}, "Created at"),
        ({"createdTime": "2999-01-01T00:00:00+03:00"}, "Created at"),
        ({"createdTime": NEWER, "updatedTime": OLD}, "Updated at"),
        ({"createdTime": NEWER, "updatedTime": NEWER, "movedTime": OLD}, "Moved at"),
    ],
)
def test_an_import_may_not_precede_what_is_there(portal: RunningSandbox, fields: dict[str, Any], title: str) -> None:
    assert "result" in imported(portal, createdTime="2020-06-01T00:00:00+03:00")
    answer = imported(portal, **fields)
    assert answer == {"error": INVALID, "error_description": f'Invalid value for field "{title}"'}


def test_only_administrators_import_system_fields(portal: RunningSandbox) -> None:
    portal.control("PATCH", "settings", {"admin": False})
    assert imported(portal, createdTime=OLD)["error"] == INVALID
    assert "result" in imported(portal, title="T")


def test_twenty_are_imported_at_once(portal: RunningSandbox) -> None:
    entries = [{"title": str(number)} for number in range(20)]
    answer = portal.call("crm.item.batchImport", entityTypeId=2, data=entries)
    assert [each["item"]["id"] for each in answer["result"]["items"]] == list(range(1, 21))
    status, answer = portal.status_of("crm.item.batchImport", entityTypeId=2, data=[*entries, {}])
    assert (status, answer["error"]) == (400, "MAX_IMPORT_BATCH_SIZE_EXCEEDED")


def made(portal: RunningSandbox, type_id: int, **fields: Any) -> Any:
    return portal.call("crm.item.add", entityTypeId=type_id, fields=fields)["result"]["item"]


def updated(portal: RunningSandbox, type_id: int, item_id: int, **fields: Any) -> Any:
    answer = portal.call("crm.item.update", entityTypeId=type_id, id=item_id, fields=fields)
    return answer["result"]["item"] if "result" in answer else answer


def test_an_update_changes_what_it_names(portal: RunningSandbox) -> None:
    deal = made(portal, 2, title="T", begindate="2024-01-01", probability=5, originId="1")
    new = updated(portal, 2, deal["id"], title="", begindate="nonsense", probability=None, stageId="WON", originId="2")
    assert (new["title"], new["begindate"], new["probability"]) == ("T", deal["begindate"], None)
    assert (new["stageId"], new["stageSemanticId"], new["closed"]) == ("WON", "S", "Y")
    assert [portal.call("crm.item.list", entityTypeId=2, filter={"originId": key})["total"] for key in "12"] == [0, 1]
    assert updated(portal, 2, deal["id"], stageId="NO")["error"] == INVALID
    moved = updated(portal, 2, deal["id"], categoryId=9)
    assert moved["stageId"] == "C9:NEW"


def test_links_are_updated_together(portal: RunningSandbox) -> None:
    one, other = made(portal, 3, name="A")["id"], made(portal, 3, name="B")["id"]
    deal = made(portal, 2, contactIds=[one])
    assert updated(portal, 2, deal["id"], contactId=other)["contactIds"] == [other]
    cleared = updated(portal, 2, deal["id"], contactIds=[])
    assert (cleared["contactIds"], cleared["contactId"]) == ([], None)


def test_communications_are_updated_by_record(portal: RunningSandbox) -> None:
    fm = [{"typeId": "PHONE", "valueType": "WORK", "value": str(number)} for number in (1, 2)]
    lead = made(portal, 1, fm=fm)
    first, second = (each["id"] for each in lead["fm"])
    changes = {
        str(first): {"typeId": "PHONE", "valueType": "HOME", "value": "11"},
        str(second): {"typeId": "PHONE", "valueType": "WORK", "value": ""},
        "n0": {"typeId": "EMAIL", "valueType": "WORK", "value": "a@example.com"},
    }
    new = updated(portal, 1, lead["id"], fm=changes)
    assert [(each["typeId"], each["value"]) for each in new["fm"]] == [("PHONE", "11"), ("EMAIL", "a@example.com")]
    assert (new["hasEmail"], new["emailWork"]) == ("Y", "a@example.com")
    assert len(updated(portal, 1, lead["id"], fm=fm)["fm"]) == 4


def test_an_update_checks_no_kind_of_communication(portal: RunningSandbox) -> None:
    """how-to-change-email-or-phone.md."""
    lead = made(portal, 1, fm=[{"typeId": "EMAIL", "valueType": "HOME", "value": "a@example.com"}])
    (record,) = lead["fm"]
    unnamed = {str(record["id"]): {"valueType": "WORK", "value": "b@example.com"}, "n0": {"value": "1"}}
    assert updated(portal, 1, lead["id"], fm=unnamed)["fm"] == [record]
    assert updated(portal, 1, lead["id"], fm={})["fm"] == [record]
    odd = updated(
        portal, 1, lead["id"], fm={"n0": {"typeId": "ODD", "value": "1"}, "99": {"typeId": "PHONE", "value": "2"}}
    )
    assert [(each["typeId"], each["value"]) for each in odd["fm"][1:]] == [("ODD", "1"), ("PHONE", "2")]
    gone = {str(each["id"]): {"typeId": each["typeId"], "value": ""} for each in odd["fm"]}
    assert updated(portal, 1, lead["id"], fm=gone)["fm"] == []


def test_files_stay_that_an_update_names(portal: RunningSandbox) -> None:
    """crm-item-update.md, how-to-update-files.md."""
    one, several = "ufCrm44_1721812898903", "ufCrm44_1721813000014"
    item = made(portal, 1302, **{one: ["a", "YQ=="], several: [["b", "Yg=="], ["c", "Yw=="]]})
    first, second = item[several]
    new = updated(
        portal, 1302, item["id"], **{one: {"id": item[one]["id"]}, several: [{"id": second["id"]}, ["d", "ZA=="]]}
    )
    assert new[one] == item[one]
    assert new[several][0] == second
    assert [portal.read(each["url"]) for each in new[several]] == [b"c", b"d"]
    assert updated(portal, 1302, item["id"], **{one: {"id": first["id"]}, several: []})[one] is None


def test_an_empty_link_is_null_in_a_new_deal_and_0_in_a_changed_one(portal: RunningSandbox) -> None:
    """The samples of crm-item-add.md and crm-item-update.md."""
    deal = made(portal, 2)
    assert (deal["webformId"], updated(portal, 2, deal["id"], title="T")["webformId"]) == (None, 0)


def test_a_contact_keeps_a_name(portal: RunningSandbox) -> None:
    contact = made(portal, 3, name="A", lastName="B", ufCrmLanguages=[])
    assert updated(portal, 3, contact["id"], name="", lastName="")["error"] == "CRM_FIELD_ERROR_REQUIRED"
    assert updated(portal, 3, contact["id"], photo=["a.png", "YQ=="])["error"] == INVALID
    assert updated(portal, 3, contact["id"], name="")["name"] is None


def test_a_deleted_item_is_gone(portal: RunningSandbox) -> None:
    deal = made(portal, 2, originId="1")
    assert portal.call("crm.item.delete", entityTypeId=2, id=deal["id"])["result"] == []
    for method in ("crm.item.get", "crm.item.delete"):
        assert portal.call(method, entityTypeId=2, id=deal["id"])["error"] == "NOT_FOUND"
    assert portal.call("crm.item.list", entityTypeId=2, filter={"originId": "1"})["total"] == 0
