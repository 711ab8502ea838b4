"""Pages as HTML. Every text is escaped by the template engine; the only markup is that of the templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from syncer.sandbox.portal import Portal

CELL: Final = 200
"""Characters of a text in a table."""

FIELD: Final = 50_000
"""Characters of a value on the page of an item."""


def rendered(name: str, portal: Portal, **shown: Any) -> str:
    """The page of a template, about a portal."""
    return _environment().get_template(f"{name}.html.j2").render(portal=portal, zone=portal.zone, **shown)


@cache
def style() -> str:
    """The style sheet of all pages."""
    return (files("syncer.sandbox") / "page" / "page.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("syncer.sandbox", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": _count, "cell": _cell, "field": _field, "moment": _moment, "seconds": _seconds}
    environment.filters["unusual"] = _unusual
    environment.globals["query"] = _query
    return environment


def _count(number: int) -> str:
    return f"{number:,}"


def _cell(text: str) -> str:
    return text if len(text) <= CELL else text[:CELL] + "…"


def _field(text: str) -> str:
    return text if len(text) <= FIELD else f"{text[:FIELD]}… and {len(text) - FIELD:,} characters more"


def _moment(at: float, zone: dt.tzinfo) -> str:
    """A unix time in the portal's zone."""
    return dt.datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S")


def _seconds(number: float) -> str:
    return f"{number:.3f}" if number < 10 else f"{number:,.1f}"


def _unusual(fault: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What of a fault is worth a word beside its kind, place and method."""
    usual = {"skip": 0, "every": 0, "probability": 1.0, "seconds": 0.0, "commands": 0, "switches": {}}
    found = [(name, fault[name]) for name, value in usual.items() if fault[name] != value]
    if fault["kind"] in ("status", "html", "command"):
        found += [("status", fault["status"]), ("code", fault["code"])]
    return found


def _query(**parts: Any) -> str:
    """A query string of what is not empty."""
    return "?" + urlencode({name: value for name, value in parts.items() if value not in ("", None)})
