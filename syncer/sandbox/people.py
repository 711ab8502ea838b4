"""user.get, user.current, profile, department.get, scope, server.time, method.get, app.info.

api-reference/user/user-get.md, api-reference/common/users/ and api-reference/common/system/.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from syncer.sandbox.php import Params, as_map
from syncer.sandbox.portal import Call, Portal, Reply
from syncer.sandbox.rows import Row, conditions, matching, ordered, paged
from syncer.sandbox.values import parse_moment

_DATES = frozenset((
    "TIMESTAMP_X", "DATE_REGISTER", "LAST_LOGIN", "LAST_ACTIVITY_DATE", "PERSONAL_BIRTHDAY", "UF_EMPLOYMENT_DATE",
))  # fmt: skip
_BRIEF = frozenset(("EMAIL",))  # user-scope.md: absent under user_brief


def users(portal: Portal, call: Call) -> Reply:
    """user-get.md: the employees, dismissed ones too; `FILTER` or `filter`."""
    rows = [_visible(portal, dict(each)) for each in portal.schema.users.values()]
    given = {name.upper(): value for name, value in (call.map("FILTER") or call.map("filter")).items()}
    rows = [] if _of_no_date(portal, given) else matching(rows, given)
    sort, order = call.params.get("sort"), call.params.get("order", "ASC")
    if isinstance(sort, str):
        rows = ordered(rows, {sort: order})
    page, total, after = paged(rows, call.start)
    wanted = [str(each) for each in call.map("select").values()] or ["*"]
    return Reply([_selected(row, wanted) for row in page], total, after)


def _of_no_date(portal: Portal, given: Params) -> bool:
    """Whether a condition on a date has a value that is none: it retrieves no records."""
    return any(
        name in _DATES and parse_moment(portal, each) is None
        for _, name, value in conditions(given)
        for each in (as_map(value).values() if isinstance(value, list | dict) else [value])
    )


def _selected(row: Row, wanted: list[str]) -> Row:
    """`*` and `UF_*` are masks; what is not there is passed over."""
    return {name: value for name, value in row.items() if any(fnmatchcase(name, each) for each in wanted)}


def current_user(portal: Portal, call: Call) -> Reply:
    """user.current: the caller."""
    return Reply(_visible(portal, dict(portal.schema.users[call.user_id])))


def _visible(portal: Portal, row: dict[str, Any]) -> dict[str, Any]:
    if {"user", "user_basic"} & set(portal.settings.scopes):
        return row
    return {name: value for name, value in row.items() if name not in _BRIEF}


def profile(portal: Portal, call: Call) -> Reply:
    """profile.md: the caller, with no scope at all."""
    row = portal.schema.users[call.user_id]
    names = ("NAME", "LAST_NAME", "PERSONAL_GENDER", "TIME_ZONE")
    return Reply({"ID": row["ID"], "ADMIN": portal.settings.admin, **{name: row[name] for name in names}})


def departments(portal: Portal, call: Call) -> Reply:
    """department.get: the company's structure."""
    rows = matching([dict(each) for each in portal.schema.document["departments"]], call.params)
    page, total, after = paged(rows, call.start)
    return Reply(page, total, after)


def scopes(portal: Portal, call: Call) -> Reply:
    """scope.md: what the webhook or application may use."""
    return Reply(list(portal.settings.scopes))


def server_time(portal: Portal, call: Call) -> Reply:
    """server-time.md."""
    return Reply(portal.now())


def application(portal: Portal, call: Call) -> Reply:
    """app-info.md, as far as a webhook has one."""
    return Reply({"SCOPE": list(portal.settings.scopes), "LANGUAGE_ID": "en", "INSTALLED": True})
