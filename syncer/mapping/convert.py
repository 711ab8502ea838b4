"""Values checked and converted by the type that the portal's catalog gives a field.

What the portal would refuse, drop or change in silence is an error here, before anything is sent. Whether a field
exists and may be written is not asked here: that is known before any row, and is `check`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from syncer.mapping import numbers, writing
from syncer.mapping.multifield import multifield
from syncer.mapping.unfit import Unfit, kind, shown
from syncer.model.attachment import LARGEST, attached
from syncer.model.change import Reason, RowProblem
from syncer.model.field import FieldType
from syncer.model.mask import Mask
from syncer.model.units import size_text

Conversion = Callable[[Any], Any]

_BY_TYPE: dict[str, Callable[[FieldType], Conversion]] = {
    **dict.fromkeys(("string", "text", "url", "address"), lambda _: writing.text),
    "integer": numbers.integer,
    "double": lambda _: numbers.double,
    "boolean": lambda _: numbers.boolean,
    "date": lambda _: writing.date,
    "datetime": lambda _: writing.datetime,
    "money": lambda _: numbers.money_text,
    "enumeration": numbers.option,
    "crm_status": lambda _: writing.status,
    "crm_currency": lambda _: numbers.currency,
    "crm_category": lambda _: numbers.item_id(0),
    **dict.fromkeys(
        (
            "user",
            "employee",
            "crm_company",
            "crm_contact",
            "crm_deal",
            "crm_lead",
            "crm_quote",
            "crm_entity",
            "iblock_element",
            "iblock_section",
        ),
        lambda _: numbers.item_id(1),
    ),
    "crm": lambda _: writing.link,
    "file": writing.file,
}


class Converter:
    """Converts the fields of one entity type. Values of masked fields are not repeated in messages."""

    def __init__(
        self, types: Mapping[str, FieldType], *, names: Collection[str] = (), mask: Collection[str] = ()
    ) -> None:
        """`types` by the name that `fields` uses; a field without a type is sent as it is. `names` are the fields of
        the entity: those of them that the portal demands must have a value in each row.
        """
        self._conversions = {name: conversion(field) for name, field in types.items()}
        self._types = {name: field.type for name, field in types.items()}
        self._mask = Mask(mask)
        self._demanded = [types[name] for name in names if name in types and types[name].is_demanded]
        self._files = any(field.type == "file" for field in types.values())

    def convert(self, values: Mapping[str, Any]) -> dict[str, Any] | RowProblem:
        """The fields as they are sent, `Reference` objects kept, or why a value does not fit (`value`)."""
        conversions = self._conversions
        converted: dict[str, Any] = {}
        name = ""
        try:
            for name, value in values.items():
                converted[name] = conversions.get(name, writing.anything)(value)
        except Unfit as error:
            return self._problem(name, values[name], error)
        for field in self._demanded:
            if converted.get(field.name) in (None, "", []):
                title = f" ({field.title})" if field.title not in ("", field.name, field.upper_name) else ""
                text = f"field {field.name}{title}: the portal requires a value, and this row has none"
                return RowProblem(Reason.VALUE, text)
        if self._files and (size := sum(each.size for each in attached(converted))) > LARGEST:
            text = f"the row's files have {size_text(size)} together; at most {size_text(LARGEST)} are sent with a row"
            return RowProblem(Reason.VALUE, text)
        return converted

    def _problem(self, name: str, value: Any, error: Unfit) -> RowProblem:
        shape = f" ({self._types[name]})" if name in self._types else ""
        told = "***" if name in self._mask else f"{kind(value)} {shown(value)}"
        reason = "does not fit: the field is masked" if name in self._mask else str(error)
        return RowProblem(Reason.VALUE, f"field {name}{shape}: {told} {reason}")


def conversion(field: FieldType) -> Conversion:
    """How a value becomes what this field is sent; a multiple field takes a list, any other one value.

    Source: api-reference/crm/universal/crm-item-add.md (a scalar for a multiple field is refused by the portal).
    """
    if field.type == "crm_multifield":
        return multifield
    make = _BY_TYPE.get(field.type)
    one = writing.anything if make is None else make(field)
    if field.is_multiple:
        return _each(one)
    return one if make is None else _single(one)


def _each(one: Conversion) -> Conversion:
    def convert(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise Unfit("is one value, and the field takes a list: write it as [ … ] or under a dash")
        converted = []
        for place, element in enumerate(value, 1):
            try:
                converted.append(one(element))
            except Unfit as error:
                raise Unfit(f"has element {place} that {error}") from None
        return converted

    return convert


def _single(one: Conversion) -> Conversion:
    def convert(value: Any) -> Any:
        if value.__class__ is list:
            raise Unfit("is a list, and the field takes one value: use |first or |join")
        return one(value)

    return convert
