"""`date` and `datetime(zone)`: dates and moments out of what databases and files hold. No clock is ever read."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from syncer.mapping.unfit import Unfit, kind, shown

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?\s?(?:Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII)


def parse(text: str) -> dt.date:
    """A date, or a datetime where the text has a time, from ISO 8601; raises Unfit for any other form."""
    if not _ISO.fullmatch(text):
        raise Unfit(f"{shown(text)} is not a date of the form 2020-12-31 or 2020-12-31 23:59:59")
    try:
        if len(text) == len("2020-12-31"):
            return dt.date.fromisoformat(text)
        return dt.datetime.fromisoformat(f"{text[:10]}T{text[11:].replace(' ', '').replace(',', '.')}")
    except ValueError as error:
        raise Unfit(f"{shown(text)} is not a date: {error}") from None


def as_date(value: Any) -> dt.date | None:
    """The date of a date, a datetime (in its own zone) or an ISO text; None stays None."""
    if value is None:
        return None
    moment = parse(value) if isinstance(value, str) else value
    if isinstance(moment, dt.datetime):
        return moment.date()
    if isinstance(moment, dt.date):
        return moment
    raise Unfit(f"date wants a date or ISO text, not {kind(value)} {shown(value)}")


def as_datetime(value: Any, zone: str | None = None) -> dt.datetime | None:
    """A moment with an offset; None stays None.

    A value without one is a time on the clocks of `zone` (`Europe/Berlin`), a date is its midnight there; a value with
    one is the same moment, written in `zone` if that is given. Raises Unfit where a zone is missing or unknown, and
    for times that the zone skipped or had twice when clocks were changed.
    """
    if value is None:
        return None
    moment = parse(value) if isinstance(value, str) else value
    if isinstance(moment, dt.date) and not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time())
    if not isinstance(moment, dt.datetime):
        raise Unfit(f"datetime wants a date, a datetime or ISO text, not {kind(value)} {shown(value)}")
    if moment.utcoffset() is not None:
        return moment if zone is None else moment.astimezone(_zone(zone))
    if zone is None:
        raise Unfit(f"{shown(str(moment))} has no time zone: write |datetime('Europe/Berlin')")
    return _placed(moment, _zone(zone))


def _placed(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    first = moment.replace(tzinfo=zone, fold=0)
    second = moment.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    back = first.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None, fold=0)
    if back != moment.replace(fold=0):
        raise Unfit(f"{moment} did not exist in {zone.key}: the clocks were put forward; give it an offset")
    raise Unfit(f"{moment} was twice in {zone.key}: the clocks were put back; give it an offset")


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError):
        raise Unfit(f"{shown(name)} is not a time zone: write a name such as 'Europe/Berlin'") from None
