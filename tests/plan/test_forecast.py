"""What an apply will cost, told before."""

from __future__ import annotations

from typing import Any

import pytest

from syncer.model.forecast import Forecast
from syncer.plan.forecasting import seconds_to_spend
from syncer.report.forecast_text import cost
from syncer.store import State
from tests.plan.project import COMPANIES, QUICK, Project, entity


def forecast(project: Project, rows: int, **limits: float) -> dict[str, Any]:
    project.limits = QUICK | limits
    project.table("customer", "id, name", [(number, "x") for number in range(rows)])
    project.spec(COMPANIES)
    found: dict[str, Any] = project.plan().document["forecast"]
    return found


def test_a_batch_carries_fifty(project: Project) -> None:
    told = forecast(project, 120)
    assert (told["requests"], told["automations"]) == (3, 120)


def test_many_requests_are_bound_by_the_bucket(project: Project) -> None:
    assert forecast(project, 1000, burst=5, requests_per_second=0.1)["seconds"] == 150.0


def test_many_items_are_bound_by_the_method_s_time(project: Project) -> None:
    """At a tenth of a second an item, until it is known better."""
    assert forecast(project, 1000, operating_seconds=480)["seconds"] == pytest.approx(100, abs=1)
    assert forecast(project, 1000, operating_seconds=60)["seconds"] == pytest.approx(640, abs=1)


def test_the_limit_that_makes_it_long_is_told(project: Project) -> None:
    told = forecast(project, 1000, operating_seconds=60)
    assert (told["limited_by"], told["commercial"]) == ("operating_seconds", False)
    _, text, _ = project.run("plan")
    assert "1,000 items, about 11 min at 0.10 s each, a guess; the limits of the spec allow no more." in text


@pytest.mark.parametrize(
    ("seconds", "held", "took"),
    [
        (50, [], 50),
        (50, [(300, 40.0)], 50),  # 60 s are free
        (50, [(300, 60.0)], 310),
        (50, [(200, 30.0), (300, 70.0)], 320),
        (50, [(0, 100.0)], 50),
        (100, [(20, 50.0)], 100),  # by then the other half is spent
        (5, [(300, 100.5)], 305),
    ],
)
def test_what_is_used_up_already_is_waited_for(seconds: float, held: list[tuple[float, float]], took: float) -> None:
    """Of 100 s."""
    assert seconds_to_spend(seconds, 100.0, held) == pytest.approx(took)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (
            Forecast(63, 1982.4, 3120, 3120, 0.52, False, "operating_seconds"),
            "3,120 items, about 33 min at 0.52 s each; a commercial plan allows no more.",
        ),
        (Forecast(1, 0.3, 0, 3, 0.1, True), "3 items in 1 request, under a second at 0.10 s each, a guess."),
        (
            Forecast(90, 150.0, 0, 4500, 0.02, False, "requests_per_second", False),
            "4,500 items in 90 requests, about 2 min at 0.02 s each; the limits of the spec allow no more requests.",
        ),
    ],
)
def test_costs_in_words(made: Forecast, text: str) -> None:
    assert cost(made) == text


def test_automations_are_told_by_stage(project: Project) -> None:
    project.customers("A")
    project.table("purchase", "id, name, stage", [(number, "x", "WON" if number < 2 else "NEW") for number in range(5)])
    deals = entity("deal", "purchase", fields={"title": "{{ row.name }}", "stageId": "{{ row.stage }}"})
    project.spec(COMPANIES | {"deals": deals})
    assert project.plan().document["forecast"]["started"] == [
        {"spec": "shop", "entity": "companies", "stage": None, "items": 1},
        {"spec": "shop", "entity": "deals", "stage": "NEW", "items": 3},
        {"spec": "shop", "entity": "deals", "stage": "WON", "items": 2},
    ]
    told = "Robots and workflows run for 6 items: companies 1; deals 5 "
    assert f"{told}(3 at stage NEW, 2 at stage WON)." in project.run("plan")[1]
    deals["fields"]["stageId"] = "{{ stage(row.stage) }}"  # codes are taken too, and now their names are known
    project.spec(COMPANIES | {"deals": deals})
    named = f"{told}(3 at stage New (NEW), 2 at stage Won (WON))."
    for form in ("text", "markdown", "html"):
        assert named in project.run("plan", "--format", form)[1]


def test_an_import_says_that_it_sets_nothing_off(project: Project) -> None:
    project.customers("A")
    project.table("purchase", "id, name", [(number, "x") for number in range(3)])
    imported = entity("deal", "purchase", write="import")
    project.spec(COMPANIES | {"deals": imported})
    told = project.plan().document["forecast"]
    assert (told["automations"], told["silent"]) == (1, 3)
    _, text, _ = project.run("plan")
    assert "Robots and workflows run for 1 item: companies 1." in text
    assert "They do not run for 3 items, by `write: import`." in text
    project.spec({"deals": imported})
    assert "Robots and workflows do not run for 3 items, by `write: import`." in project.run("plan")[1]


def test_how_many_requests_go_at_once_changes_no_forecast(project: Project) -> None:
    """The limits bind the same time of the portal, however many requests share it."""
    alone = forecast(project, 1000, operating_seconds=60)
    assert forecast(project, 1000, operating_seconds=60, in_flight="auto") == alone  # type: ignore[arg-type]


def test_what_items_took_is_learned(project: Project) -> None:
    project.customers("A")
    project.spec(COMPANIES)
    project.apply()
    with State.open(project.state_url, mode="write") as state:
        portal_id = state.portals.id("acme")
        ((kind, measured),) = state.portals.learned(portal_id).items()
        assert 0 < measured < 0.1
        state.portals.put_learned(portal_id, {kind: 0.4})
    assert forecast(project, 1000)["seconds"] == pytest.approx(400, abs=1)
