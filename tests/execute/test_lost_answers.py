"""Answers that never came, came broken, or told of a failure after the work: settled by looking, never sent blindly."""

from __future__ import annotations

import itertools
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from syncer.errors import PortalError
from syncer.store import State, Status
from syncer.store.records import Kind
from tests.execute.dead_runs import died_sending, late_work
from tests.execute.stopping import stopping
from tests.plan.project import COMPANIES, DEALS, QUICK, Project, entity
from tests.sandbox_process import RunningSandbox

KEYS = [f"{number:02}" for number in range(12)]

LOSSES: dict[str, dict[str, Any]] = {
    "dropped after the work": {"kind": "drop", "at": "after"},
    "dropped before the work": {"kind": "drop", "at": "before"},
    "dropped amid the work": {"kind": "drop", "at": "after", "commands": 4},
    "half a body": {"kind": "cut", "at": "after"},
    "HTML after the work": {"kind": "html", "at": "after", "status": 502},
    "HTML with 200": {"kind": "html", "at": "after", "status": 200},
    "HTML before the work": {"kind": "html", "at": "before", "status": 504},
    "500 after the work": {"kind": "status", "at": "after"},
    "500 amid the work": {"kind": "status", "at": "after", "commands": 4},
    "500 before the work": {"kind": "status", "at": "before"},
    "an unknown 503": {"kind": "status", "at": "after", "status": 503, "code": "BUSY"},
    "an unknown 400 to the whole batch": {"kind": "status", "at": "after", "status": 400, "code": "NEW", "commands": 4},
    "an unexpected answer": {"kind": "status", "at": "after", "status": 500, "code": "ERROR_UNEXPECTED_ANSWER"},
}


@pytest.fixture
def dozen(project: Project) -> Project:
    """Twelve rows; the first create is the fourth request, the others are the sixth."""
    project.customers(*KEYS)
    project.spec(COMPANIES)
    return project


@pytest.mark.parametrize("skip", [2, 4])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_batch_is_settled_within_the_run(dozen: Project, loss: str, skip: int) -> None:
    """The first create, which proves that look-ups work, and a whole batch."""
    dozen.fault(**LOSSES[loss], method="batch", skip=skip)
    applied = dozen.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 12}, 0)
    assert set(dozen.items(4)) == set(KEYS)
    assert dozen.portal.control("GET", "")["faults"] == []
    assert {each.status for each in dozen.known().values()} == {Status.CREATED}
    ids = {key: item["id"] for key, item in dozen.items(4).items()}
    assert {key: each.item_id for key, each in dozen.known().items()} == ids


@pytest.mark.parametrize("code", ["INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER"])
@pytest.mark.parametrize("at", ["before", "after"])
def test_a_command_that_failed_in_the_server_is_settled(dozen: Project, code: str, at: str) -> None:
    dozen.fault("command", at=at, method="crm.item.add", code=code, skip=3, times=2)
    applied = dozen.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 12}, 0)
    assert set(dozen.items(4)) == set(KEYS)


def test_a_lost_answer_of_a_row_that_went_alone(project: Project) -> None:
    project.table("customer", "id, name", [("A", "x"), ("B", "$result[0]")])
    project.spec(COMPANIES)
    project.fault("drop", at="after", method="crm.item.add")
    applied = project.apply()
    assert applied.summary == {"created": 2}
    assert set(project.items(4)) == {"A", "B"}


def test_children_of_a_lost_parent_are_sent_once_it_is_found(project: Project) -> None:
    project.customers("A", "B")
    project.purchases((1, "A"), (2, "B"))
    project.spec(DEALS)
    project.fault("drop", at="after", method="batch", skip=5)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 4}, 0)
    parents = {key: item["id"] for key, item in project.items(4).items()}
    assert {key: item["companyId"] for key, item in project.items(2).items()} == {"1": parents["A"], "2": parents["B"]}


def test_children_of_a_parent_that_was_never_made_are_sent_after_it(project: Project) -> None:
    project.customers("A", "B")
    project.purchases((1, "A"), (2, "B"))
    project.spec(DEALS)
    project.fault("drop", at="before", method="batch", skip=5)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 4}, 0)
    assert {item["companyId"] for item in project.items(2).values()} == {
        item["id"] for item in project.items(4).values()
    }


