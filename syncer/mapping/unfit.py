"""A value that cannot be used, in words a user can act on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from syncer.model.attachment import Attachment
from syncer.model.change import Reason

LONGEST_SHOWN = 60
LONGEST_REASON = 400


class Unfit(ValueError):
    """The row is blocked for this reason; the message says what is wrong and what to do."""

    def __init__(self, message: str, reason: Reason = Reason.VALUE) -> None:
        super().__init__(message)
        self.reason = reason


def shown(value: Any) -> str:
    """A value for a message: its repr, at most 60 characters of it, with what could not be printed escaped."""
    if isinstance(value, str | bytes):
        text = repr(value[: LONGEST_SHOWN + 1])
    elif isinstance(value, int):
        text = repr(value) if value.bit_length() < 1000 else "an integer of many digits"
    elif isinstance(value, Attachment):
        text = value.path
    elif isinstance(value, dt.date | dt.time | Decimal | UUID):
        text = str(value)
    else:
        text = repr(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST_SHOWN + 2 else f"{text[:LONGEST_SHOWN]}…"


def told(error: Exception) -> str:
    """What an exception says, of bounded length and fit to be printed."""
    text = (str(error) or type(error).__name__).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"


def kind(value: Any) -> str:
    """The type of a value as a user would call it."""
    names = {
        "Attachment": "file",
        "NoneType": "None",
        "str": "text",
        "int": "integer",
        "float": "number",
        "Decimal": "number",
    }
    name = type(value).__name__
    return names.get(name, name)
