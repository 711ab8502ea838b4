"""Values of items in words: names of stages, people and options, and links to the items that are meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from syncer.sandbox.making import Item
from syncer.sandbox.schema import Field, ItemType, Schema

_LINKED: Final = {"crm_lead": 1, "crm_deal": 2, "crm_contact": 3, "crm_company": 4, "crm_quote": 7}
_CRM_LINK = re.compile(r"([A-Z]+|T[0-9a-f]+)_([0-9]{1,18})")
_LONGEST_ID = 18

Key = tuple[int, int]  # entityTypeId, id


@dataclass(frozen=True, slots=True)
class Shown:
    """One value: as it is stored, what it is called, and where it leads."""

    text: str
    name: str = ""
    path: str = ""
    missing: bool = False  # it leads to an item that is not there


@dataclass(frozen=True, slots=True)
class Line:
    """A field of an item, for people. `records` are those of `fm`, which has no `values`."""

    name: str
    title: str
    type: str
    values: tuple[Shown, ...]
    records: tuple[Mapping[str, Any], ...] = ()

    @property
    def empty(self) -> bool:
        """Whether the item has nothing there."""
        return not self.values and not self.records


@dataclass(frozen=True, slots=True)
class Around:
    """What there is of the `links` and the `files` of an item: fields, and names with sizes in bytes."""

    items: Mapping[Key, Item]
    files: Mapping[int, tuple[str, int]]


class Wording:
    """The words of one portal."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._by_abbreviation = {each.abbreviation: each.entity_type_id for each in schema.types.values()}

    def links(self, item_type: ItemType, item: Item) -> Iterator[Key]:
        """The items that an item refers to."""
        for name, value in item.items():
            field = item_type.fields.get(name)
            for each in _each(value) if field else ():
                if field and (key := self._link(field, each)):
                    yield key

    def files(self, item_type: ItemType, item: Item) -> Iterator[int]:
        """The files that an item has, by id."""
        for name, value in item.items():
            field = item_type.fields.get(name)
            for each in _each(value) if field and field.type == "file" else ():
                if (number := _file_id(each)) is not None:
                    yield number

    def lines(self, item_type: ItemType, item: Item, around: Around) -> list[Line]:
        """Every field that methods tell of, and what else the item has."""
        found = []
        for name in dict.fromkeys((*item_type.fields, *item)):
            field = item_type.fields.get(name) or Field(name, "", name, name)
            if name not in item and name not in item_type.blank:
                continue
            value = item.get(name, item_type.blank.get(name))
            if field.type == "crm_multifield":
                found.append(Line(name, field.title, field.type, (), tuple(value or ())))
            else:
                shown = tuple(self._shown(item_type, item, field, each, around) for each in _each(value))
                found.append(Line(name, field.title, field.type, shown))
        return found

    def stage(self, item_type: ItemType, item: Item) -> Shown | None:
        """The stage with its name; None where the item has none."""
        stage = item.get("stageId")
        return Shown(str(stage), self._status(self._stages(item_type, item), stage)) if stage else None

    def title(self, item_type: ItemType, item: Item) -> str:
        """What an item is called: its title, or a person's name."""
        names = ("title",) if item_type.fields.get("title") else ("name", "secondName", "lastName")
        return " ".join(str(item[name]) for name in names if item.get(name))

    def user(self, number: Any) -> str:
        """A user's name, or nothing."""
        found = self.schema.users.get(number) if isinstance(number, int) else None
        return f"{found['NAME']} {found['LAST_NAME']}".strip() if found else ""

    def _shown(self, item_type: ItemType, item: Item, field: Field, value: Any, around: Around) -> Shown:
        if key := self._link(field, value):
            there = around.items.get(key)
            owner = self.schema.types.get(key[0])
            kind = f"{self.schema.title_of(key[0])} {key[1]}"
            title = self.title(owner, there) if owner and there else ""
            return Shown(str(value), f"{kind} · {title}" if title else kind, f"/items/{key[0]}/{key[1]}", there is None)
        if field.type == "file" and (number := _file_id(value)) is not None:
            name, size = around.files.get(number, ("", 0))
            told = f"{name}, {size:,} bytes" if number in around.files else ""
            return Shown(str(number), told, f"/_sandbox/files/{number}", number not in around.files)
        return Shown(text_of(value), self._name(item_type, item, field, value))

    def _name(self, item_type: ItemType, item: Item, field: Field, value: Any) -> str:
        if field.name in ("stageId", "previousStageId"):
            return self._status(self._stages(item_type, item), value)
        match field.type:
            case "crm_status":
                return self._status(field.directory, value)
            case "user" | "employee":
                return self.user(value)
            case "crm_category":
                found = item_type.categories.get(value) if isinstance(value, int) else None
                return found.name if found else ""
            case "crm_currency":
                return str(self.schema.currencies.get(str(value), {}).get("FULL_NAME", ""))
            case "enumeration":
                return next((label for number, label in field.items if number == value), "")
            case "boolean":
                return {"Y": "yes", "N": "no"}.get(str(value), "")
        return ""

    def _stages(self, item_type: ItemType, item: Item) -> str:
        return item_type.stage_directory(item.get("categoryId", 0)) if item_type.stages else ""

    def _status(self, directory: str, value: Any) -> str:
        found = self.schema.directories.get(directory, {}).get(str(value))
        return found.name if found else ""

    def _link(self, field: Field, value: Any) -> Key | None:
        """The item that a value of a field means."""
        if field.type == "crm":
            found = _CRM_LINK.fullmatch(str(value))
            owner = self._by_abbreviation.get(found[1]) if found else None
            return (owner, int(found[2])) if owner and found else None
        owner = _LINKED.get(field.type)
        if field.type == "crm_entity":
            owner = int((field.settings or {}).get("parentEntityTypeId", 0))
        return (owner, value) if owner and isinstance(value, int) and 0 < value < 10**_LONGEST_ID else None


def text_of(value: Any) -> str:
    """A stored value as text; what is neither text nor a number as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _each(value: Any) -> list[Any]:
    """The values of a field; an empty one has none."""
    found = value if isinstance(value, list) else [value]
    return [each for each in found if each not in (None, "")]


def _file_id(value: Any) -> int | None:
    """A custom field has `{id}`, a system field the id."""
    number = value.get("id") if isinstance(value, dict) else value
    return number if isinstance(number, int) else None
