"""Look-ups.

Types, directories, pipelines, currencies, duplicates (api-reference/crm/…/, one page per method).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from syncer.sandbox import multifields
from syncer.sandbox.php import Params, as_map
from syncer.sandbox.portal import Call, Portal, Reply
from syncer.sandbox.refusal import Refusal, bad_filter
from syncer.sandbox.schema import Status

PAGE = 50
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
_SIGN = re.compile(r"(!=|!@|>=|<=|[=@%!><])?(.*)", re.DOTALL)


def types(portal: Portal, call: Call) -> Reply:
    """crm-type-list.md: the smart processes; for CRM administrators."""
    if not portal.settings.intranet:
        raise Refusal("allowed_only_intranet_user", "Action allowed only for intranet users", 403)
    if not portal.settings.admin:
        raise Refusal("ACCESS_DENIED", "Access denied")
    rows = [dict(each) for each in portal.schema.spas.values()]
    for key in call.map("filter"):
        name = _SIGN.fullmatch(key).group(2)  # type: ignore[union-attr]
        if name not in rows[0] and not name.isdigit():
            raise bad_filter(name)
    rows = ordered(matching(rows, call.map("filter")), call.map("order"))
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
        for category in item_type.categories.values() if item_type.has_categories else (None,):
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
    """crm-category-list.md: the pipelines of a type; leads and quotes have none."""
    item_type = portal.item_type(call)
    if not item_type.has_categories:
        text = f"Entity type `{item_type.title}` is not supported"
        raise Refusal("ENTITY_TYPE_NOT_SUPPORTED", text)
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
    wanted = [multifields.compared(kind, str(each)) for each in call.map("values").values()][:_DUPLICATES]
    only = str(call.params.get("entity_type", "")).upper()
    found: dict[str, list[int]] = {}
    for name, number in _COMM_TYPES.items():
        if only not in ("", name):
            continue
        ids = portal.store.found_by(number, kind, wanted)[:_DUPLICATES]
        if ids:
            found[name] = ids
        if len(ids) == _DUPLICATES:
            break  # 20 hits of one type suppress the later types
    return Reply(found or [])


def matching(rows: list[dict[str, Any]], conditions: Params) -> list[dict[str, Any]]:
    """The rows that meet every condition; conditions on names the rows do not have are passed over."""
    for key, value in conditions.items():
        sign, name = _SIGN.fullmatch(key).groups()  # type: ignore[union-attr]
        if rows and name in rows[0]:
            test = _test(sign or "=", value)
            rows = [row for row in rows if test(row.get(name))]
    return rows


def _test(sign: str, value: Any) -> Callable[[Any], bool]:
    wanted = [_plain(each) for each in as_map(value).values()] if isinstance(value, list | dict) else [_plain(value)]
    if sign in ("=", "@"):
        return lambda found: _plain(found) in wanted
    if sign.startswith("!"):
        return lambda found: _plain(found) not in wanted
    if not wanted:
        return lambda found: False
    if sign == "%":
        return lambda found: wanted[0] in _plain(found)
    ways: dict[str, Callable[[Any, Any], bool]] = {
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
    }
    return lambda found: ways[sign](_rank(found), _rank(wanted[0]))


def _plain(value: Any) -> str:
    """Text as these older methods compare it: without case, flags as Y and N or 1 and 0."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return {"true": "1", "false": "0"}.get(str(value).lower(), str(value).lower())


def _rank(value: Any) -> tuple[float, str]:
    text = "" if value is None else str(value)
    return (float(text), "") if re.fullmatch(r"-?\d{1,15}(\.\d+)?", text) else (float("inf"), text)


def ordered(rows: list[dict[str, Any]], order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows by the given fields; those the rows do not have are passed over."""
    for name, direction in reversed(list(order.items())):
        if rows and name in rows[0]:
            rows = sorted(
                rows, key=lambda row: _rank(row.get(name)), reverse=str(direction).upper() == "DESC"
            )  # fmt: skip
    return rows


def paged(rows: list[Any], start: int) -> tuple[list[Any], int, int | None]:
    """A page of 50, the total, and where the next page starts."""
    offset = max(start, 0)
    after = offset + PAGE if start >= 0 and len(rows) > offset + PAGE else None
    return rows[offset : offset + PAGE], 0 if start == -1 else len(rows), after
