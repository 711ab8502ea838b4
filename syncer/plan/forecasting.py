"""A plan's forecast: its creates against the portal's limits and what items took so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil
from typing import Final

from syncer.bitrix24 import imports
from syncer.bitrix24.size import AIM_SECONDS, MOST_COMMANDS, REQUEST_SHARE
from syncer.model.forecast import Forecast, Limit, Started
from syncer.model.identity import EntityTypeId
from syncer.model.tally import PlanTally
from syncer.plan.plan import Target
from syncer.plan.workspace import Workspace
from syncer.spec.written import Limits

UNLEARNED_SECONDS: Final = 0.1
"""Seconds of the portal's time for an item of a type that it has not been timed for yet: a guess."""
WINDOW_SECONDS: Final = 600.0
"""The operating seconds of a method are counted within these (limits.md)."""
METHOD: Final = "crm.item.add"
STAGE: Final = "stageId"

Held = Sequence[tuple[float, float]]
"""Parts of a method's budget that are used up: seconds until one is free again, and its seconds."""


def forecast(
    targets: Sequence[Target],
    tallies: Sequence[PlanTally],
    learned: Mapping[tuple[EntityTypeId, str], float],
    workspace: Workspace,
    held: Callable[[str], Held],
) -> Forecast:
    """`learned`: seconds an item took, by type and method. `held`: what earlier runs used up of a method's time."""
    items = sum(tally.create for tally in tallies)
    if not items:
        return Forecast()
    limits = targets[0].spec.portal.limits
    requests, guessed = 0, False
    busy = dict.fromkeys((METHOD, imports.METHOD), 0.0)
    for target, tally in zip(targets, tallies, strict=True):
        method = imports.METHOD if target.imported else METHOD
        known = learned.get((target.entity_type_id, method))
        each = UNLEARNED_SECONDS if known is None else known
        guessed = guessed or (known is None and tally.create > 0)
        requests += ceil(tally.create / (_import_size(each, limits) if target.imported else MOST_COMMANDS))
        busy[method] += tally.create * each
    seconds, limited_by = _paced(requests, {method: (each, held(method)) for method, each in busy.items()}, limits)
    started = tuple(_started(targets, tallies, workspace))
    automations = sum(each.items for each in started)
    return Forecast(
        requests=requests,
        seconds=round(seconds, 1),
        automations=automations,
        items=items,
        seconds_each=round(sum(busy.values()) / items, 3),
        guessed=guessed,
        limited_by=limited_by,
        commercial=_commercial(limits),
        silent=items - automations,
        started=started,
    )


def _import_size(each: float, limits: Limits) -> int:
    """Items that one request imports, at so many seconds each."""
    aim = min(AIM_SECONDS, limits.request_seconds * REQUEST_SHARE)
    return max(1, min(imports.MOST_ROWS, int(aim / each))) if each else imports.MOST_ROWS


def _paced(requests: int, methods: Mapping[str, tuple[float, Held]], limits: Limits) -> tuple[float, Limit | None]:
    """Seconds that so many requests and so much of the portal's time for each method take, and which limit makes them
    more.

    A method that has used up its time waits for the rest of the window; each has its own time.
    """
    budget = limits.operating_seconds * limits.operating_share
    busy = operating = 0.0
    for seconds, held in methods.values():
        used_up = max(0, ceil(seconds / budget) - 1)
        busy += seconds
        operating += used_up * WINDOW_SECONDS + seconds_to_spend(seconds - used_up * budget, budget, held)
    bucket = max(0.0, (requests - limits.burst) / limits.requests_per_second)
    if bucket > operating:
        return bucket, "requests_per_second"
    return operating, "operating_seconds" if operating > busy else None


def seconds_to_spend(seconds: float, budget: float, held: Held) -> float:
    """How long it takes to spend so many seconds, not more than the budget, of which a part is held for a while."""
    passed, room = 0.0, max(0.0, budget - sum(part for _, part in held))
    for free_in, part in sorted(held):
        if seconds <= room:
            break
        passed, seconds = max(passed + room, free_in), seconds - room
        room = part
    return passed + seconds if seconds > 0 else passed


def _commercial(limits: Limits) -> bool:
    documented = Limits.model_validate({})
    return all(
        getattr(limits, name) == getattr(documented, name)
        for name in ("burst", "requests_per_second", "operating_seconds", "operating_share")
    )


def _started(targets: Sequence[Target], tallies: Sequence[PlanTally], workspace: Workspace) -> Iterator[Started]:
    """Items by the stage they are created at, the most first. A type's own catalog says whether it has stages."""
    for target, tally in zip(targets, tallies, strict=True):
        if target.entity.write != "add" or not tally.create:
            continue
        if STAGE not in target.catalog:
            yield Started(target.name, None, tally.create)
            continue
        rows = workspace.run(
            "SELECT coalesce(json_extract(fields, '$.' || ?), ''), count(*) FROM change "
            "WHERE entity = ? AND action = 'create' GROUP BY 1 ORDER BY 2 DESC, 1",
            (STAGE, target.index),
        ).fetchall()
        for stage, count in rows:
            yield Started(target.name, str(stage), count)
