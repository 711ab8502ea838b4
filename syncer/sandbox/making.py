"""From the fields of a call to a stored item: conversion, checks, defaults, what follows from them.

crm-item-add.md and crm-item-import.md; defaults are in `catalog.json`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from syncer.sandbox import multifields
from syncer.sandbox.options import changed
from syncer.sandbox.portal import OUTSIDE_KEYS, Call, Portal
from syncer.sandbox.refusal import Refusal, required, value_not_valid
from syncer.sandbox.schema import Field, ItemType
from syncer.sandbox.values import DISCARD, convert

Item = dict[str, Any]  # field -> value; empty fields are left out
COMPANY = 4
OWN = "isMyCompany"
_SEMANTICS = {"": "P", "S": "S", "F": "F"}


def make(portal: Portal, call: Call, item_type: ItemType, fields: Mapping[str, Any], way: str) -> tuple[int, Item]:
    """A new item by `add` or `import`, stored.

    Returns its id and its fields. Raises Refusal and stores nothing.
    """
    item = converted(portal, item_type, fields, way, call.original_names)
    if way == "import" and "fm" in item_type.fields and (extra := multifields.from_import(fields)):
        item["fm"] = item.get("fm", []) + convert(portal, item_type.fields["fm"], extra)
    _set_defaults(portal, call, item_type, item)
    _place(portal, item_type, item)
    _tie(item_type, item)
    _stamp(portal, call, item_type, item)
    derive(portal, item_type, item)
    check_required(portal, item_type, item)
    number = portal.store.next_id(f"item:{item_type.entity_type_id}")
    item = {"id": number, **item}
    if "title" in item_type.fields and not item.get("title"):
        item["title"] = f"{item_type.title} #{number}"
    save(portal, item_type, number, item, new=True)
    if (latest := portal.latest_created.get(item_type.entity_type_id)) is not None:
        portal.latest_created[item_type.entity_type_id] = max(latest, item["createdTime"])
    return number, item


def converted(portal: Portal, item_type: ItemType, fields: Mapping[str, Any], way: str, original: bool) -> Item:
    """The fields that the call may set, in stored form.

    Names it may not set, or nobody knows, are passed over.
    """
    names = item_type.named(original)
    ignored = portal.settings.ignored.get(str(item_type.entity_type_id), ())
    item: Item = {}
    for name, value in fields.items():
        field = names.get(name)
        if field is None or way not in field.settable or name in ignored:
            continue
        if field.import_only and not portal.settings.admin:
            raise value_not_valid(field.title)
        if field.name in ("stageId", "categoryId"):
            item[field.name] = value  # checked together, when the pipeline is known
            continue
        stored = convert(portal, field, value)
        if stored is not None and stored is not DISCARD:
            item[field.name] = stored
    return item


def _set_defaults(portal: Portal, call: Call, item_type: ItemType, item: Item) -> None:
    for name, field in item_type.fields.items():
        if field.default and name not in item and name not in ("stageId", "categoryId"):
            value = _default(portal, call, field)
            if value is not None:
                item[name] = value


def _default(portal: Portal, call: Call, field: Field) -> Any:
    if "value" in field.default:
        return field.default["value"]
    match field.default["rule"]:
        case "first-available-status":
            return next(iter(portal.schema.directories.get(field.directory, ())), None)
        case "default-currency":
            return portal.schema.base_currency
        case "calling-user":
            return call.user_id
        case "creation-date":
            return _day(portal, 0)
        case "creation-date+7d":
            return _day(portal, 7)
        case "first-my-company":
            return next(iter(portal.store.found_by(COMPANY, OWN, ["Y"])), None)
        case "storage":
            return 3
    return None


def _day(portal: Portal, ahead: int) -> str:
    day = dt.datetime.now(portal.zone).date() + dt.timedelta(days=ahead)
    return day.isoformat() + portal.technical_time


def _place(portal: Portal, item_type: ItemType, item: Item) -> None:
    """Pipeline and stage: a stage of another pipeline is not valid."""
    if "categoryId" in item_type.fields:
        item["categoryId"] = _category(item_type, item.get("categoryId"))
    if not item_type.stages:
        return
    given = item.get("stageId")
    stages = portal.schema.directories.get(item_type.stage_directory(item.get("categoryId", 0)), {})
    if given in (None, ""):
        item["stageId"] = next(iter(stages), None)
    elif given not in stages:
        raise value_not_valid(item_type.fields["stageId"].title)


def settle(portal: Portal, item_type: ItemType, item: Item, new: Item) -> None:
    """Brings a changed item in order again: its stage, its links, what follows from other fields."""
    if "categoryId" in new and "stageId" not in new:
        item.pop("stageId", None)
    _place(portal, item_type, item)
    for one, many in (("contactId", "contactIds"), ("companyId", "companyIds")):
        if one in new and many not in new:
            item.pop(many, None)
        elif new.get(many) == []:
            item.pop(one, None)
    _tie(item_type, item)
    derive(portal, item_type, item)
    check_required(portal, item_type, item)


def _category(item_type: ItemType, given: Any) -> int:
    if given in (None, ""):
        return item_type.default_category
    try:
        number = int(str(given))
    except ValueError:
        number = -1
    if number not in item_type.categories:
        raise value_not_valid(item_type.fields["categoryId"].title)
    return number


def _tie(item_type: ItemType, item: Item) -> None:
    """One link and many.

    ContactId is the first of contactIds, companyId of companyIds (crm-item-fields.md).
    """
    for one, many in (("contactId", "contactIds"), ("companyId", "companyIds")):
        if many in item_type.fields and one in item_type.fields:
            if item.get(many):
                item[one] = item[many][0]
            elif item.get(one):
                item[many] = [item[one]]


def _stamp(portal: Portal, call: Call, item_type: ItemType, item: Item) -> None:
    now = portal.now()
    imported = any(name in item for name in ("createdTime", "updatedTime", "movedTime"))
    for name in ("createdTime", "updatedTime", "movedTime", "lastActivityTime"):
        if name in item_type.fields:
            item.setdefault(name, item.get("createdTime", now) if imported else now)
    for name in ("createdBy", "updatedBy", "movedBy", "lastActivityBy"):
        if name in item_type.fields:
            item.setdefault(name, item.get("createdBy", call.user_id))
    if imported:
        _check_times(portal, item_type, item, now)


def _check_times(portal: Portal, item_type: ItemType, item: Item, now: str) -> None:
    """import/index.md.

    CreatedTime not before that of an item of the type, updatedTime and movedTime within.
    """
    earliest = portal.latest_created.get(item_type.entity_type_id)
    if earliest is None:
        earliest = portal.store.latest(item_type.entity_type_id, "createdTime")
        portal.latest_created[item_type.entity_type_id] = earliest
    times = {name: item[name] for name in ("createdTime", "updatedTime", "movedTime") if name in item}
    created, updated = times["createdTime"], times["updatedTime"]
    wrong = {
        "createdTime": not earliest <= created <= now,
        "updatedTime": not created <= updated <= now,
        "movedTime": not created <= times.get("movedTime", created) <= updated,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise value_not_valid(item_type.fields[name].title)


def derive(portal: Portal, item_type: ItemType, item: Item) -> None:
    """Sets what follows from other fields; `taxValue` is 0 without products (sample of crm-item-add.md)."""
    fields = item_type.fields
    if "taxValue" in fields:
        item["taxValue"] = 0
    if "fm" in fields:
        item |= {name: value for name, value in multifields.derived(item.get("fm", [])).items() if name in fields}
    if item_type.key == "lead":
        item |= {name: item.get(name, 0) for name in ("companyId", "contactId", "webformId")}
    if item_type.key in ("lead", "deal"):
        item.setdefault("isReturnCustomer", "N")
        stages = portal.schema.directories[item_type.stage_directory(item.get("categoryId", 0))]
        stage = stages[item["stageId"]]
        item["stageSemanticId"] = _SEMANTICS[stage.semantics]
        if item_type.key == "deal":
            item["isNew"] = "Y" if stage.sort == 10 else "N"
            item["closed"] = "Y" if stage.semantics else "N"
            item.setdefault("isRepeatedApproach", "N")
    if item_type.key == "contact" and not item.get("name") and not item.get("lastName"):
        item["name"] = "Unnamed"


def check_required(portal: Portal, item_type: ItemType, item: Item) -> None:
    """Raises CRM_FIELD_ERROR_REQUIRED for an empty field that the type, or the stage, demands."""
    for field in item_type.fields.values():
        if field.required and field.custom and item.get(field.name) in (None, "", []):
            raise required(field.title)
    by_stage = portal.settings.required_at.get(str(item_type.entity_type_id), {})
    for name in by_stage.get(str(item.get("stageId")), ()):
        if name in item_type.fields and item.get(name) in (None, "", []):
            raise required(item_type.fields[name].title)


def save(portal: Portal, item_type: ItemType, number: int, item: Item, new: bool) -> None:
    """Stores an item with the values it is looked up by."""
    found = [
        (name, portal.compared_key(value))
        for name, value in item.items()
        if isinstance(value, str) and is_key(item_type, name)
    ]
    if "fm" in item:
        found += multifields.lookups(item["fm"])
    if item.get(OWN) == "Y":
        found.append((OWN, "Y"))
    body = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
    write = portal.store.insert if new else portal.store.replace
    write(item_type.entity_type_id, number, body, found)


def switch(portal: Portal, patch: Mapping[str, Any]) -> None:
    """Changes switches of a running portal. Raises SandboxError."""
    before = portal.settings
    portal.settings = changed(before, patch)
    if before.key_fold != portal.settings.key_fold:
        refold(portal)


def refold(portal: Portal) -> None:
    """Makes the values that items are looked up by anew, after the way they compare has changed."""
    for item_type in portal.schema.types.values():
        for number, item in list(portal.store.bodies(item_type.entity_type_id)):
            save(portal, item_type, number, item, new=False)
    portal.store.commit()


def is_key(item_type: ItemType, name: str) -> bool:
    """Whether items are looked up by a field through the index: outside keys and custom strings."""
    if name in OUTSIDE_KEYS:
        return True
    field = item_type.fields.get(name)
    return field is not None and field.custom and field.type == "string" and not field.multiple


def shown(portal: Portal, item_type: ItemType, item: Item, original: bool) -> Item:
    """An item as methods return it: every field, the empty ones too."""
    found = {**item_type.blank, **item}
    for name in item_type.custom_files:
        found[name] = _with_address(portal, found[name])
    if original:
        fields = item_type.fields
        return {
            fields[name].upper_name if name in fields and fields[name].custom else name: value
            for name, value in found.items()
        }
    return found


def _with_address(portal: Portal, value: Any) -> Any:
    """A custom field's files, each with where it is read: the portal may have another port than when it was stored."""
    if isinstance(value, list):
        return [_with_address(portal, each) for each in value]
    if value is None:
        return None
    url = f"{portal.url}_sandbox/files/{value['id']}"
    return {"id": value["id"], "url": url, "urlMachine": url}


def refuse_plan(portal: Portal, item_type: ItemType, verb: str) -> None:
    """Raises CREATE_DYNAMIC_ITEM_RESTRICTED or its like when the plan has no smart processes."""
    if portal.settings.plan_without_spa and item_type.key == "spa":
        text = f"You cannot {verb} due to your plan restrictions"
        code = "CREATE" if verb.startswith("create") else "UPDATE"
        raise Refusal(f"{code}_DYNAMIC_ITEM_RESTRICTED", text)
