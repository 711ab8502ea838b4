"""Several runs on one state, and a holder of the lease that stands still for longer than it lasts."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from getpass import getuser

import pytest

from syncer.execute.failpoints import Failpoint
from syncer.store import State
from tests.faults.shop import Shop, frozen, go_on, stands_still
from tests.postgres import Postgres

LONG = {"SYNCER_LEASE_SECONDS": "60"}


def test_the_second_run_is_told_who_holds_the_state(either: Shop) -> None:
    job = "https://ci.example.com/jobs/4711"
    with either.applying(**frozen(Failpoint.PLANNING), **LONG, CI_JOB_URL=job) as first:
        stands_still(first)
        with State.open(either.state_url, mode="read") as state:
            holder = state.lease.holder()
        assert holder is not None
        code, out, errors = either.run("apply")
        assert (code, out) == (5, "")
        for fact in (
            f"locked by run {holder.run_id}",
            f"`apply` of {getuser()} on {socket.gethostname()}, process {first.pid}, {job}",
            "since 20",
            "until 20",
            "--wait SECONDS",
            "syncer state unlock",
        ):
            assert fact in errors
        assert go_on(first)[0] == 0
    assert either.made() == either.wanted()


def test_a_second_run_waits_when_it_is_told_to(shop: Shop) -> None:
    with shop.applying(**frozen(Failpoint.INTENDED), **LONG) as first:
        stands_still(first)
        with shop.applying("--wait", "120", "--format", "json") as second:
            assert second.stderr is not None
            assert "state.waiting" in second.stderr.readline()
            assert go_on(first)[0] == 0
            out, _ = second.communicate(timeout=120)
    summary = json.loads(out)["summary"]
    assert (second.returncode, summary["created"], summary["unchanged"]) == (0, 0, 24)
    assert shop.made() == shop.wanted()


def test_waiting_ends_when_its_time_is_over(shop: Shop) -> None:
    with shop.applying(**frozen(Failpoint.PLANNING), **LONG) as first:
        stands_still(first)
        code, _, errors = shop.run("apply", "--wait", "1.2")
        assert (code, "locked by run" in errors) == (5, True)


def test_of_runs_that_start_at_once_each_item_is_made_by_one(either: Shop) -> None:
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(either.run, "apply", "--wait", "120", "--format", "json", **LONG) for _ in range(3)]
    ends = [run.result() for run in runs]
    assert [code for code, _, _ in ends] == [0, 0, 0]
    created = [json.loads(out)["summary"]["created"] for _, out, _ in ends]
    assert sorted(created) == [0, 0, 24]
    assert either.made() == either.wanted()


@pytest.mark.parametrize(
    ("point", "passes", "code"),
    [(Failpoint.PLANNING, 1, 5), (Failpoint.INTENDING, 1, 3), (Failpoint.INTENDED, 1, 7), (Failpoint.ANSWERED, 1, 7)],
)
def test_a_run_that_stood_still_sends_nothing_once_another_has_taken_over(
    shop: Shop, point: Failpoint, passes: int, code: int
) -> None:
    with shop.applying(**frozen(point, passes)) as first:
        stands_still(first)
        assert shop.finish()[0] == 0  # takes the lease over as soon as it has run out
        calls = shop.calls()
        assert shop.made() == shop.wanted()
        ended, _, errors = go_on(first)
    assert (shop.calls(), shop.made()) == (calls, shop.wanted())
    assert ended == code, errors
    assert errors.count("error: ") == 1
    assert "the lease of run" in errors


def test_a_run_that_stood_still_goes_on_when_nobody_has_taken_over(either: Shop) -> None:
    with either.applying(**frozen(Failpoint.INTENDED, 1)) as first:
        stands_still(first)
        with State.open(either.state_url, mode="read") as state:
            while (holder := state.lease.holder()) and holder.expires > holder.now:
                pass
        code, _, errors = go_on(first)
    assert code == 0, errors
    assert either.made() == either.wanted()


def test_what_slips_through_between_the_last_check_and_the_write_is_told(shop: Shop) -> None:
    """The one way to two items that no check can close: the sweep of the run that took over finds them."""
    with shop.applying(**frozen(Failpoint.REQUEST_LEAVES, 1)) as first:
        stands_still(first)
        with shop.applying("--wait", "120", "--format", "json", **frozen(Failpoint.SWEEPING)) as second:
            stands_still(second)
            assert shop.made()[0] == set(shop.keys)
            assert go_on(first)[0] == 7
            code, out, _ = go_on(second)
    told = {row["originId"]: row["ids"] for row in json.loads(out)["ambiguous"]}
    assert code == 7
    assert set(told) == set(shop.keys[1:])
    assert all(len(ids) == 2 for ids in told.values())
    code, out, _ = shop.run("plan", "--format", "json")
    blocked = {each["originId"] for each in json.loads(out)["changes"] if each["reason"] == "ambiguous"}
    assert (code, blocked) == (0, set(shop.keys[1:]))


HOLDS_A_TRANSACTION = """
import os, signal, sys
from syncer.store import NewRun, State
from syncer.store.lease import fenced
with State.open(sys.argv[1], mode="write") as state:
    hold = state.lease.acquire(NewRun("frozen", "apply"), 1)
    with fenced(state._database, hold):
        os.kill(os.getpid(), signal.SIGSTOP)
"""


def test_a_run_that_stands_still_within_a_transaction_does_not_lock_the_server_s_state(
    tmp_path: os.PathLike[str], shop: Shop, postgres: Postgres
) -> None:
    shop.state_url = postgres.fresh_database()
    process = subprocess.Popen([sys.executable, "-c", HOLDS_A_TRANSACTION, shop.state_url], text=True)
    try:
        stands_still(process)
        assert shop.finish()[0] == 0
    finally:
        process.kill()
        process.wait()
    assert shop.made() == shop.wanted()
