"""Keys: what `originId` and `ref()` make of a value, checked for a whole batch at the speed of C.

A key is text, an integer or a UUID; an integral number is written as an integer. Spaces around it are kept: they are
part of the source's key. The stamped text has at most 255 characters, none of them a control character.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from syncer.mapping.unfit import Unfit, kind, shown
from syncer.model.change import Reason, RowProblem
from syncer.model.identity import LONGEST_STAMP, Stamp

FILTERED: Final = object()
"""What the compiled template gives where `when` is falsy."""

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_EXACT = 2**53
_SHORT_INTEGER = 10**15

Key = str | RowProblem | None


class Keys:
    """Checks the keys of one entity. `label` is what messages call the template."""

    def __init__(self, stamp: Stamp, label: str) -> None:
        self._room = LONGEST_STAMP - len(stamp.text(""))
        self._label = label

    def check(self, values: Sequence[Any]) -> list[Key]:
        """Per value its key, a problem, or None where the row is filtered; a RowProblem stays one."""
        kinds = set(map(type, values))
        if kinds == {str} and self._all_sound(values):
            return list(values)
        if kinds == {int} and self._all_short(values):
            return list(map(str, values))
        if kinds == {UUID} and self._room >= 36:
            return list(map(str, values))
        return [self._one(value) for value in values]

    def _all_sound(self, texts: Sequence[str]) -> bool:
        joined = "".join(texts)
        return (
            joined.isprintable()
            and all(map(str.strip, texts) if " " in joined else texts)
            and max(map(len, texts)) <= self._room
        )

    def _all_short(self, numbers: Sequence[int]) -> bool:
        return self._room >= 16 and max(numbers) < _SHORT_INTEGER and min(numbers) > -_SHORT_INTEGER

    def _one(self, value: Any) -> Key:
        if value.__class__ is str and value.isprintable() and len(value) <= self._room and value.strip():
            return value
        if isinstance(value, RowProblem):
            return value
        if value is FILTERED:
            return None
        try:
            return key_text(value, self._room)
        except Unfit as error:
            return RowProblem(error.reason, f"{self._label}: {error}")


def key_text(value: Any, room: int = LONGEST_STAMP) -> str:
    """The key that a value stands for; raises Unfit with `empty_key` or `bad_key`."""
    text = _written(value)
    if not text.strip():
        raise Unfit(
            f"the key is empty ({shown(value)}): give each row a key, or filter it with `when`", Reason.EMPTY_KEY
        )
    if len(text) > room:
        raise Unfit(
            f"the key {shown(text)} has {len(text)} characters, {room} fit beside the originatorId", Reason.BAD_KEY
        )
    if hit := _FORBIDDEN.search(text):
        raise Unfit(
            f"the key {shown(text)} has the character U+{ord(hit.group()):04X}, which cannot be stored:"
            " remove it in the query",
            Reason.BAD_KEY,
        )
    return text


def _written(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return str(value)
        case bool():
            pass
        case int():
            if value.bit_length() < 1000:
                return str(value)
        case UUID():
            return str(value)
        case float():
            if value.is_integer() and abs(value) < _EXACT:
                return str(int(value))
        case Decimal():
            if value.is_finite() and value.adjusted() < LONGEST_STAMP and value == value.to_integral_value():
                return str(int(value))
    raise Unfit(
        f"{kind(value)} {shown(value)} is no key: a key is text, an integer or a UUID; format it in the template",
        Reason.BAD_KEY,
    )
