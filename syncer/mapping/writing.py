"""Text, dates, links, files and what has no type of its own, as Bitrix24 takes them.

Source: api-reference/data-types.md, api-reference/crm/data-types.md (links).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from syncer.mapping.bounds import LONGEST_TEXT
from syncer.mapping.moments import as_date, parse
from syncer.mapping.numbers import double
from syncer.mapping.text import as_text
from syncer.mapping.unfit import Unfit
from syncer.model.attachment import Attachment
from syncer.model.change import Reference
from syncer.model.field import FieldType
from syncer.model.units import size_text

_LINK = re.compile(r"(?:L|D|C|CO|Q|SI|T[0-9a-f]+)_[1-9]\d*", re.ASCII)
_EMPTY = "is empty: write `{{ row.x or none }}` to leave the field out"


def text(value: Any) -> str:
    """Text as it is; numbers, dates and UUIDs written out.

    Raises Unfit for true and false (which text is meant is for the spec to say), for what has no text, and for text
    that no JSON or form can carry: half a surrogate pair, the NUL character, more than 1 MiB.
    """
    if value.__class__ is not str:
        if isinstance(value, bool):
            raise Unfit("is true or false, and the field takes text: write {{ 'yes' if … else 'no' }}")
        if isinstance(value, Reference):
            raise Unfit("is a reference, and the field takes text: ref() and link() belong into fields of ids")
        if isinstance(value, Attachment):
            raise Unfit("is a file, and the field takes text: file() belongs into fields of files")
        if isinstance(value, list | tuple | Mapping):
            raise Unfit("is a list or structure, and the field takes one text: use |join or |tojson")
        value = _written(value)
    if len(value) > LONGEST_TEXT:
        raise Unfit(f"has {len(value)} characters; at most {LONGEST_TEXT} are sent")
    if not value.isprintable():
        _refuse_unsendable(value)
    return value  # type: ignore[no-any-return]


def date(value: Any) -> str:
    """`2020-12-31`; a time of day other than midnight would be lost, and is refused."""
    moment = _moment(value)
    if isinstance(moment, dt.datetime) and moment.time() != dt.time():
        raise Unfit("has a time of day, and the field takes a date: write |date")
    day = as_date(moment)
    assert day is not None
    return day.isoformat()


def datetime(value: Any) -> str:
    """`2020-12-31T23:59:59+01:00`, whole seconds; without an offset the portal would guess a zone."""
    moment = _moment(value)
    if not isinstance(moment, dt.datetime) or moment.utcoffset() is None:
        raise Unfit("has no time zone: write |datetime('Europe/Berlin')")
    written = moment.isoformat(timespec="seconds")
    if len(written) == len("2020-12-31T23:59:59+01:00"):
        return written
    try:  # an offset with seconds: local mean time of long ago
        return moment.astimezone(dt.UTC).isoformat(timespec="seconds")
    except OverflowError:
        raise Unfit("is too long ago to be written with an offset") from None


def link(value: Any) -> str | Reference:
    """`CO_3`, or what `link()` gives."""
    if isinstance(value, Reference):
        if not value.prefix:
            raise Unfit("comes from ref(): this field takes ids with a prefix, write link()")
        return value
    if isinstance(value, str) and _LINK.fullmatch(value):
        return value
    raise Unfit("is not a link such as CO_3: write link('companies', …)" if value != "" else _EMPTY)


def status(value: Any) -> str:
    """The STATUS_ID of a directory's entry."""
    written = text(value)
    if not written.strip():
        raise Unfit(_EMPTY)
    return written


def anything(value: Any) -> Any:
    """What a field of a type that is not documented gets: text, numbers, lists and mappings as they are."""
    match value:
        case bool() | None | Reference():
            return value
        case int() | float() | Decimal():
            return double(value)
        case Mapping():
            return {text(key): anything(inner) for key, inner in value.items()}
        case list() | tuple():
            return [anything(inner) for inner in value]
        case dt.datetime():
            return datetime(value)
        case _:
            return text(value)


def file(field: FieldType) -> Callable[[Any], Attachment]:
    """A file within the field's own bounds (`MAX_ALLOWED_SIZE` in bytes, `EXTENSIONS`; 0 and none are unchecked)."""
    most = field.settings.get("MAX_ALLOWED_SIZE") or 0
    most = int(most) if str(most).isdecimal() else 0
    told = field.settings.get("EXTENSIONS")
    endings = {str(each).casefold().lstrip(".") for each in told or () if each} if isinstance(told, list | dict) else ()

    def convert(value: Any) -> Attachment:
        if not isinstance(value, Attachment):
            raise Unfit(
                "is no file: write {{ file(row.x) }}, with its path below `attachments`" if value != "" else _EMPTY
            )
        if most and value.size > most:
            raise Unfit(f"has {size_text(value.size)}, and the field takes {size_text(most)}")
        if endings and value.name.rpartition(".")[2].casefold() not in endings:
            raise Unfit(f"is of another kind than the field takes: {', '.join(sorted(endings))}")
        return value

    return convert


def _moment(value: Any) -> dt.date:
    if isinstance(value, str):
        if not value:
            raise Unfit(_EMPTY)
        try:
            return parse(value)
        except Unfit:
            raise Unfit("is not a date: the form is 2020-12-31 or 2020-12-31T23:59:59+01:00") from None
    if isinstance(value, dt.date):
        return value
    raise Unfit("is not a date: give a date of the database or text such as 2020-12-31")


def _written(value: Any) -> str:
    try:
        return as_text(value)
    except (Unfit, ValueError) as error:
        raise Unfit(f"cannot be sent as text: {error}") from None


def _refuse_unsendable(value: str) -> None:
    if "\x00" in value:
        raise Unfit("has the NUL character, which the portal cannot keep: remove it in the query")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Unfit(
            f"has half a character (U+{ord(value[error.start]):04X}) at place {error.start + 1}, which cannot be sent:"
            " the source was read in the wrong encoding"
        ) from None
