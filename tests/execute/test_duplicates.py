"""How a duplicate could come about: each way is walked, and the portal holds one item of each identity."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from syncer.errors import StateLockedError
from syncer.store import State
from tests.execute.dead_runs import died_sending, late_work
from tests.plan.project import COMPANIES, QUICK, Project


def settle(project: Project, seconds: float, **limits: float) -> None:
    """Absence counts after so many seconds."""
    project.limits = QUICK | {"settle_seconds": seconds} | limits
    project.spec(COMPANIES)


def test_a_dead_run_s_request_is_waited_for(project: Project) -> None:
    project.customers("A")
    settle(project, 1.5)
    died_sending(project, ["A"])
    with late_work(project, "A", after=0.5):
        applied = project.apply()
    assert list(project.items(4)) == ["A"]
    assert (applied.summary, applied.exit_code) == ({"created": 1}, 0)


def test_an_earlier_failure_does_not_shorten_the_waiting(project: Project) -> None:
    """The code of a row's last failure says nothing of the request that is on its way now."""
    project.customers("A")
    settle(project, 1.5)
    died_sending(project, ["A"], failed_before="CRM_FIELD_ERROR_REQUIRED")
    with late_work(project, "A", after=0.5):
        project.apply()
    assert list(project.items(4)) == ["A"]


def test_the_waiting_counts_from_when_the_request_left(project: Project) -> None:
    """A request may wait long for its turn after its intent was committed: here for the method's operating time."""
    project.customers("A", "B", "C")
    settle(project, 1.2, operating_seconds=1, in_flight=1)
    project.switch(limits=True, burst=1000, operating_seconds=1, operating_window=1, cost={"crm.item.add": 0.6})
    project.fault("drop", at="before", method="batch", skip=5)
    with late_work(project, "C", after=0.3, when_struck=1):
        applied = project.apply()
    assert set(project.items(4)) == {"A", "B", "C"}
    assert applied.summary == {"created": 3}


def test_what_a_slow_plan_did_not_find_is_looked_up_again_where_the_state_is_not_trusted(project: Project) -> None:
    """The waiting may be over by the time the plan is made, but was not yet when the portal was asked."""
    project.customers("A")
    settle(project, 1.0)
    with State.open(project.state_url, mode="write") as state:
        state.portals.distrust(state.portals.id("acme"))
    time.sleep(0.6)
    project.fault("delay", at="after", method="batch", skip=1, seconds=0.8)
    with late_work(project, "A", after=0.5):
        applied = project.apply()
    assert (applied.summary, list(project.items(4))) == ({"adopted": 1}, ["A"])


def test_a_clock_that_went_back_means_the_full_time_by_our_own(project: Project) -> None:
    project.customers("A")
    settle(project, 1.5)
    died_sending(project, ["A"], sent_in=3600.0)
    started = time.monotonic()
    with late_work(project, "A", after=0.5):
        applied = project.apply()
    assert (applied.summary, list(project.items(4))) == ({"created": 1}, ["A"])
    project.customers("A", "B")
    died_sending(project, ["B"], sent_in=3600.0)
    assert project.apply().summary == {"created": 1, "unchanged": 1}
    assert time.monotonic() - started < 600


def test_what_waits_for_its_turn_does_not_leave_without_the_lease(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCER_LEASE_SECONDS", "1")
    project.customers("A", "B")
    settle(project, 0.3, operating_seconds=1)
    project.switch(limits=True, burst=1000, operating_seconds=1, operating_window=2, cost={"crm.item.add": 1.2})
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(project.apply)
        while "A" not in project.items(4):
            assert not run.done()
        with State.open(project.state_url, mode="write") as state:
            state.lease.unlock()
        assert isinstance(run.result().result.error, StateLockedError)
    assert set(project.items(4)) == {"A"}
    assert "B" not in project.known(), "nothing waits with its intent committed"
