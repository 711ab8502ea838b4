"""Extending a portal's document: smart processes and custom fields.

Shapes: crm-type-add.md and crm-type-list.md, userfieldconfig-add.md.
"""

from __future__ import annotations

from typing import Any

from syncer.sandbox.options import SandboxError
from syncer.sandbox.schema import Document, catalog

_STAGES = (
    ("NEW", "Start", ""),
    ("CLIENT", "Approval", ""),
    ("SUCCESS", "Success", "S"),
    ("FAIL", "Failure", "F"),
)


def add_type(document: Document, given: dict[str, Any]) -> dict[str, Any]:
    """Adds a smart process with its pipelines, stages and parents. Raises SandboxError.

    `given`: entityTypeId, title, and if wanted id, code, categories, parents (entityTypeIds), is…Enabled:
    "Y".
    """
    number = given["entityTypeId"]
    if not (128 <= number <= 192 or (number >= 1030 and number % 2 == 0)):
        raise SandboxError(f"{number} is no entityTypeId of a smart process: 128 to 192, or even from 1030 on")
    if any(each["entityTypeId"] == number for each in document["types"]):
        raise SandboxError(f"there is a smart process {number} already")
    flags = [name for name in document["types"][0] if name.startswith("is")]
    used = max(each["id"] for each in document["types"])
    added = {
        **document["types"][0],
        "id": given.get("id", used + 2),
        "entityTypeId": number,
        "title": given["title"],
        "code": given.get("code", ""),
        **{flag: given.get(flag, "N") for flag in flags},
    }
    top = max(each["id"] for found in document["categories"].values() for each in found)
    categories = given.get("categories", [{"id": top + 2, "name": "General", "sort": 500, "default": True}])
    document["types"].append(added)
    document["categories"][str(number)] = categories
    for category in categories:
        prefix = f"DT{number}_{category['id']}:"
        document["directories"][f"DYNAMIC_{number}_STAGE_{category['id']}"] = [
            {"id": prefix + code, "name": name, "semantics": semantics} for code, name, semantics in _STAGES
        ]
    document["relations"] += [[parent, number] for parent in given.get("parents", ())]
    return added


def add_field(document: Document, given: dict[str, Any]) -> dict[str, Any]:
    """Adds a custom field. Raises SandboxError.

    `given`: entityTypeId, name (UPPER), type, and if wanted title, multiple, required, items [{ID, VALUE}],
    settings.
    """
    name, kind = given["name"], given["type"]
    if not name.startswith("UF_CRM_") or name != name.upper():
        raise SandboxError(f"{name} is no custom field: UF_CRM_…, in capitals")
    if kind not in catalog()["userFieldTypes"] and not kind.startswith("rest_"):
        raise SandboxError(f"{kind} is no type of a custom field: {', '.join(catalog()['userFieldTypes'])}")
    owner = given["entityTypeId"]
    if any(each["entityTypeId"] == owner and each["name"] == name for each in document["fields"]):
        raise SandboxError(f"type {owner} has a field {name} already")
    added = {
        "entityTypeId": owner,
        "name": name,
        "type": kind,
        "title": given.get("title", name),
        "multiple": bool(given.get("multiple")),
        "required": bool(given.get("required")),
        "items": given.get("items", []),
        "settings": given.get("settings", {}),
    }
    document["fields"].append(added)
    return added
