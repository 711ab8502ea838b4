"""Look-ups.

Types, directories, pipelines, currencies, duplicates (api-reference/crm/…/, one page per method).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from syncer.sandbox import multifields
from syncer.sandbox.portal import Call, Portal, Reply
from syncer.sandbox.refusal import Refusal, not_supported
from syncer.sandbox.rows import checked, matching, ordered, paged
from syncer.sandbox.schema import Status

_COMM_TYPES = {"LEAD": 1, "CONTACT": 3, "COMPANY": 4}
_DUPLICATES = 20
_EXTRA = {"": "process", "S": "success", "F": "failure"}
_OWNERS = (
    (1, "Lead", "LEAD", "L"), (2, "Deal", "DEAL", "D"), (3, "Contact", "CONTACT", "C"),
    (4, "Company", "COMPANY", "CO"), (5, "Invoice (old version)", "INVOICE", "I"),
    (31, "Invoice", "SMART_INVOICE", "SI"), (7, "Quote", "QUOTE", "Q"),
    (8, "Billing Details", "REQUISITE", "RQ"), (36, "Document", "SMART_DOCUMENT", "DO"),
    (39, "Company Document", "SMART_B2E_DOC", "SBD"),
)  # fmt: skip


def types(portal: Portal, call: Call) -> Reply:
    """crm-type-list.md: the smart processes; for CRM administrators."""
    if not portal.settings.intranet:
        raise Refusal("allowed_only_intranet_user", "Action allowed only for intranet users", 403)
    if not portal.settings.admin:
        raise Refusal("ACCESS_DENIED", "Access denied")
    rows = [dict(each) for each in portal.schema.spas.values()]
    rows = checked(rows, call.map("filter"), call.map("order"))
    page, total, after = paged(rows, call.start)
    return Reply({"types": page}, total, after)


def owner_types(portal: Portal, call: Call) -> Reply:
    """crm-enum-owner-type.md: every object type, for any user."""
    rows = [*_OWNERS]
    rows += [(n, each["title"], f"DYNAMIC_{n}", f"T{n:x}") for n, each in portal.schema.spas.items()]
    names = ("ID", "NAME", "SYMBOL_CODE", "SYMBOL_CODE_SHORT")
    return Reply([dict(zip(names, row, strict=True)) for row in rows])


def statuses(portal: Portal, call: Call) -> Reply:
    """crm-status-list.md.

    Entries of directories; ENTITY_ID must be one text (how-to-get-stages-with-semantics.md).
    """
    if "settings" in portal.settings.denied:
        raise Refusal("Access denied.", "Access denied.")
    wanted = call.map("filter")
    if not isinstance(wanted.get("ENTITY_ID", ""), str):
        raise Refusal("Invalid parameters.", "Filter by ENTITY_ID must be a string")
    entries = portal.schema.directories
    chosen = [wanted["ENTITY_ID"]] if "ENTITY_ID" in wanted else list(entries)
    rows = [_status(each) for name in chosen for each in entries.get(name, {}).values()]
    rows = ordered(matching(rows, wanted), call.map("order"))
    page, total, after = paged(rows, call.start)
    return Reply(page, total, after)


def _status(status: Status) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ID": str(status.id),
        "ENTITY_ID": status.directory,
        "STATUS_ID": status.status_id,
        "NAME": status.name,
        "NAME_INIT": status.name if status.system else "",
        "SORT": str(status.sort),
        "SYSTEM": "Y" if status.system else "N",
        "CATEGORY_ID": None if status.category is None else str(status.category),
        "COLOR": status.color,
        "SEMANTICS": status.semantics or None,
    }
    if status.directory.startswith(("DEAL_STAGE", "QUOTE_STATUS")) or status.directory == "STATUS":
        apology = status.semantics == "F" and status.status_id.endswith("APOLOGY")
        found["EXTRA"] = {
            "SEMANTICS": "apology" if apology else _EXTRA[status.semantics],
            "COLOR": status.color,
        }
    return found


def directory_names(portal: Portal, call: Call) -> Reply:
    """crm-status-entity-types.md: the directories there are."""
    return Reply([_directory(portal, name, list(found.values())) for name, found in portal.schema.directories.items()])


def _directory(portal: Portal, name: str, entries: Sequence[Status]) -> dict[str, Any]:
    found: dict[str, Any] = {"ID": name, "NAME": name.replace("_", " ").capitalize()}
    for item_type in portal.schema.types.values():
        for category in item_type.categories.values() or (None,):
            number = category.id if category else 0
            if not item_type.stages or item_type.stage_directory(number) != name:
                continue
            found["NAME"] = f"{item_type.title} ({category.name})" if category else f"{item_type.title} stages"
            if item_type.key in ("spa", "invoice"):
                prefix = f"DT{item_type.entity_type_id}_{number}"
                found |= {"SEMANTIC_INFO": [], "PREFIX": prefix, "IS_ENABLED": True}
            else:
                found["SEMANTIC_INFO"] = _semantics(entries)
            found["ENTITY_TYPE_ID"] = item_type.entity_type_id
            if category:
                found |= {
                    "FIELD_ATTRIBUTE_SCOPE": f"category_{number}" if number else "",
                    "CATEGORY_ID": number,
                }
    return found


def _semantics(entries: Sequence[Status]) -> dict[str, Any]:
    def first(semantics: str) -> str | None:
        return next((each.status_id for each in entries if each.semantics == semantics), None)

    return {
        "START_FIELD": first(""),
        "FINAL_SUCCESS_FIELD": first("S"),
        "FINAL_UNSUCCESS_FIELD": first("F"),
        "FINAL_SORT": 0,
    }


def categories(portal: Portal, call: Call) -> Reply:
    """crm-category-list.md: the pipelines of a type.

    Leads and quotes have none, nor has a smart process where they are off.
    """
    item_type = portal.item_type(call)
    if not item_type.has_categories:
        raise not_supported(item_type.title)
    rows = []
    for each in sorted(item_type.categories.values(), key=lambda found: (found.sort, found.id)):
        row: dict[str, Any] = {
            "id": each.id,
            "name": each.name,
            "sort": each.sort,
            "entityTypeId": item_type.entity_type_id,
            "isDefault": "Y" if each.default else "N",
        }
        if item_type.key == "deal":
            row |= {} if each.default else {"originId": "", "originatorId": ""}
        else:
            row |= {"isSystem": "Y" if each.code else "N", "code": each.code}
        rows.append(row)
    rows = matching(rows, call.map("filter"))
    return Reply({"categories": rows}, len(rows))


def currencies(portal: Portal, call: Call) -> Reply:
    """crm-currency-list.md: needs access to the CRM settings; `total` is always 0."""
    if "settings" in portal.settings.denied:
        raise Refusal("", "Access denied.")
    order = {name.upper(): way for name, way in call.map("order").items()}
    rows = ordered([dict(each) for each in portal.schema.currencies.values()], order)
    page, _, after = paged(rows, call.start)
    return Reply(page, 0, after)


def base_currency(portal: Portal, call: Call) -> Reply:
    """crm-currency-base-get.md: for any user."""
    return Reply(portal.schema.base_currency)


def duplicates(portal: Portal, call: Call) -> Reply:
    """crm-duplicate-find-by-comm.md: who has one of these phones or addresses; `[]` for nobody."""
    kind = str(call.params.get("type", ""))
    if not kind:
        raise Refusal("Communication type is not defined", "Parameter 'type' is required.")
    if kind not in ("PHONE", "EMAIL"):
        raise Refusal(f"Communication type '{kind}' is not supported in current context", "")
    if not isinstance(call.params.get("values"), list | dict) or not call.map("values"):
        raise Refusal("Communication values is not defined", "")
    readable = {name: number for name, number in _COMM_TYPES.items() if portal.readable(portal.schema.types[number])}
    if not readable:
        raise Refusal("Access denied", "", 403)
    wanted = [multifields.compared(kind, str(each)) for each in call.map("values").values()][:_DUPLICATES]
    only = str(call.params.get("entity_type", "")).upper()
    found: dict[str, list[int]] = {}
    for name, number in readable.items():
        if only not in ("", name):
            continue
        ids = portal.store.found_by(number, kind, wanted)[:_DUPLICATES]
        if ids:
            found[name] = ids
        if len(ids) == _DUPLICATES:
            break  # 20 hits of one type suppress the later types
    return Reply(found or [])
