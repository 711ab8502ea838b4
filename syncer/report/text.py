"""How values, counts and times read in text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from syncer.model.attachment import Attachment
from syncer.model.change import Reference
from syncer.model.identity import TYPE_NAMES
from syncer.model.tally import DriftTally, PlanTally, RunTally, with_drift
from syncer.model.units import size_text

MASKED = "***"
KEYS_NAMED = 3
LONGEST_KEY = 40
"""Keys that stand for several rows, and characters of each."""


def kind(entity_type_id: int) -> str:
    """The type's name, or its number for an SPA."""
    return next((name for name, number in TYPE_NAMES.items() if number == entity_type_id), f"SPA {entity_type_id}")


Label = Callable[[str, Any], str | None]
"""(field, value) → what people call it, None where there is no other name."""


def value_text(value: Any, width: int, label: Callable[[Any], str | None] = lambda _: None) -> str:
    """A field value on one line of at most `width` characters; control characters come out escaped.

    What has a name is shown with it: `"Won (C9:WON)"`.
    """
    if isinstance(value, list):
        return shorten("[" + ", ".join(_named(each, label) for each in value) + "]", width)
    return shorten(_named(value, label), width)


def reference_text(reference: Reference) -> str:
    """`companies "C-1"`."""
    return f"{reference.entity} {_quoted(reference.origin_id)}"


def element_texts(value: Sequence[Any], label: Callable[[Any], str | None]) -> Iterator[str]:
    """A list for a line each: `[first,`, ` second,`, ` third]`."""
    last = len(value) - 1
    for place, each in enumerate(value):
        yield f"{' ' if place else '['}{_named(each, label)}{',' if place < last else ']'}"


def shorten(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _named(value: Any, label: Callable[[Any], str | None]) -> str:
    name = label(value)
    return _plain(value) if name is None else _quoted(f"{name} ({value})")


def _plain(value: Any) -> str:
    match value:
        case Reference():
            return f"{reference_text(value)} (id known after apply)"
        case Attachment():
            return f"file {_quoted(value.path)} ({size_text(value.size)}, {value.digest[:15]}…)"
        case str():
            return _quoted(value)
        case bool():
            return str(value).lower()
        case Mapping():
            return "{" + ", ".join(f"{name}: {_plain(inner)}" for name, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_plain, value)) + "]"
        case _:
            return str(value)


def _quoted(text: str) -> str:
    return visible(json.dumps(text, ensure_ascii=False))


def visible(text: str) -> str:
    """Text of a row for a terminal: control characters, which could move the cursor, are shown escaped."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def tally_text(tally: PlanTally | RunTally, drift: DriftTally | None = None) -> str:
    """`2 create · 91 unchanged`: the counts that are not zero, in their order."""
    counts = with_drift(tally, drift) if isinstance(tally, PlanTally) else asdict(tally)
    parts = [f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count]
    return " · ".join(parts) or "no rows"


def duration(seconds: float) -> str:
    """`3 s`, `34 min`, `2 h 5 min`."""
    if seconds < 90:
        return f"{round(seconds)} s" if seconds >= 1 else "under a second"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def rows_text(count: int, keys: Sequence[str]) -> str:
    """What rows are called: `B01`, or of several `7 rows (B01, B02, B03, …)`. Rows without a key have none here."""
    names = [shorten(visible(key), LONGEST_KEY) for key in keys[:KEYS_NAMED]]
    if count == 1:
        return visible(keys[0]) if keys else "(no key)"
    more = [] if len(keys) <= KEYS_NAMED else ["…"]
    return f"{count:,} rows ({', '.join(names + more)})" if names else f"{count:,} rows"


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 row`, `2 rows`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
