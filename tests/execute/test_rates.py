"""A portal's limits, as it counts them: when only we use it, it refuses nothing, and we are not slow."""

from __future__ import annotations

import time

import pytest

from tests.plan.project import COMPANIES, Project


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
