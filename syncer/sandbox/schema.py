"""The set-up of a portal: its types with their fields, directories, pipelines, currencies and people.

Two sources: `catalog.json` (facts of the product, the same everywhere) and the portal's own document, which
a new file gets from `seed.json` and which the control endpoint extends.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from syncer.sandbox.naming import camel_of
from syncer.sandbox.refusal import not_supported, unknown_type

_HERE = Path(__file__).parent
OLD_INVOICE = "5"  # universal/invoice.md: crm.item.* knows the new ones alone
Document = dict[str, Any]


@cache
def catalog() -> dict[str, Any]:
    """The facts of `catalog.json`; its shape is described in the file."""
    facts: dict[str, Any] = json.loads((_HERE / "catalog.json").read_text("utf-8"))
    return facts


def seed() -> Document:
    """A small portal to begin with."""
    document: Document = json.loads((_HERE / "seed.json").read_text("utf-8"))
    return document


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a type, as crm.item.fields tells of it (crm-item-fields.md)."""

    name: str
    type: str
    upper_name: str
    title: str
    multiple: bool = False
    required: bool = False
    read_only: bool = False
    immutable: bool = False
    deprecated: bool = False
    disabled: bool = False
    custom: bool = False
    listed: bool = True
    echoed: bool = True
    filterable: bool = True
    settable: frozenset[str] = frozenset()
    directory: str = ""
    default: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] | None = None
    items: tuple[tuple[int, str], ...] = ()

    @property
    def import_only(self) -> bool:
        """Set by crm.item.import alone, and by administrators (import/index.md)."""
        return self.settable == {"import"}


@dataclass(frozen=True, slots=True)
class Status:
    """An entry of a directory (crm-status-list.md). `semantics`: "" in progress, S success, F failure."""

    id: int
    directory: str
    status_id: str
    name: str
    sort: int
    system: bool
    semantics: str
    color: str
    category: int | None


@dataclass(frozen=True, slots=True)
class Category:
    """A pipeline (crm-category-list.md)."""

    id: int
    name: str
    sort: int
    default: bool
    code: str = ""


@dataclass(slots=True)
class ItemType:
    """One CRM object type with all its fields in this portal."""

    entity_type_id: int
    key: str  # lead, deal, …, spa
    title: str
    symbol_code: str
    abbreviation: str
    stages: str  # the form of its stage directory's name, "" without stages
    has_categories: bool  # crm.category.list lists its pipelines
    fields: dict[str, Field]
    categories: dict[int, Category]
    by_upper_name: dict[str, Field] = field(default_factory=dict)
    blank: dict[str, Any] = field(default_factory=dict)  # every echoed field, empty
    custom_files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.by_upper_name = {(each.upper_name if each.custom else each.name): each for each in self.fields.values()}
        self.blank = {
            each.name: [] if each.multiple else None
            for each in self.fields.values()
            if each.echoed and each.name != "entityTypeId"
        } | {"entityTypeId": self.entity_type_id}
        self.custom_files = tuple(each.name for each in self.fields.values() if each.type == "file" and each.custom)

    def named(self, original: bool) -> Mapping[str, Field]:
        """Fields by the names a call uses: camelCase, or UPPER for custom ones (`useOriginalUfNames`)."""
        return self.by_upper_name if original else self.fields

    @property
    def default_category(self) -> int:
        """The pipeline of an item that names none."""
        return next((each.id for each in self.categories.values() if each.default), 0)

    def stage_directory(self, category: int) -> str:
        """ENTITY_ID of the stages of one pipeline (status/index.md)."""
        if self.key == "deal" and category == 0:
            return "DEAL_STAGE"
        return self.stages.format(entityTypeId=self.entity_type_id, categoryId=category)


