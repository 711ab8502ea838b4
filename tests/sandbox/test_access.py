"""Who may call what, and what a refusal looks like."""

from __future__ import annotations

from typing import Any
from urllib.request import Request

import pytest

from tests.sandbox_process import RunningSandbox

SPA = {"entityTypeId": 1302, "fields": {}}
SCOPELESS = "The request requires higher privileges than provided by the webhook token"


def raw(portal: RunningSandbox, path: str) -> tuple[int, Any]:
    return portal.open(Request(portal.root + path))


def test_authorization(portal: RunningSandbox) -> None:
    code = portal.url.rsplit("/", 2)[1]
    wrong = (401, {"error": "NO_AUTH_FOUND", "error_description": "Wrong authorization data"})
    for path in (f"rest/1/{code}x/profile", f"rest/99/{code}/profile", "rest/profile", "rest/profile?auth=x"):
        assert raw(portal, path) == wrong
    wrong = (401, {"error": "INVALID_CREDENTIALS", "error_description": "Invalid authorization data for the request"})
    for method in ("crm.item.import", "crm.item.batchImport"):  # as their pages say
        assert raw(portal, f"rest/1/{code}x/{method}") == wrong
    assert raw(portal, f"rest/2/{code}/profile.json")[1]["result"]["ID"] == "2"
    status, answer = raw(portal, f"rest/1/{code}/no.such.method")
    assert (status, answer["error"]) == (404, "ERROR_METHOD_NOT_FOUND")


def test_tokens_expire_and_are_renewed_once(portal: RunningSandbox) -> None:
    old = portal.control("POST", "tokens", {"expires_in": 0})
    status, answer = raw(portal, f"rest/profile?auth={old['access_token']}")
    assert (status, answer["error"]) == (401, "expired_token")
    query = "&".join(f"{name}={old[name]}" for name in ("client_id", "client_secret", "refresh_token"))
    status, new = raw(portal, f"oauth/token/?grant_type=refresh_token&{query}")
    assert status == 200
    assert new.keys() == {
        "access_token", "client_endpoint", "domain", "expires", "expires_in", "member_id", "refresh_token", "scope",
        "server_endpoint", "status", "user_id",
    }  # fmt: skip
    assert portal.open(Request(f"{new['client_endpoint']}profile?auth={new['access_token']}"))[0] == 200
    assert raw(portal, f"oauth/token/?grant_type=refresh_token&{query}")[1]["error"] == "invalid_grant"
    wrong = query.replace(old["client_secret"], "x")
    assert raw(portal, f"oauth/token/?grant_type=refresh_token&{wrong}")[1]["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("settings", "method", "params", "status", "code"),
    [
        ({"scopes": ["user"]}, "crm.item.add", {"entityTypeId": 2, "fields": {}}, 403, "insufficient_scope"),
        ({"intranet": False}, "crm.item.add", {"entityTypeId": 2, "fields": {}}, 403, "allowed_only_intranet_user"),
        ({"denied": ["add:2"]}, "crm.item.add", {"entityTypeId": 2, "fields": {}}, 400, "ACCESS_DENIED"),
        ({"denied": ["add:2"]}, "crm.item.add", {"entityTypeId": 4, "fields": {}}, 200, ""),
        ({"denied": ["import"]}, "crm.item.import", {"entityTypeId": 2, "fields": {}}, 400, "ACCESS_DENIED"),
        ({"denied": ["read"]}, "crm.duplicate.findbycomm", {"type": "PHONE", "values": ["1"]}, 403, "Access denied"),
        ({"denied": ["read:2"]}, "crm.item.fields", {"entityTypeId": 2}, 400, "ACCESS_DENIED"),
        ({"plan_without_spa": True}, "crm.item.add", SPA, 400, "CREATE_DYNAMIC_ITEM_RESTRICTED"),
        ({"overloaded": True}, "profile", {}, 503, "OVERLOAD_LIMIT"),
        ({"https_required": True}, "profile", {}, 400, "INVALID_REQUEST"),
        ({}, "crm.item.add", {"entityTypeId": 5, "fields": {}}, 400, "ENTITY_TYPE_NOT_SUPPORTED"),
        ({}, "crm.item.add", {"entityTypeId": 9998, "fields": {}}, 400, "NOT_FOUND"),
        ({}, "crm.item.add", {"entityTypeId": 2}, 400, "100"),
        ({}, "crm.item.add", {"fields": {}}, 400, "100"),
        ({}, "crm.item.get", {"entityTypeId": 2}, 400, "100"),
    ],
)  # fmt: skip
def test_a_refusal(
    portal: RunningSandbox, settings: dict[str, Any], method: str, params: dict[str, Any], status: int, code: str
) -> None:
    portal.control("PATCH", "settings", settings)
    found, answer = portal.status_of(method, **params)
    assert (found, answer.get("error", "")) == (status, code)
    if code:
        assert answer.keys() == {"error", "error_description"}


