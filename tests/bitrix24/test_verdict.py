"""Every documented code, as the documentation gives it: status, code and text from the error tables."""

from __future__ import annotations

import pytest

from syncer.bitrix24.answer import refusal
from syncer.bitrix24.transport import Refused
from syncer.bitrix24.verdict import TABLE, Verdict, rule_for

NEVER_RAN, ITEM, TYPE = Verdict.NEVER_RAN, Verdict.ITEM, Verdict.TYPE
RUN, UNKNOWN, LOOK = Verdict.RUN, Verdict.UNKNOWN, Verdict.LOOK
ADD, BATCH_IMPORT, LIST, GET = "crm.item.add", "crm.item.batchImport", "crm.item.list", "crm.item.get"

DOCUMENTED: list[tuple[int | None, str, str, str, Verdict]] = [
    # status (None: inside a batch), method, code, text, verdict
    (500, ADD, "INTERNAL_SERVER_ERROR", "Internal server error", UNKNOWN),
    (None, ADD, "INTERNAL_SERVER_ERROR", "", UNKNOWN),
    (500, "batch", "ERROR_UNEXPECTED_ANSWER", "Server returned an unexpected response", UNKNOWN),
    (503, "batch", "QUERY_LIMIT_EXCEEDED", "Too many requests", NEVER_RAN),
    (503, "batch", "query_limit_exceeded", "", NEVER_RAN),
    (503, "batch", "OVERLOAD_LIMIT", "REST API is blocked due to overload", RUN),
    (429, ADD, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit", NEVER_RAN),
    (None, ADD, "OPERATION_TIME_LIMIT", "", NEVER_RAN),
    (405, "batch", "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage", RUN),
    (400, "batch", "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded", RUN),
    (400, BATCH_IMPORT, "MAX_IMPORT_BATCH_SIZE_EXCEEDED", "You cannot import more than 20 items", RUN),
    (401, "batch", "NO_AUTH_FOUND", "Wrong authorization data", RUN),
    (400, "batch", "INVALID_REQUEST", "Https required", RUN),
    (403, "batch", "ACCESS_DENIED", "REST API is available only on commercial plans", RUN),
    (403, ADD, "ACCESS_DENIED", "REST API is available only on commercial plans", RUN),
    (403, ADD, "INVALID_CREDENTIALS", "Invalid request credentials", RUN),
    (401, BATCH_IMPORT, "INVALID_CREDENTIALS", "Invalid authorization data for the request", RUN),
    (404, "batch", "ERROR_MANIFEST_IS_NOT_AVAILABLE", "Manifest is not available", RUN),
    (403, "user.get", "insufficient_scope", "The request requires higher privileges", RUN),
    (None, "user.get", "insufficient_scope", "", RUN),
    (401, "batch", "expired_token", "The access token provided has expired", RUN),
    (403, "batch", "user_access_error", "The user does not have access to the application", RUN),
    (500, "batch", "PORTAL_DELETED", "Portal was deleted", RUN),
    (410, "batch", "PORTAL_DELETED", "Portal was deleted", RUN),
    (404, "crm.item.ad", "ERROR_METHOD_NOT_FOUND", "Method not found!", RUN),
    (401, "batch", "authorization_error", "Unable to authorize user", RUN),
    (401, "batch", "APPLICATION_NOT_FOUND", "Application not found", RUN),
    (401, "batch", "ERROR_OAUTH", "Application not installed", RUN),
    (401, "batch", "NOT_INSTALLED", "Application not installed", RUN),
    (200, "batch", "wrong_client", "", RUN),
    (400, "batch", "invalid_client", "", RUN),
    (400, "batch", "invalid_grant", "", RUN),
    (403, "batch", "invalid_scope", "", RUN),
    (401, "batch", "PAYMENT_REQUIRED", "Subscription has been ended", RUN),
    (401, "batch", "invalid_token", "Unable to get application by token", RUN),
    (401, ADD, "METHOD_CONFIRM_WAITING", "Waiting for confirmation", RUN),
    (403, ADD, "METHOD_CONFIRM_DENIED", "", RUN),
    (403, ADD, "WRONG_AUTH_TYPE", "Current authorization type is not allowed for this method", RUN),
    (403, ADD, "ACCESS_ERROR", "", RUN),
    (302, "batch", "REDIRECT", "", RUN),
    (403, ADD, "allowed_only_intranet_user", "Action is allowed only for intranet users", RUN),
    (None, ADD, "ALLOWED_ONLY_INTRANET_USER", "", RUN),
    (400, ADD, "NOT_FOUND", "Smart process not found", TYPE),
    (None, LIST, "NOT_FOUND", "SPA not found", TYPE),
    (400, "crm.item.fields", "NOT_FOUND", "Smart process not found", TYPE),
    (400, "crm.item.import", "NOT_FOUND", "Smart process not found", TYPE),
    (400, "crm.category.list", "NOT_FOUND", "Smart process not found", TYPE),
    (400, GET, "NOT_FOUND", "Element not found", ITEM),
    (400, GET, "ACCESS_DENIED", "You do not have permission to view this item", ITEM),
    (400, ADD, "ACCESS_DENIED", "Access denied", TYPE),
    (None, ADD, "ACCESS_DENIED", "Access denied", TYPE),
    (None, BATCH_IMPORT, "ACCESS_DENIED", "Access denied", TYPE),
    (400, "crm.item.fields", "ACCESS_DENIED", "You do not have permission to view this item", TYPE),
    (400, ADD, "CRM_FIELD_ERROR_VALUE_NOT_VALID", 'Invalid value for field "Stage"', ITEM),
    (None, ADD, "CRM_FIELD_ERROR_REQUIRED", 'The "Name" field is required', ITEM),
    (200, BATCH_IMPORT, "CRM_FIELD_ERROR_REQUIRED", 'The "Name" field is required', ITEM),
    (400, ADD, "100", "Expected iterable value for multiple field, but got `string` instead", ITEM),
    (400, ADD, "100", "Could not find value for parameter {fields}", RUN),
    (400, "batch", "100", "", RUN),
    (400, ADD, "CREATE_DYNAMIC_ITEM_RESTRICTED", "due to your plan restrictions", TYPE),
    (400, "crm.item.update", "UPDATE_DYNAMIC_ITEM_RESTRICTED", "due to your plan restrictions", TYPE),
    (400, ADD, "ENTITY_TYPE_NOT_SUPPORTED", "", TYPE),
    (400, "crm.category.list", "ENTITY_TYPE_NOT_SUPPORTED", "Entity type `LEAD` is not supported", TYPE),
    (400, "crm.category.fields", "ENTITY_TYPE_NOT_SUPPORTED", "", TYPE),
    (400, LIST, "INVALID_ARG_VALUE", "Invalid filter: field 'x' is not allowed in filter", TYPE),
    (400, "crm.status.list", "Access denied.", "", RUN),
    (400, "crm.status.list", "Invalid parameters.", "Incorrect parameters passed.", TYPE),
    (400, "crm.type.list", "ACCESS_DENIED", "Access denied", RUN),
    (400, "crm.currency.list", "", "Access denied.", RUN),
    (403, "crm.duplicate.findbycomm", "Access denied", "", RUN),
    (400, "crm.item.update", "-", "Insufficient permissions to change the stage", ITEM),
    (None, ADD, "ENTITY_TYPE_NOT_SUPPORTED", "", TYPE),
    (403, LIST, "allowed_only_intranet_user", "Action is allowed for intranet users only", RUN),
    (400, LIST, "NOT_FOUND", "Smart process not found | SPA not found", TYPE),
    (403, GET, "allowed_only_intranet_user", "Action is allowed only to intranet users", RUN),
    (403, "crm.item.fields", "allowed_only_intranet_user", "Action is allowed only to intranet users", RUN),
    (403, "crm.item.import", "allowed_only_intranet_user", "This action is allowed only for intranet users", RUN),
    (400, "crm.item.import", "ACCESS_DENIED", "Access denied", TYPE),
    (400, "crm.item.import", "CRM_FIELD_ERROR_VALUE_NOT_VALID", 'Invalid value for field "{field}"', ITEM),
    (400, "crm.item.import", "100", "Expected iterable value for multiple field, but got `{type}` instead", ITEM),
    (
        400,
        "crm.item.import",
        "CREATE_DYNAMIC_ITEM_RESTRICTED",
        "You cannot create a new item due to your plan restrictions",
        TYPE,
    ),
    (401, "crm.item.import", "INVALID_CREDENTIALS", "Invalid authorization data for the request", RUN),
    (403, BATCH_IMPORT, "allowed_only_intranet_user", "This action is allowed only for intranet users", RUN),
    (400, BATCH_IMPORT, "NOT_FOUND", "Smart process not found | SPA not found", TYPE),
    (400, BATCH_IMPORT, "ACCESS_DENIED", "Access denied", TYPE),
    (400, BATCH_IMPORT, "CRM_FIELD_ERROR_VALUE_NOT_VALID", 'Invalid value for field "{field}"', ITEM),
    (400, BATCH_IMPORT, "100", "Expected iterable value for multiple field, but got `{type}` instead", ITEM),
    (
        400,
        BATCH_IMPORT,
        "CREATE_DYNAMIC_ITEM_RESTRICTED",
        "You cannot create a new item due to your plan restrictions",
        TYPE,
    ),
    (403, "crm.type.list", "allowed_only_intranet_user", "Action allowed only for intranet users", RUN),
    (400, "crm.type.list", "INVALID_ARG_VALUE", "Invalid filter: field '{field_n}' is not allowed in filter", RUN),
    (None, "oauth/token", "invalid_request", "", RUN),
    (None, "oauth/token", "invalid_client", "", RUN),
    (None, "oauth/token", "insufficient_scope", "", RUN),
    (None, "oauth/token", "invalid_scope", "", RUN),
    (None, "oauth/token", "invalid_grant", "", RUN),
    (None, "oauth/token", "PAYMENT_REQUIRED", "Payment required", RUN),
    (400, "crm.duplicate.findbycomm", "Communication type is not defined", "Parameter 'type' is required.", RUN),
    (400, "crm.duplicate.findbycomm", "Communication type '{type}' is not supported in current context", "", RUN),
    (400, "crm.duplicate.findbycomm", "Communication values is not defined", "", RUN),
    (400, "crm.type.add", "100", "Could not find value for parameter {name}", RUN),
    # Not in the documentation: what is not known is never guessed.
    (400, ADD, "-", "", LOOK),
    (400, ADD, "", "", LOOK),
    (400, ADD, "SOMETHING_NEW", "", LOOK),
    (None, ADD, "SOMETHING_NEW", "", LOOK),
    (400, ADD, "A sentence, as a code.", "", LOOK),
    (502, ADD, "SOMETHING_NEW", "", UNKNOWN),
    (503, ADD, "0", "", UNKNOWN),
]


@pytest.mark.parametrize(("status", "method", "code", "text", "verdict"), DOCUMENTED)
def test_a_documented_refusal(status: int | None, method: str, code: str, text: str, verdict: Verdict) -> None:
    assert rule_for(code, method=method, status=status, text=text).verdict is verdict


@pytest.mark.parametrize("code", [code for *_, code, _text, _verdict in DOCUMENTED])
def test_the_case_of_a_code_means_nothing(code: str) -> None:
    assert rule_for(code.upper(), method=ADD, status=400) == rule_for(code.lower(), method=ADD, status=400)


def test_every_row_of_the_table_decides_some_documented_refusal() -> None:
    used = {id(rule_for(code, method=method, status=status, text=text)) for status, method, code, text, _ in DOCUMENTED}
    assert [rule.codes for rule in TABLE if id(rule) not in used] == []


def test_every_code_of_the_table_is_tested() -> None:
    tested = {code.casefold() for _status, _method, code, _text, _verdict in DOCUMENTED}
    assert {code for rule in TABLE for code in rule.codes} <= tested


@pytest.mark.parametrize("rule", [rule for rule in TABLE if rule.verdict in (RUN, TYPE)])
def test_what_stops_a_run_or_a_type_is_explained(rule: object) -> None:
    assert getattr(rule, "summary", "")
    assert getattr(rule, "hint", "") or "portal refuses" in getattr(rule, "summary", "")


def test_a_missing_scope_is_named() -> None:
    error = refusal("user.get", Refused("insufficient_scope", "", 403), status=None).error()
    assert "scope user (or user_basic)" in error.hint
    assert error.code == "insufficient_scope"
    assert "crm" in refusal("crm.item.add", Refused("insufficient_scope", "", 403), status=403).error().hint


def test_a_refusal_tells_the_portals_own_words() -> None:
    error = refusal("crm.item.add", Refused("NEW_CODE", "Das geht nicht {so}", 400), status=400).error()
    assert "crm.item.add: NEW_CODE: Das geht nicht {so}" in str(error)
    assert error.status == 400
