"""crm.item.add, get, update, delete, fields, import and batchImport (api-reference/crm/universal/)."""

from __future__ import annotations

from typing import Any

from syncer.sandbox import making, multifields
from syncer.sandbox.making import Item
from syncer.sandbox.php import as_map
from syncer.sandbox.portal import Call, Portal, Reply
from syncer.sandbox.refusal import Refusal, missing, no_item, required
from syncer.sandbox.schema import Field, ItemType

IMPORTED_AT_ONCE = 20


def add(portal: Portal, call: Call) -> Reply:
    """crm-item-add.md: one new item, returned whole. No check for duplicates."""
    item_type = portal.item_type(call)
    portal.permit("add", item_type)
    making.refuse_plan(portal, item_type, "create a new item")
    _, item = making.make(portal, call, item_type, call.needed_map("fields"), "add")
    return Reply({"item": making.shown(portal, item_type, item, call.original_names)})


def import_one(portal: Portal, call: Call) -> Reply:
    """crm-item-import.md: one new item without automation; only its id comes back."""
    item_type = _importing(portal, call)
    number, _ = making.make(portal, call, item_type, call.needed_map("fields"), "import")
    return Reply({"item": {"id": number}})


def import_many(portal: Portal, call: Call) -> Reply:
    """crm-item-batch-import.md: up to 20 items; each entry has its own id or error."""
    item_type = _importing(portal, call)
    entries = call.needed_map("data")
    if len(entries) > IMPORTED_AT_ONCE:
        raise Refusal("MAX_IMPORT_BATCH_SIZE_EXCEEDED", f"You cannot import more than {IMPORTED_AT_ONCE} items")
    answers: list[dict[str, Any]] = []
    for fields in entries.values():
        try:
            number, _ = making.make(portal, call, item_type, as_map(fields), "import")
            answers.append({"item": {"id": number}})
        except Refusal as refusal:
            answers.append(refusal.body())
    return Reply({"items": answers})


def _importing(portal: Portal, call: Call) -> ItemType:
    item_type = portal.item_type(call)
    portal.permit("import", item_type)
    making.refuse_plan(portal, item_type, "create a new item")
    return item_type


def get(portal: Portal, call: Call) -> Reply:
    """crm-item-get.md."""
    item_type = portal.item_type(call)
    portal.permit("read", item_type, "You do not have permission to view this item")
    _, item = _existing(portal, call, item_type)
    return Reply({"item": making.shown(portal, item_type, item, call.original_names)})


def _existing(portal: Portal, call: Call, item_type: ItemType) -> tuple[int, Item]:
    if "id" not in call.params:
        raise missing("id")
    given = str(call.params["id"])
    number = int(given) if given.isdecimal() and len(given) < 19 else 0
    item = portal.store.body(item_type.entity_type_id, number)
    if item is None or item_type.entity_type_id in portal.settings.hidden:
        raise no_item()
    return number, item


def update(portal: Portal, call: Call) -> Reply:
    """crm-item-update.md: invalid dates are dropped, an empty title keeps the old one."""
    item_type = portal.item_type(call)
    portal.permit("update", item_type)
    making.refuse_plan(portal, item_type, "change the item")
    number, item = _existing(portal, call, item_type)
    fields = call.needed_map("fields")
    names = item_type.named(call.original_names)
    _refuse_photo(item_type, fields)
    others = {name: value for name, value in fields.items() if name != "fm"}
    new = making.converted(portal, item_type, others, "update", call.original_names)
    for name in fields:
        field = names.get(name)
        if field and "update" in field.settable:
            _put(item, field, new.get(field.name), fields[name])
    if "fm" in fields and "fm" in item_type.fields:
        item["fm"] = multifields.changed_records(portal, fields["fm"], item.get("fm", []))
    _check_names(item_type, item)
    making.settle(portal, item_type, item, new)
    if "webformId" in item_type.fields:
        item.setdefault("webformId", 0)  # null after an addition, 0 after a change, as in the samples
    item |= {"updatedTime": portal.now(), "updatedBy": call.user_id}
    making.save(portal, item_type, number, item, new=False)
    return Reply({"item": making.shown(portal, item_type, item, call.original_names)})


def _put(item: Item, field: Field, stored: Any, given: Any) -> None:
    if field.name in ("stageId", "categoryId", "fm", "title") and stored is None:
        return
    if field.type == "file" and field.custom:
        stored = _files(field, item.get(field.name), stored, given)
    if stored is None and field.type in ("date", "datetime") and given not in (None, ""):
        return
    if field.type == "enumeration" and field.multiple and not stored:
        return  # how-to-make-contact-edit-card.md: [] succeeds and keeps the old values
    if stored is None:
        item.pop(field.name, None)
    else:
        item[field.name] = stored


def _files(field: Field, now: Any, new: Any, given: Any) -> Any:
    """The new files, and those that the request names by `{id}`; others go (crm-item-update.md)."""
    if not field.multiple:
        return now if now and isinstance(given, dict) and str(given.get("id")) == str(now["id"]) else new
    named = {str(each["id"]) for each in as_map(given).values() if isinstance(each, dict) and "id" in each}
    return [each for each in now or [] if str(each["id"]) in named] + (new or [])


def _refuse_photo(item_type: ItemType, fields: dict[str, Any]) -> None:
    if item_type.key == "contact" and fields.get("photo"):
        raise Refusal("CRM_FIELD_ERROR_VALUE_NOT_VALID", 'Invalid value for field "Photo"')


def _check_names(item_type: ItemType, item: Item) -> None:
    if item_type.key == "contact" and not item.get("name") and not item.get("lastName"):
        raise required(item_type.fields["name"].title)


def delete(portal: Portal, call: Call) -> Reply:
    """crm-item-delete.md."""
    item_type = portal.item_type(call)
    portal.permit("delete", item_type)
    number, _ = _existing(portal, call, item_type)
    portal.store.delete(item_type.entity_type_id, number)
    return Reply([])


def fields(portal: Portal, call: Call) -> Reply:
    """crm-item-fields.md: every field of a type with its flags."""
    item_type = portal.item_type(call)
    portal.permit("read", item_type, "You do not have permission to view this item")
    found = {name: described(field) for name, field in item_type.named(call.original_names).items() if field.listed}
    return Reply({"fields": found})


def described(field: Field) -> dict[str, Any]:
    """One entry of crm.item.fields."""
    found: dict[str, Any] = {
        "type": field.type,
        "isRequired": field.required,
        "isReadOnly": field.read_only,
        "isImmutable": field.immutable,
        "isMultiple": field.multiple,
        "isDynamic": field.custom,
    }
    if field.deprecated:
        found["isDeprecated"] = True
    if field.directory and not field.custom:
        found["statusType"] = field.directory
    if field.items:
        found["items"] = [{"ID": str(number), "VALUE": label} for number, label in field.items]
    found["title"] = field.title
    if field.custom:
        found |= {"listLabel": field.title, "formLabel": field.title, "filterLabel": field.title}
    if field.settings is not None:
        found["settings"] = field.settings or []
    return found | {"upperName": field.upper_name}
