"""Amounts in words."""

from __future__ import annotations


def size_text(count: int) -> str:
    """Bytes as people read them: `812 bytes`, `3.4 MB`."""
    if count < 1000:
        return f"{count} bytes"
    value, unit = count / 1000, "kB"
    if value >= 1000:
        value, unit = value / 1000, "MB"
    return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