def test_a_missing_scope_names_itself(portal: RunningSandbox) -> None:
    portal.control("PATCH", "settings", {"scopes": ["user_brief"]})
    assert portal.call("crm.item.list", entityTypeId=2)["error_description"] == SCOPELESS
    assert "EMAIL" not in portal.call("user.current")["result"]


def test_a_list_leaves_out_what_the_caller_may_not_read(portal: RunningSandbox) -> None:
    """No error: crm-item-list.md, crm-duplicate-find-by-comm.md."""
    fm = [{"typeId": "PHONE", "valueType": "WORK", "value": "1"}]
    for number in (1, 3):
        portal.call("crm.item.add", entityTypeId=number, fields={"fm": fm})
    portal.control("PATCH", "settings", {"denied": ["read:1"]})
    assert portal.call("crm.item.list", entityTypeId=1)["result"] == {"items": []}
    found = portal.call("crm.duplicate.findbycomm", type="PHONE", values=["1"])["result"]
    assert found.keys() == {"CONTACT"}
    assert portal.call("crm.item.get", entityTypeId=1, id=1)["error"] == "ACCESS_DENIED"


def test_items_that_the_caller_does_not_see(portal: RunningSandbox) -> None:
    portal.control("PATCH", "settings", {"hidden": [2]})
    made = portal.call("crm.item.add", entityTypeId=2, fields={"originId": "1"})["result"]["item"]["id"]
    assert portal.call("crm.item.list", entityTypeId=2, filter={"originId": "1"})["total"] == 0
    assert portal.call("crm.item.get", entityTypeId=2, id=made)["error"] == "NOT_FOUND"
    assert len(portal.items(2)) == 1


def test_filters_may_be_refused_or_have_no_effect(portal: RunningSandbox) -> None:
    portal.call("crm.item.add", entityTypeId=2, fields={"originId": "1"})
    portal.control("PATCH", "settings", {"unfilterable": ["originId"]})
    assert portal.call("crm.item.list", entityTypeId=2, filter={"@originId": ["2"]})["error"] == "INVALID_ARG_VALUE"
    portal.control("PATCH", "settings", {"unfilterable": [], "ignored_filters": ["originId"]})
    assert portal.call("crm.item.list", entityTypeId=2, filter={"@originId": ["2"]})["total"] == 1


def test_a_renamed_portal_says_where_it_went(portal: RunningSandbox) -> None:
    portal.control("PATCH", "settings", {"moved_to": "https://new.example.com"})
    assert portal.redirect("profile") == (
        302,
        "https://new.example.com" + portal.url.removeprefix(portal.root[:-1]) + "profile",
    )


def test_batches_have_limits(portal: RunningSandbox) -> None:
    many = portal.call("batch", cmd={f"c{n}": "server.time" for n in range(52)})["result"]
    assert len(many["result"]) == 50
    assert {key: each["error"] for key, each in many["result_error"].items()} == {
        "c50": "ERROR_BATCH_LENGTH_EXCEEDED",
        "c51": "ERROR_BATCH_LENGTH_EXCEEDED",
    }
    nested = portal.call("batch", cmd=["batch?cmd[a]=profile", "profile", "no.such"])["result"]
    assert nested["result_error"]["0"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"
    assert nested["result_error"]["2"]["error"] == "ERROR_METHOD_NOT_FOUND"
    assert list(nested["result"]) == ["1"]
    halted = portal.call("batch", halt=True, cmd={"a": "profile", "b": "no.such", "c": "profile"})["result"]
    assert (list(halted["result"]), list(halted["result_error"])) == (["a"], ["b"])


def test_references_follow_maps_and_lists(portal: RunningSandbox) -> None:
    commands = {
        "company": "crm.item.add?entityTypeId=4&fields[title]=Parent",
        "deal": "crm.item.add?entityTypeId=2&fields[companyId]=$result[company][item][id]",
        "user": "user.get?FILTER[EMAIL]=klaus.weber@example.com",
        "owned": "crm.item.add?entityTypeId=2&fields[assignedById]=$result[user][0][ID]"
        "&fields[title]=%24result[user][9][ID]",
        "lost": "crm.item.get?entityTypeId=4&id=$result[nothing][item][id]",
    }
    found = portal.call("batch", cmd=commands)["result"]
    company = found["result"]["company"]["item"]["id"]
    assert found["result"]["deal"]["item"]["companyId"] == company
    assert found["result"]["owned"]["item"]["assignedById"] == 6
    assert found["result"]["owned"]["item"]["title"] == "$result[user][9][ID]"
    assert found["result_error"]["lost"]["error"] == "NOT_FOUND"