class Schema:
    """A portal's set-up, ready to be asked. Made anew when its document changes."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.directories: dict[str, dict[str, Status]] = {}
        self.users: dict[int, Mapping[str, Any]] = {int(each["ID"]): each for each in document["users"]}
        self.currencies: dict[str, Mapping[str, Any]] = {each["CURRENCY"]: each for each in document["currencies"]}
        self.spas: dict[int, Mapping[str, Any]] = {each["entityTypeId"]: each for each in document["types"]}
        self.types: dict[int, ItemType] = {}
        for key, facts in catalog()["types"].items():
            if facts["entityTypeId"] is not None:
                self.types[facts["entityTypeId"]] = self._item_type(key, facts, facts["entityTypeId"])
        for spa in document["types"]:
            self.types[spa["entityTypeId"]] = self._item_type("spa", catalog()["types"]["spa"], spa["entityTypeId"])
        self._fill_directories()

    @property
    def base_currency(self) -> str:
        """The currency of an item that names none."""
        return next(code for code, each in self.currencies.items() if each["BASE"] == "Y")

    def item_type(self, entity_type_id: object) -> ItemType:
        """The type of an `entityTypeId` parameter. Raises NOT_FOUND, ENTITY_TYPE_NOT_SUPPORTED."""
        if str(entity_type_id) == OLD_INVOICE:
            raise not_supported("Invoice (old version)")
        try:
            return self.types[int(str(entity_type_id))]
        except (KeyError, ValueError):
            raise unknown_type() from None

    def title_of(self, entity_type_id: int) -> str:
        """The display name of a type, known or not."""
        found = self.types.get(entity_type_id)
        return found.title if found else f"#{entity_type_id}"

    def _item_type(self, key: str, facts: Mapping[str, Any], number: int) -> ItemType:
        spa = self.spas.get(number)
        categories = {each["id"]: Category(**each) for each in self.document["categories"].get(str(number), ())}
        has_stages = bool(facts["stages"]) and (spa is None or spa.get("isStagesEnabled") == "Y")
        found = ItemType(
            entity_type_id=number,
            key=key,
            title=spa["title"] if spa else facts["title"],
            symbol_code=facts["symbolCode"].format(entityTypeId=number),
            abbreviation=f"T{number:x}" if spa else facts["abbreviation"],
            stages=facts["stages"] if has_stages else "",
            has_categories=facts["categories"] and (spa is None or spa.get("isCategoriesEnabled") == "Y"),
            fields={},
            categories=categories,
        )
        found.fields = self._fields_of(found, facts["fields"], spa)
        found.__post_init__()
        return found

    def _fields_of(self, owner: ItemType, facts: Mapping[str, Any], spa: Mapping[str, Any] | None) -> dict[str, Field]:
        fields: dict[str, Field] = {}
        for name, fact in facts.items():
            if spa is None or "flag" not in fact or spa.get(fact["flag"]) == "Y":
                fields[name] = _system_field(name, fact, owner)
        for each in self.document["fields"]:
            if each["entityTypeId"] == owner.entity_type_id:
                name = camel_of(each["name"], fields)
                fields[name] = _custom_field(name, each)
        for parent, child in self.document["relations"]:
            if child == owner.entity_type_id:
                name = f"parentId{parent}"
                fields[name] = self._parent_field(name, parent)
        return fields

    def _parent_field(self, name: str, parent: int) -> Field:
        title = self.spas[parent]["title"] if parent in self.spas else f"#{parent}"
        for facts in catalog()["types"].values():
            if facts["entityTypeId"] == parent:
                title = facts["title"]
        return Field(
            name, "crm_entity", f"PARENT_ID_{parent}", title,
            settable=frozenset(("add", "update", "import")),
            settings={"parentEntityTypeId": parent},
        )  # fmt: skip

    def _fill_directories(self) -> None:
        number = 101
        for directory, entries in self.document["directories"].items():
            found = self.directories.setdefault(directory, {})
            for place, entry in enumerate(entries, 1):
                status = Status(
                    id=number,
                    directory=directory,
                    status_id=entry["id"][:21],  # how-to-get-elements-by-stage-filter.md: cut to 21 characters
                    name=entry["name"],
                    sort=place * 10,
                    system=bool(entry.get("system")),
                    semantics=entry.get("semantics", ""),
                    color=entry.get("color", ""),
                    category=_category_of(directory),
                )
                found[status.status_id] = status
                number += 2


def _category_of(directory: str) -> int | None:
    head, _, tail = directory.rpartition("_")
    return int(tail) if tail.isdigit() and "STAGE" in head else None


def _system_field(name: str, fact: Mapping[str, Any], owner: ItemType) -> Field:
    directory = fact.get("directory", "")
    if "{categoryId}" in directory:
        directory = owner.stage_directory(owner.default_category)
    return Field(
        name=name,
        type=fact["type"],
        upper_name=fact["upperName"],
        title=fact["title"],
        multiple=fact.get("multiple", False),
        required=fact.get("required", False),
        read_only=fact.get("readOnly", False),
        immutable=fact.get("immutable", False),
        deprecated=fact.get("deprecated", False),
        disabled=fact.get("disabled", False),
        listed=fact.get("listed", True),
        echoed=fact.get("echoed", True),
        filterable=fact.get("filterable", True),
        settable=frozenset(fact.get("settable", ())),
        directory=directory,
        default=fact.get("default", {}),
        settings=fact.get("settings"),
    )


def _custom_field(name: str, given: Mapping[str, Any]) -> Field:
    settings = given.get("settings", {})
    return Field(
        name=name,
        type=given["type"],
        upper_name=given["name"],
        title=given["title"],
        multiple=given.get("multiple", False),
        required=given.get("required", False),
        custom=True,
        filterable=given["type"] != "file",
        settable=frozenset(("add", "update", "import")),
        directory=settings.get("ENTITY_TYPE", "") if given["type"] == "crm_status" else "",
        settings=settings,
        items=tuple((int(each["ID"]), each["VALUE"]) for each in given.get("items", ())),
    )
