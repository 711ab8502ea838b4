"""A forecast in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from syncer.model.forecast import Forecast, Started
from syncer.report.text import counted, duration, visible

STAGES_SHOWN: Final = 5


def forecast_lines(forecast: Forecast) -> Iterator[str]:
    """What creating takes; and for how many items automations run, at which stages."""
    yield _cost(forecast)
    if forecast.automations:
        where = "; ".join(_stages(list(each)) for _, each in groupby(forecast.started, lambda each: each.entity))
        yield f"Robots and workflows run for {counted(forecast.automations, 'item')}: {where}."
    if forecast.silent:
        they = "They" if forecast.automations else "Robots and workflows"
        yield f"{they} do not run for {counted(forecast.silent, 'item')}, by `write: import`."


def _cost(forecast: Forecast) -> str:
    about = duration(forecast.seconds)
    about = about if about.startswith("under") else f"about {about}"
    each = f"{forecast.seconds_each:.2f} s each{', a guess' if forecast.guessed else ''}"
    items, requests = counted(forecast.items, "item"), counted(forecast.requests, "request")
    text = f"{items} in {requests}, {about} at {each}"
    whose = "a commercial plan allows" if forecast.commercial else "the limits of the spec allow"
    match forecast.limited_by:
        case "operating_seconds":
            return f"{items}, {about} at {each}; {whose} no more."
        case "requests_per_second":
            return f"{text}; {whose} no more requests."
        case None:
            return f"{text}."


def _stages(started: Sequence[Started]) -> str:
    """`deals 9: 5 at stage WON, 4 at stage NEW`."""
    entity = f"{started[0].entity.entity} {sum(each.items for each in started):,}"
    named = [each for each in started if each.stage is not None]
    if not named:
        return entity
    parts = [f"{each.items:,} at {_stage(each.stage)}" for each in named[:STAGES_SHOWN]]
    if rest := sum(each.items for each in named[STAGES_SHOWN:]):
        parts.append(f"{rest:,} at {counted(len(named) - STAGES_SHOWN, 'other stage')}")
    return f"{entity} ({', '.join(parts)})"


def _stage(stage: str | None) -> str:
    return f"stage {visible(stage)}" if stage else "the first stage"
