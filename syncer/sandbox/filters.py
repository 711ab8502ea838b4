"""Filters and orders of crm.item.list as SQL (crm-item-list.md).

Prefixes `>= > <= < @ !@ % =% %= ! !% !=% !%= = !=`, a plain array as IN, and nested maps with `logic`.
Where the page is silent: text compares exactly, an empty value finds empty fields, `!` finds empty ones
too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from syncer.sandbox.making import is_key
from syncer.sandbox.php import Params, as_map
from syncer.sandbox.portal import Call, Portal
from syncer.sandbox.refusal import bad_filter
from syncer.sandbox.rows import CONDITION, check_order
from syncer.sandbox.schema import Field, ItemType
from syncer.sandbox.values import LARGEST, parse_moment

_LIKE = {"%": "%{}%", "!%": "%{}%", "=%": "{}", "%=": "{}", "!=%": "{}", "!%=": "{}"}
_NUMBERS = frozenset((
    "integer", "double", "user", "employee", "crm_company", "crm_contact", "crm_lead", "crm_deal",
    "crm_quote", "crm_entity", "crm_category", "enumeration", "iblock_section", "iblock_element",
))  # fmt: skip
_OWN_COLUMN = "id"


@dataclass(slots=True)
class Query:
    """A WHERE clause and its values."""

    where: str
    values: list[Any] = field(default_factory=list)


class FilterReader:
    """Reads the filter of one call."""

    def __init__(self, portal: Portal, item_type: ItemType, call: Call) -> None:
        self.portal = portal
        self.item_type = item_type
        self.names = item_type.named(call.original_names)

    def read(self, given: Params) -> Query:
        """All conditions of a filter, joined by AND or by its `logic`. Raises INVALID_ARG_VALUE."""
        logic = " OR " if str(given.get("logic", "AND")).upper() == "OR" else " AND "
        parts: list[str] = []
        values: list[Any] = []
        for key, value in given.items():
            if key == "logic":
                continue
            found = self.read(as_map(value)) if key.isdigit() else self._condition(key, value)
            if found:
                parts.append(found.where)
                values += found.values
        return Query("(" + logic.join(parts) + ")" if parts else "1", values)

    def _condition(self, key: str, value: Any) -> Query | None:
        sign, name = CONDITION.fullmatch(key).groups()  # type: ignore[union-attr]
        known = self.names.get(name)
        settings = self.portal.settings
        if known is None or not known.filterable or known.name in settings.unfilterable:
            raise bad_filter(name)
        if known.name in settings.ignored_filters:
            return None
        sign = sign or "="
        if sign in _LIKE:
            return self._like(known, sign, value)
        wanted = list(as_map(value).values()) if isinstance(value, list | dict) else [value]
        if sign in (">", ">=", "<", "<="):
            if len(wanted) != 1:
                raise bad_filter(known.name, "has invalid value")
            return self._any(known, f"{{}} {sign} ?", [self._value(known, wanted[0])])
        found = self._equal(known, [self._value(known, each) for each in wanted])
        return Query(f"NOT ({found.where})", found.values) if sign.startswith("!") else found

    def _equal(self, known: Field, wanted: list[Any]) -> Query:
        full = [each for each in wanted if each is not None]
        parts, values = [], []
        if len(full) < len(wanted):
            column = _column(known)
            parts.append(f"({column} IS NULL OR {column} IN ('', '[]', 0))")
        if full:
            found = self._looked_up(known, full) if is_key(self.item_type, known.name) else None
            found = found or self._any(known, f"{{}} IN ({','.join('?' * len(full))})", full)
            parts.append(found.where)
            values += found.values
        return Query("(" + " OR ".join(parts) + ")" if parts else "0", values)

    def _looked_up(self, known: Field, wanted: list[Any]) -> Query | None:
        if known.name == "originatorId":
            return None if not self.portal.settings.key_fold else self._through_index(known, wanted)
        return self._through_index(known, wanted)

    def _through_index(self, known: Field, wanted: list[Any]) -> Query:
        marks = ",".join("?" * len(wanted))
        keys = [self.portal.compared_key(each) for each in wanted]
        inner = f"SELECT id FROM lookup WHERE type = ? AND field = ? AND value IN ({marks})"  # noqa: S608
        return Query(f"id IN ({inner})", [self.item_type.entity_type_id, known.name, *keys])

    def _like(self, known: Field, sign: str, value: Any) -> Query:
        if not isinstance(value, str | int | float):
            raise bad_filter(known.name, "has invalid value")
        found = self._any(known, "{} LIKE ?", [_LIKE[sign].format(value)])
        return Query(f"NOT ({found.where})", found.values) if sign.startswith("!") else found

    def _any(self, known: Field, condition: str, values: list[Any]) -> Query:
        """The condition on a field, or on any element of a multiple one.

        An empty field counts as not meeting it.
        """
        if known.multiple:
            inner = condition.format("value")
            where = f"EXISTS (SELECT 1 FROM json_each(body, '$.{known.name}') WHERE {inner})"  # noqa: S608
            return Query(where, values)
        return Query(f"coalesce({condition.format(_column(known))}, 0)", values)

    def _value(self, known: Field, value: Any) -> Any:
        """A filter's value in the stored form; None for an empty one."""
        if value is None or value == "":
            return None
        if isinstance(value, list | dict):
            raise bad_filter(known.name, "has invalid value")
        if known.type in _NUMBERS:
            return _number(known, value)
        if known.type in ("date", "datetime"):
            return self._time(known, value)
        if known.type == "boolean":
            return _flag(known, value)
        return str(value)

    def _time(self, known: Field, value: Any) -> str:
        moment = parse_moment(self.portal, value)
        if moment is None:
            raise bad_filter(known.name, "has invalid value")
        text = self.portal.text_of(moment)
        return text[:10] + self.portal.technical_time if known.type == "date" else text


def _column(known: Field) -> str:
    return "id" if known.name == _OWN_COLUMN else f"json_extract(body, '$.{known.name}')"


def _number(known: Field, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise bad_filter(known.name, "has invalid value") from None
    return int(number) if number.is_integer() and abs(number) < LARGEST else number


def _flag(known: Field, value: Any) -> str:
    """System flags are asked for by Y and N, custom ones by 1 and 0 alone (crm-item-list.md)."""
    flags: dict[Any, str] = {"1": "Y", "0": "N"} if known.custom else {"Y": "Y", "N": "N", "1": "Y", "0": "N"}
    text = str(int(value)) if isinstance(value, bool | int) else str(value)
    if text not in flags:
        raise bad_filter(known.name, "has invalid value")
    return flags[text]


def read_order(item_type: ItemType, call: Call) -> str:
    """The ORDER BY of a call; by id without one. Raises INVALID_ARG_VALUE."""
    names = item_type.named(call.original_names)

    def allowed(name: str) -> bool:
        return name in names and names[name].filterable and not names[name].multiple

    order = call.map("order")
    check_order(order, allowed)
    parts = [f"{_column(names[name])} {str(direction).upper()}" for name, direction in order.items()]
    return ", ".join(parts if "id" in order else [*parts, "id"])