def test_three_lost_batches_in_a_row_stop_the_run(project: Project) -> None:
    project.limits = QUICK | {"in_flight": 1, "settle_seconds": 60}
    project.customers(*(f"{number:03}" for number in range(200)))
    project.spec(COMPANIES)
    project.fault("drop", at="before", method="batch", skip=4, times=3)
    applied = project.apply()
    assert applied.exit_code == 7
    assert "3 requests in a row" in str(applied.result.error)
    assert applied.summary.keys() == {"created", "unknown", "not_sent"}
    assert applied.summary["created"] == 1
    assert sum(applied.summary.values()) == 200
    project.limits = QUICK
    project.spec(COMPANIES)
    again = project.apply()
    assert (again.exit_code, len(project.items(4))) == (0, 200)


def test_what_is_found_after_three_lost_batches_is_known(project: Project) -> None:
    project.limits = QUICK | {"in_flight": 1, "settle_seconds": 60}
    project.customers(*(f"{number:03}" for number in range(200)))
    project.spec(COMPANIES)
    project.fault("drop", at="after", method="batch", skip=4, times=3)
    applied = project.apply()
    assert applied.exit_code == 3
    assert applied.summary["created"] == len(project.items(4))
    assert "unknown" not in applied.summary


def test_an_open_outcome_is_7_until_it_is_known(dozen: Project) -> None:
    """A run that is stopped does not wait; the next one does what is left."""
    dozen.limits = QUICK | {"settle_seconds": 60}
    dozen.spec(COMPANIES)
    dozen.fault("drop", at="before", method="batch", skip=4)
    stop = Event()
    with stopping(dozen, stop):
        applied = dozen.apply(stop=stop)
    assert applied.exit_code == 7
    unknown = applied.summary["unknown"]
    assert unknown > 0
    assert sum(applied.summary.values()) == 12
    assert dozen.plan().summary["unknown"] == unknown
    dozen.limits = QUICK
    dozen.spec(COMPANIES)
    again = dozen.apply()
    assert (again.exit_code, dozen.plan().summary) == (0, {"unchanged": 12})
    assert set(dozen.items(4)) == set(KEYS)
    assert dozen.calls() == 12


def test_rows_that_left_the_source_meanwhile_are_settled_too(dozen: Project) -> None:
    dozen.limits = QUICK | {"settle_seconds": 60}
    dozen.spec(COMPANIES)
    dozen.fault("drop", at="before", method="batch", skip=4)
    stop = Event()
    with stopping(dozen, stop):
        dozen.apply(stop=stop)
    open_before = [key for key, each in dozen.known().items() if each.status is Status.UNKNOWN]
    assert open_before
    dozen.customers("00", "new")
    dozen.limits = QUICK
    dozen.spec(COMPANIES)
    applied = dozen.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 1, "unchanged": 1}, 0)
    assert not any(each.status is Status.UNKNOWN for each in dozen.known().values())


def test_a_row_that_left_the_source_is_settled_and_not_counted(dozen: Project) -> None:
    """The counts are of the source's rows."""
    dozen.limits = QUICK | {"settle_seconds": 1.5}
    dozen.spec(COMPANIES)
    died_sending(dozen, ["gone"])
    with late_work(dozen, "gone", after=0.5):
        applied = dozen.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 12}, 0)
    assert dozen.known()["gone"].status is Status.CREATED


def test_other_rows_go_on_while_an_outcome_is_open(dozen: Project) -> None:
    """What is waited for holds up nothing but itself."""
    dozen.limits = QUICK | {"settle_seconds": 6.0, "in_flight": 1}
    dozen.customers(*(f"{number:03}" for number in range(100)))
    dozen.spec(COMPANIES)
    dozen.fault("drop", at="before", method="batch", skip=4)
    dozen.apply()
    adds = [entry for entry in dozen.portal.control("GET", "log")["entries"] if entry["method"] == "batch"]
    gaps = [later["at"] - earlier["at"] for earlier, later in itertools.pairwise(adds)]
    assert max(gaps) > 4
    assert gaps.index(max(gaps)) > 6, "all other batches left before the waiting began"
    assert len(dozen.items(4)) == 100


