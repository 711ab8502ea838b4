"""A forecast in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Final

from syncer.model.forecast import Forecast, Started
from syncer.plan.forecasting import STAGE
from syncer.plan.view import PlanView
from syncer.report.text import counted, duration, visible

STAGES_SHOWN: Final = 5


def forecast_lines(plan: PlanView) -> Iterator[str]:
    """What creating takes; and for how many items automations run, at which stages."""
    forecast = plan.forecast
    yield cost(forecast)
    if forecast.automations:
        targets = {target.name: target for target in plan.targets}
        started = groupby(forecast.started, lambda each: each.entity)
        where = "; ".join(_stages(list(each), partial(plan.label, targets[name], STAGE)) for name, each in started)
        yield f"Robots and workflows run for {counted(forecast.automations, 'item')}: {where}."
    if forecast.silent:
        they = "They" if forecast.automations else "Robots and workflows"
        yield f"{they} do not run for {counted(forecast.silent, 'item')}, by `write: import`."


def cost(forecast: Forecast) -> str:
    """What creating takes: items, time, and the limit that makes it long."""
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


def _stages(started: Sequence[Started], label: Callable[[str], str | None]) -> str:
    """`deals 9 (5 at stage Won (WON), 4 at stage New (NEW))`."""
    entity = f"{started[0].entity.entity} {sum(each.items for each in started):,}"
    named = [each for each in started if each.stage is not None]
    if not named:
        return entity
    parts = [f"{each.items:,} at {_stage(each.stage or '', label)}" for each in named[:STAGES_SHOWN]]
    if rest := sum(each.items for each in named[STAGES_SHOWN:]):
        parts.append(f"{rest:,} at {counted(len(named) - STAGES_SHOWN, 'other stage')}")
    return f"{entity} ({', '.join(parts)})"


def _stage(stage: str, label: Callable[[str], str | None]) -> str:
    if not stage:
        return "the first stage"
    name = label(stage)
    return f"stage {visible(stage if name is None else f'{name} ({stage})')}"
