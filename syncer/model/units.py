"""Amounts in words."""

from __future__ import annotations

from datetime import timedelta


def size_text(count: int) -> str:
    """Bytes as people read them: `812 bytes`, `3.4 MB`."""
    if count < 1000:
        return f"{count} bytes"
    value, unit = count / 1000, "kB"
    if value >= 1000:
        value, unit = value / 1000, "MB"
    return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"


def span_text(span: timedelta) -> str:
    """A length of time in hours: `26:30:00`, `-00:00:01.500000`; 24 hours are no day of a calendar."""
    seconds = abs(span) // timedelta(seconds=1)
    rest = f".{span.microseconds if span >= timedelta() else (-span).microseconds:06}" if span.microseconds else ""
    return f"{'-' if span < timedelta() else ''}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{rest}"