def test_a_portal_that_works_on_after_the_client_has_given_up(dozen: Project) -> None:
    """The rows that it makes late are found as they come, long before an absence would count; none is sent again."""
    dozen.limits = QUICK | {"request_seconds": 0.5, "settle_seconds": 100}
    dozen.spec(COMPANIES)
    dozen.fault("switch", method="batch", skip=4, switches={"cost": {"crm.item.add": 0.65}, "sleep": True})
    started = time.monotonic()
    applied = dozen.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 12}, 0)
    assert dozen.calls() == len(dozen.items(4)) == 12
    assert 7 < time.monotonic() - started < 100
    with State.open(dozen.state_url, mode="read") as state:
        assert list(state.runs.outcomes(applied.document["run"], [Kind.UNKNOWN])), "an answer was given up"


def test_a_portal_that_dies_amid_a_run_and_comes_back(project: Project, tmp_path: Path) -> None:
    with RunningSandbox(tmp_path / "own.db", "--no-limits") as own:
        project.portal = own
        project.limits = QUICK | {"in_flight": 1}
        project.customers(*KEYS)
        project.spec(COMPANIES)
        project.fault("delay", at="after", method="batch", skip=4, seconds=20)
        stop = Event()  # or the run would try for a while to reach it again
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(project.apply, stop=stop)
            while len(own.items(4)) < 2:
                assert not run.done()
            own.kill()
            stop.set()
            applied = run.result()
        assert applied.exit_code == 7
        assert applied.summary["created"] == 1
        assert sum(applied.summary.values()) == 12
        own.start()
        again = project.apply()
        assert (again.exit_code, project.plan().summary) == (0, {"unchanged": 12})
        assert set(project.items(4)) == set(KEYS)


def test_a_state_that_is_believed_still_settles_what_was_lost(project: Project) -> None:
    """No look-up before a create; but a lost answer is learned from the portal, for nobody else knows it."""
    project.customers(*KEYS)
    project.spec({"companies": entity("company", "customer", trust_state=True)})
    project.fault("drop", at="after", method="batch", skip=1, commands=5)
    applied = project.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 12}, 0)
    assert set(project.items(4)) == set(KEYS)


ANYTHING: list[dict[str, Any]] = [
    {"kind": "drop", "at": "before"},
    {"kind": "drop", "at": "after"},
    {"kind": "drop", "at": "after", "commands": 3},
    {"kind": "cut", "at": "after"},
    {"kind": "html", "at": "after"},
    {"kind": "status", "at": "after"},
    {"kind": "status", "at": "before", "status": 503, "code": "QUERY_LIMIT_EXCEEDED"},
    {"kind": "command", "at": "after", "method": "crm.item.add"},
    {"kind": "command", "at": "before", "method": "crm.item.add", "code": "CRM_FIELD_ERROR_REQUIRED"},
    {"kind": "command", "at": "after", "method": "crm.item.add", "code": "ERROR_CORE"},
]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_each_item_is_made_once(project: Project, seed: int) -> None:
    """Runs go on until one has nothing left to do; sometimes the state is lost between two of them."""
    chance = random.Random(seed)
    project.customers(*KEYS)
    project.purchases(*((f"P{key}", key) for key in KEYS))
    project.spec(DEALS)
    for number in range(12):
        for each in chance.sample(ANYTHING, 2 if number < 4 else 0):
            project.fault(**each | {"skip": chance.randrange(1, 9)})
        if number and chance.random() < 0.2:
            project.state_file.unlink()
        with suppress(PortalError):  # a plan that lost its answers too often
            if project.apply().summary == {"unchanged": 24}:
                break
        project.portal.control("DELETE", "faults")
    companies, deals = project.items(4), project.items(2)
    assert set(companies) == set(KEYS)
    assert {key: item["companyId"] for key, item in deals.items()} == {
        f"P{key}": item["id"] for key, item in companies.items()
    }
    assert number < 11
