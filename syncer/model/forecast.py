"""What an apply of a plan will cost, and what it will set off in the portal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from syncer.model.change import EntityName

Limit = Literal["operating_seconds", "requests_per_second"]
"""The limits of a portal that can make a run wait, as the spec names them."""


@dataclass(frozen=True, slots=True)
class Started:
    """Items of one entity for which robots and workflows run, at one stage.

    `stage` is None for a type without stages, and empty where the portal itself will choose the first one.
    """

    entity: EntityName
    stage: str | None
    items: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of a plan's creates. `seconds` are at the portal's limits, as if one request went at a time; `seconds_each` is
    the portal's own time for an item, from what earlier runs measured, and a guess where `guessed`.

    `automations` counts the items for which robots and workflows run; `started` says where. They do not run for the
    `silent` ones. `limited_by` is the limit that makes the run longer than its items take.
    """

    requests: int = 0
    seconds: float = 0.0
    automations: int = 0
    items: int = 0
    seconds_each: float = 0.0
    guessed: bool = False
    limited_by: Limit | None = None
    commercial: bool = True
    """Whether the limits are the documented ones of a commercial plan."""
    silent: int = 0
    started: tuple[Started, ...] = ()
