"""Which methods there are, under which scope, and how one call runs.

Method names compare without case: the documentation is silent, and prints `crm.item.batchImport`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from syncer.sandbox import directories, items, lists, people
from syncer.sandbox.portal import Call, Portal, Reply
from syncer.sandbox.refusal import Refusal, missing

Handler = Callable[[Portal, Call], Reply]


def method_known(portal: Portal, call: Call) -> Reply:
    """method-get.md: whether a method exists and may be called."""
    if "name" not in call.params:
        raise missing("name")
    known = METHODS.get(str(call.params["name"]).lower())
    allowed = known is not None and scope_granted(portal, known[0])
    return Reply({"isExisting": known is not None, "isAvailable": allowed})


METHODS: dict[str, tuple[str, Handler]] = {
    "crm.item.add": ("crm", items.add),
    "crm.item.get": ("crm", items.get),
    "crm.item.list": ("crm", lists.list_items),
    "crm.item.fields": ("crm", items.fields),
    "crm.item.update": ("crm", items.update),
    "crm.item.delete": ("crm", items.delete),
    "crm.item.import": ("crm", items.import_one),
    "crm.item.batchimport": ("crm", items.import_many),
    "crm.type.list": ("crm", directories.types),
    "crm.status.list": ("crm", directories.statuses),
    "crm.status.entity.types": ("crm", directories.directory_names),
    "crm.category.list": ("crm", directories.categories),
    "crm.currency.list": ("crm", directories.currencies),
    "crm.currency.base.get": ("crm", directories.base_currency),
    "crm.enum.ownertype": ("crm", directories.owner_types),
    "crm.duplicate.findbycomm": ("crm", directories.duplicates),
    "user.get": ("user", people.users),
    "user.current": ("user", people.current_user),
    "department.get": ("department", people.departments),
    "profile": ("", people.profile),
    "scope": ("", people.scopes),
    "server.time": ("", people.server_time),
    "method.get": ("", method_known),
    "app.info": ("", people.application),
}
_SPELT = {"crm.item.batchimport": "crm.item.batchImport"}
_SAME_SCOPE = {"user": ("user", "user_basic", "user_brief")}


@dataclass(frozen=True, slots=True)
class Done:
    """One finished call: its reply and its `time`."""

    reply: Reply
    time: Mapping[str, Any]


def spelling(method: str) -> str:
    """A method's name as the documentation prints it."""
    return _SPELT.get(method.lower(), method.lower())


def scope_granted(portal: Portal, scope: str) -> bool:
    """Whether the caller may use methods of a scope; basic ones are always granted."""
    return not scope or any(each in portal.settings.scopes for each in _SAME_SCOPE.get(scope, (scope,)))


def admitted(portal: Portal, call: Call) -> Handler:
    """The handler of a call that may run. Raises Refusal: unknown method, scope, operating budget."""
    known = METHODS.get(call.method.lower())
    if known is None:
        raise Refusal("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
    scope, handler = known
    if not scope_granted(portal, scope):
        text = "The request requires higher privileges than provided by the webhook token"
        raise Refusal("insufficient_scope", text, 403)
    portal.budget.admit(spelling(call.method), portal.settings)
    return handler


def execute(portal: Portal, call: Call, handler: Handler, begun: float) -> Done:
    """Runs one call that was admitted, and `begun`, at a unix time; counts what it cost. Raises Refusal.

    A call that crosses its budget completes (limits.md): nobody asks again after it began.
    """
    method = spelling(call.method)
    clock = time.perf_counter()
    cost = portal.cost(method)
    try:
        reply = handler(portal, call)
    finally:
        spent = time.perf_counter() - clock
        portal.budget.spend(method, cost, spent, portal.settings)
    return Done(reply, portal.moment(begun, spent + cost, method))
