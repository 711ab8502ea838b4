"""Rows of a run whose messages may repeat what is masked: a portal likes to quote the value that it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from syncer.model.change import Fields
from syncer.model.mask import Mask
from syncer.model.outcome import Failed, Lost, NotSentReason, Outcome
from syncer.plan.attention import attention, sent_fields
from syncer.plan.plan import Plan, Target
from syncer.report.text import MASKED

SHORTEST: Final = 2
"""Characters of a value that is hidden within a message; a digit would be everywhere."""


def shown_attention(plan: Plan, target: Target, why_not_sent: NotSentReason) -> Iterator[Outcome]:
    """`attention` as people are shown it."""
    mask = Mask(target.mask)
    for outcome in attention(plan, target, why_not_sent):
        match outcome:
            case Failed(origin_id=key, message=message) | Lost(origin_id=key, message=message) if mask:
                yield replace(outcome, message=hide(message, sent_fields(plan, target, key), mask))
            case _:
                yield outcome


def hide(message: str, fields: Fields, mask: Mask) -> str:
    """The message with `***` in place of every masked value that it repeats."""
    values = {text for name, value in fields.items() if name in mask for text in _texts(value)}
    for text in sorted(values, key=len, reverse=True):
        if len(text) >= SHORTEST:
            message = message.replace(text, MASKED)
    return message


def _texts(value: Any) -> Iterator[str]:
    match value:
        case Mapping():
            yield from _texts(value.get("value"))
        case list():
            for each in value:
                yield from _texts(each)
        case str() | int() | float():
            yield str(value)
