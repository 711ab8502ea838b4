"""Lists that are short enough for memory: which rows meet a filter, their order, a page of them.

user-get.md, crm-type-list.md, crm-status-list.md: the prefixes are those of crm.item.list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from syncer.sandbox.php import Params, as_map
from syncer.sandbox.refusal import bad_direction, bad_filter, bad_order

PAGE = 50
CONDITION = re.compile(r"(!=%|!%=|!@|!%|!=|>=|<=|=%|%=|>|<|@|%|=|!)?(.*)", re.DOTALL)
_WAYS: dict[str, Callable[[Any, Any], bool]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}

Row = dict[str, Any]


def conditions(given: Params) -> Iterator[tuple[str, str, Any]]:
    """(sign, name, value) of every condition of a filter, those of nested maps too."""
    for key, value in given.items():
        if key.isdigit():
            yield from conditions(as_map(value))
        elif key != "logic":
            sign, name = CONDITION.fullmatch(key).groups()  # type: ignore[union-attr]
            yield sign or "=", name, value


def matching(rows: list[Row], given: Params) -> list[Row]:
    """The rows that meet a filter; conditions on names the rows do not have are passed over."""
    return [row for row in rows if _meets(row, given)]


def _meets(row: Row, given: Params) -> bool:
    found = []
    for key, value in given.items():
        if key.isdigit():
            found.append(_meets(row, as_map(value)))
        else:
            found += [
                _passes(sign, row[name], wanted) for sign, name, wanted in conditions({key: value}) if name in row
            ]
    return not found or (any(found) if str(given.get("logic")).upper() == "OR" else all(found))


def _passes(sign: str, found: Any, value: Any) -> bool:
    wanted = [_plain(each) for each in as_map(value).values()] if isinstance(value, list | dict) else [_plain(value)]
    if sign.startswith("!"):
        return not _passes(sign[1:] or "=", found, value)
    if sign in ("=", "@"):
        return _plain(found) in wanted
    if not wanted:
        return False
    if "%" in sign:
        pattern = f"%{wanted[0]}%" if sign == "%" else wanted[0]
        return re.fullmatch(".*".join(map(re.escape, pattern.split("%"))), _plain(found), re.DOTALL) is not None
    return _WAYS[sign](_rank(found), _rank(wanted[0]))


def _plain(value: Any) -> str:
    """Text as these older methods compare it: without case, flags as Y and N or 1 and 0."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return {"true": "1", "false": "0"}.get(str(value).lower(), str(value).lower())


def _rank(value: Any) -> tuple[float, str]:
    text = "" if value is None else str(value)
    return (float(text), "") if re.fullmatch(r"-?\d{1,15}(\.\d+)?", text) else (float("inf"), text)


def ordered(rows: list[Row], order: Mapping[str, Any]) -> list[Row]:
    """Rows by the given fields; those the rows do not have are passed over."""
    for name, direction in reversed(list(order.items())):
        if rows and name in rows[0]:
            rows = sorted(rows, key=lambda row: _rank(row.get(name)), reverse=str(direction).upper() == "DESC")
    return rows


def check_order(order: Params, allowed: Callable[[str], bool]) -> None:
    """Raises INVALID_ARG_VALUE for a field that may not be sorted by, or a way that is none."""
    for name, direction in order.items():
        if not allowed(name):
            raise bad_order(name)
        if str(direction).upper() not in ("ASC", "DESC"):
            raise bad_direction(name, direction)


def checked(rows: list[Row], given: Params, order: Params) -> list[Row]:
    """The rows that meet a filter, in order. Raises INVALID_ARG_VALUE for a name that they do not have."""
    known = rows[0] if rows else {}
    for _, name, _ in conditions(given):
        if name not in known:
            raise bad_filter(name)
    check_order(order, known.__contains__)
    return ordered(matching(rows, given), order)


def paged(rows: list[Any], start: int) -> tuple[list[Any], int, int | None]:
    """A page of 50, the total, and where the next page starts."""
    offset = max(start, 0)
    after = offset + PAGE if start >= 0 and len(rows) > offset + PAGE else None
    return rows[offset : offset + PAGE], 0 if start == -1 else len(rows), after
