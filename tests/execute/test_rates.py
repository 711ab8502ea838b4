"""A portal's limits, as it counts them: when only we use it, it refuses nothing, and we are not slow."""

from __future__ import annotations

import time

import pytest

from syncer.cli.session import IN_FLIGHT
from syncer.store import State
from tests.plan.project import COMPANIES, QUICK, Project


@pytest.mark.parametrize(("burst", "rate"), [(50, 2.0), (25, 10.0)])
def test_no_request_is_refused_by_the_bucket(project: Project, burst: int, rate: float) -> None:
    """Thirty rows must go alone, so there are many requests."""
    alone, together = [(f"a{number:02}", "$result[0]") for number in range(30)], [(f"t{n}", "x") for n in range(70)]
    project.limits = {"burst": burst, "requests_per_second": rate, "request_seconds": 5}
    project.switch(limits=True, burst=burst, requests_per_second=rate)
    project.table("customer", "id, name", alone + together)
    project.spec(COMPANIES)
    started = time.monotonic()
    project.plan()
    applied = project.apply()
    took = time.monotonic() - started
    assert (applied.summary, applied.document["refused"]) == ({"created": 100}, 0)
    assert project.portal.control("GET", "log")["refused"] == 0
    requests = project.portal.control("GET", "log")["requests"]
    least = max(0.0, (requests - burst) / rate)
    assert least <= took < 2 * least + 60


def test_the_level_of_the_bucket_is_kept_from_run_to_run(project: Project) -> None:
    burst, rate = 6, 10.0
    project.limits = {"burst": burst, "requests_per_second": rate, "request_seconds": 5}
    project.switch(limits=True, burst=burst, requests_per_second=rate)
    project.spec(COMPANIES)
    for number in range(2):
        project.customers(*range(number + 1))
        assert project.apply().summary["created"] == 1
    assert project.portal.control("GET", "log")["refused"] == 0


def test_no_command_is_refused_for_the_method_s_time(project: Project) -> None:
    project.limits = {"burst": 1000, "requests_per_second": 1000, "request_seconds": 5, "operating_seconds": 2}
    project.switch(limits=True, burst=1000, operating_seconds=2, operating_window=2, cost={"crm.item.add": 0.05})
    project.customers(*range(50))
    project.spec(COMPANIES)
    applied = project.apply()
    assert applied.summary == {"created": 50}
    assert project.calls() == 50


def test_what_an_earlier_run_used_of_the_method_s_time_is_known(project: Project) -> None:
    """Of 1 s in 10 s the first run uses most: the plan of the second tells the wait, and its apply waits."""
    project.limits = QUICK | {"request_seconds": 60, "operating_seconds": 1}
    project.switch(limits=True, burst=1000, operating_seconds=1, operating_window=10, cost={"crm.item.add": 0.1})
    project.spec(COMPANIES)
    project.customers(*range(8))
    assert project.apply().document["refused"] == 0
    project.customers(*range(16))
    told = project.plan().document["forecast"]
    assert told["limited_by"] == "operating_seconds"
    assert 0.9 < told["seconds"] < 13
    applied = project.apply()
    assert (applied.summary, applied.document["refused"]) == ({"created": 8, "unchanged": 8}, 0)
    assert project.calls() == 16, "no command was refused"


def test_how_many_requests_at_once_a_portal_bears_is_found_out_and_kept(project: Project) -> None:
    project.limits = QUICK | {"in_flight": "auto", "request_seconds": 60}
    project.switch(cost={"crm.item.add": 0.02}, sleep=True, workers=2)
    project.customers(*range(400))
    project.spec(COMPANIES)
    applied = project.apply()
    assert (applied.summary, applied.document["refused"]) == ({"created": 400}, 0)
    with State.open(project.state_url, mode="read") as state:
        kept = state.portals.catalog(state.portals.id("acme"), IN_FLIGHT)
    assert kept is not None
    assert 1 <= kept.body <= 16


def test_a_share_of_the_budget_is_left_to_others(project: Project) -> None:
    """Of 4 s in 3 s we use half: twelve items of 0.25 s wait for a reset, though the portal would not refuse."""
    project.limits = QUICK | {"request_seconds": 60, "operating_seconds": 4, "operating_share": 0.5}
    project.switch(limits=True, burst=1000, operating_seconds=4, operating_window=3, cost={"crm.item.add": 0.25})
    project.customers(*range(12))
    project.spec(COMPANIES)
    started = time.monotonic()
    applied = project.apply()
    assert (applied.summary, applied.document["refused"]) == ({"created": 12}, 0)
    assert time.monotonic() - started >= 2
