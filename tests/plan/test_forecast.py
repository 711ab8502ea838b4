"""What an apply will cost, told before."""

from __future__ import annotations

from typing import Any

import pytest

from syncer.store import State
from tests.plan.project import COMPANIES, QUICK, Project


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
    assert forecast(project, 1000, operating_seconds=60)["seconds"] == pytest.approx(700, abs=1)


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
