"""SIGINT and SIGTERM: the first stops in order, whatever the run is at; the second leaves at once."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

import pytest

from syncer.execute.failpoints import VARIABLE, Failpoint
from syncer.store import State
from tests.faults.shop import COMPANY, LIMITS, Shop, frozen, go_on, stands_still
from tests.forks import Popen
from tests.plan.project import DEALS

BOTH = pytest.mark.parametrize(("number", "code"), [(SIGINT, 130), (SIGTERM, 143)])
PROMPT = 120.0
"""Seconds in which a run that was told to stop has ended, though what it waits for takes ten minutes."""


def told_to_stop(process: subprocess.Popen[str], number: Signals) -> tuple[int, str, str]:
    """How a run ends, that stands still when the signal comes."""
    stands_still(process)
    process.send_signal(number)
    return go_on(process)


def hears(process: subprocess.Popen[str], word: str) -> None:
    """Waits until a run has logged an event."""
    assert process.stderr is not None
    line = ""
    while word not in line:
        line = process.stderr.readline()
        assert line, f"it ended without {word}"


def stopped_in_order(shop: Shop) -> None:
    """The lease is free and the history knows why the run ended."""
    with State.open(shop.state_url, mode="read") as state:
        assert state.lease.holder() is None
        assert state.runs.newest(1)[0].status == "stopped"


def the_next_run_does_the_rest(shop: Shop) -> None:
    code, _, errors = shop.run("apply")
    assert code == 0, errors
    assert shop.made() == shop.wanted()


@BOTH
def test_while_planning(either: Shop, number: Signals, code: int) -> None:
    with either.applying(**frozen(Failpoint.PLANNING, 1)) as run:
        ended, out, errors = told_to_stop(run, number)
    assert (ended, out) == (code, "")
    assert "stopped while planning; nothing was written" in errors
    assert either.made() == (set(), {})
    stopped_in_order(either)
    the_next_run_does_the_rest(either)


@BOTH
def test_while_a_request_is_in_flight(either: Shop, number: Signals, code: int) -> None:
    with either.applying("--format", "json", **frozen(Failpoint.REQUEST_LEAVES, 1)) as run:
        ended, out, errors = told_to_stop(run, number)
    summary = json.loads(out)["summary"]
    assert (ended, summary["created"], summary["not_sent"], summary["unknown"]) == (code, 12, 12, 0)
    assert {row["reason"] for row in json.loads(out)["not_sent"]} == {"stopped"}
    assert "stopping: what is in flight is finished first" in errors
    assert (either.made()[0], either.left_open()) == (set(either.keys), {})
    stopped_in_order(either)
    the_next_run_does_the_rest(either)


@BOTH
def test_while_waiting_for_the_bucket(shop: Shop, number: Signals, code: int) -> None:
    shop.limits = LIMITS | {"burst": 2, "requests_per_second": 0.002}
    shop.spec(DEALS)
    started = time.monotonic()
    with shop.applying() as run:
        hears(run, "run.started")
        run.send_signal(number)
        run.communicate(timeout=PROMPT)
    assert run.returncode == code
    assert time.monotonic() - started < PROMPT
    assert (shop.made(), shop.left_open()) == ((set(), {}), {})
    stopped_in_order(shop)


def test_while_a_batch_waits_for_the_bucket(shop: Shop) -> None:
    """It never leaves, and the state knows: the next run has nothing to settle."""
    shop.limits = LIMITS | {"burst": 16, "requests_per_second": 0.002, "in_flight": 1}
    shop.spec(DEALS)
    with shop.applying() as run:
        while not shop.left_open():
            assert run.poll() is None
        run.send_signal(SIGTERM)
        run.communicate(timeout=PROMPT)
    assert run.returncode == 143
    assert shop.left_open() == {}
    stopped_in_order(shop)
    shop.limits = LIMITS
    shop.spec(DEALS)
    the_next_run_does_the_rest(shop)


@BOTH
def test_while_settling(either: Shop, number: Signals, code: int) -> None:
    either.run("apply", **{VARIABLE: f"{Failpoint.INTENDED}:1"})
    left_open = either.left_open()
    either.limits = LIMITS | {"settle_seconds": 600}
    either.spec(DEALS)
    with either.applying("--wait", "600", "--format", "json") as run:
        hears(run, "run.settling")
        run.send_signal(number)
        out, _ = run.communicate(timeout=PROMPT)
    assert (run.returncode, json.loads(out)["summary"]["unknown"]) == (code, 11)
    assert either.left_open() == left_open
    stopped_in_order(either)
    either.limits = LIMITS
    either.spec(DEALS)
    the_next_run_does_the_rest(either)


def test_while_waiting_for_what_another_state_may_have_sent(shop: Shop) -> None:
    fields = {"title": "Customer 0001", "originatorId": "erp", "originId": "0001"}
    shop.portal.call("crm.item.add", entityTypeId=COMPANY, fields=fields)
    shop.limits = LIMITS | {"settle_seconds": 600}
    shop.spec(DEALS)
    with shop.applying("--format", "json") as run:
        hears(run, "run.settling")
        run.send_signal(SIGINT)
        out, _ = run.communicate(timeout=PROMPT)
    summary = json.loads(out)["summary"]
    assert (run.returncode, summary["adopted"], summary["created"], summary["not_sent"]) == (130, 1, 0, 23)
    stopped_in_order(shop)


@BOTH
def test_while_waiting_for_the_lease(shop: Shop, number: Signals, code: int) -> None:
    with shop.applying(**frozen(Failpoint.PLANNING), SYNCER_LEASE_SECONDS="600") as first:
        stands_still(first)
        with shop.applying("--wait", "600") as second:
            hears(second, "state.waiting")
            second.send_signal(number)
            out, errors = second.communicate(timeout=PROMPT)
        assert (second.returncode, out) == (code, "")
        assert "stopped while waiting for the state; nothing was written" in errors
        assert go_on(first)[0] == 0
    assert shop.made() == shop.wanted()


def test_a_second_signal_leaves_at_once_and_the_next_run_settles(shop: Shop) -> None:
    shop.slow(0.5)
    with shop.applying() as run:
        while len(shop.items(COMPANY)) < 3:  # the batch of eleven is under way, and takes five seconds
            assert run.poll() is None
        run.send_signal(SIGINT)
        hears(run, "stopping")
        run.send_signal(SIGINT)
        run.communicate(timeout=PROMPT)
        there = len(shop.items(COMPANY))
    assert (run.returncode, there < 12, sum(shop.left_open().values())) == (130, True, 11)
    shop.limits = LIMITS | {"settle_seconds": 6}
    shop.spec(DEALS)
    assert shop.finish()[0] == 0
    assert shop.made() == shop.wanted()


def test_ctrl_c_does_not_end_the_embedded_portal(shop: Shop) -> None:
    """A terminal sends it to every process of the command."""
    shop.spec(DEALS, portal={"sandbox": "state/portal.db", "limits": dict(LIMITS)})
    process = group(shop, "--format", "json", **frozen(Failpoint.REQUEST_LEAVES, 1))
    try:
        stands_still(process)
        os.killpg(process.pid, SIGINT)
        code, out, errors = go_on(process)
    finally:
        process.kill()
        process.communicate()
    assert code == 130, errors
    assert json.loads(out)["summary"]["created"] == 12
    assert shop.run("apply")[0] == 0


def group(shop: Shop, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """`syncer apply`, the first of a process group, as a shell starts it."""
    return Popen(
        [sys.executable, "-m", "syncer.cli.main", "apply", *arguments, str(shop.folder / "specs")],
        env=os.environ | shop.environment | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@BOTH
def test_while_a_person_is_asked(shop: Shop, number: Signals, code: int) -> None:
    ended, screen = at_a_terminal(shop, lambda process, _: process.send_signal(number))
    assert (ended, "stopped; nothing was created" in screen) == (code, True), screen
    assert shop.made() == (set(), {})
    stopped_in_order(shop)


@pytest.mark.parametrize(("answer", "code", "made"), [("y", 0, 12), ("n", 130, 0), ("", 130, 0)])
def test_a_person_answers(shop: Shop, answer: str, code: int, made: int) -> None:
    ended, screen = at_a_terminal(shop, lambda _, terminal: os.write(terminal, f"{answer}\n".encode()))
    assert (ended, len(shop.items(COMPANY))) == (code, made), screen


def at_a_terminal(shop: Shop, act: Callable[[subprocess.Popen[str], int], object]) -> tuple[int, str]:
    """`syncer apply` at a terminal; `act` gets process and terminal when it asks. Exit code, and what was shown."""
    ours, theirs = pty.openpty()
    process = Popen(
        [sys.executable, "-m", "syncer.cli.main", "apply", str(shop.folder / "specs")],
        env=os.environ | shop.environment | {"TERM": "dumb"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    screen, asked = b"", False
    try:
        while piece := read(ours):
            screen += piece
            if b"Create these?" in screen and not asked:
                asked = True
                while not asleep(process):  # a signal that comes before it waits for the answer is seen after it
                    pass
                act(process, ours)
        return process.wait(PROMPT), screen.decode()
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def asleep(process: subprocess.Popen[str]) -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def read(terminal: int) -> bytes:
    """What the other side of a terminal writes; nothing once it is gone."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
