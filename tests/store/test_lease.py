"""The lease: one holder at a time, whoever asks at the same moment."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from syncer.errors import StateLockedError
from syncer.store import Intent, Known, NewRun, State, Status, Trouble
from tests.store.conftest import Opened, begin

RACER = """
import sys
from syncer.errors import StateLockedError
from syncer.store import NewRun, State
with State.open(sys.argv[1], mode="write") as state:
    print("ready", flush=True)
    for turn in sys.stdin:
        try:
            hold = state.lease.acquire(NewRun(f"{sys.argv[2]}-{turn.strip()}", "apply"), 60)
        except StateLockedError:
            print("locked", flush=True)
        else:
            print(hold.fence, flush=True)
"""


def racer(url: str, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RACER, url, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def say(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_of_processes_that_open_and_ask_at_once_one_gets_it(url: str) -> None:
    racers = [racer(url, name) for name in "abc"]  # all of them make the state, too
    assert [hear(process) for process in racers] == ["ready"] * 3
    fences = []
    for turn in range(30):
        for process in racers:
            say(process, str(turn))
        answers = [hear(process) for process in racers]
        assert answers.count("locked") == 2, answers
        fences += [int(answer) for answer in answers if answer != "locked"]
        with State.open(url, mode="write") as state:
            assert state.lease.unlock() is not None
    for process in racers:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0
    assert fences == list(range(1, 31))


def test_a_second_run_is_told_who_holds_it(opened: Opened) -> None:
    opened.state.lease.finish(opened.hold, "done", {})
    job = "https://ci.example.com/jobs/4711"
    opened.state.lease.acquire(NewRun("run-a", "state adopt", user="mila", host="runner-3", pid=42, job_url=job), 30)
    with State.open(opened.url, mode="write") as other:
        with pytest.raises(StateLockedError) as caught:
            other.lease.acquire(NewRun("run-b", "apply"), 30)
        assert other.runs.find("run-b") is None
    told = str(caught.value)
    for fact in (
        "run-a",
        "state adopt",
        "mila",
        "runner-3",
        "42",
        job,
        "since 20",
        "until 20",
        "unlock",
        "--wait",
    ):
        assert fact in told
    assert caught.value.exit_code == 5
    holder = opened.state.lease.holder()
    assert holder is not None
    assert 29 < holder.expires - holder.since <= 31


def test_a_lease_that_was_given_back_is_free_and_leaves_nothing_to_wait_for(opened: Opened) -> None:
    opened.state.lease.finish(opened.hold, "done", {"created": 2})
    assert opened.state.lease.holder() is None
    again = opened.state.lease.acquire(NewRun("run-2", "apply"), 30)
    assert (again.fence, again.lost_until) == (opened.hold.fence + 1, None)
    run = opened.state.runs.find("run-1")
    assert run is not None
    assert (run.status, run.summary, run.specs) == ("done", {"created": 2}, ("northwind",))
    assert run.finished is not None
    assert run.finished >= run.started
    assert [row.id for row in opened.state.runs.newest()] == ["run-2", "run-1"]


def test_a_lease_is_taken_over_only_when_it_has_run_out(opened: Opened) -> None:
    opened.ledger.intend(opened.hold, opened.owner, [Intent(key, "p") for key in ("sent", "lost", "failed")])
    opened.ledger.lost(opened.hold, [Trouble("lost", "", "")])
    opened.ledger.failed(opened.hold, [Trouble("failed", "", "")])
    sent = opened.ledger.ids(["failed"])["failed"].intended_at
    with pytest.raises(StateLockedError):
        opened.state.lease.acquire(NewRun("run-2", "apply"), 30)

    ended = opened.state.lease.renew(opened.hold, -0.0001)
    taker = opened.state.lease.acquire(NewRun("run-2", "apply"), 30)

    assert taker.lost_until == ended
    # the lost run may have sent until its lease ended, so that is from when absence is waited for
    rows = opened.ledger.ids(["sent", "lost", "failed"])
    assert {key: row.intended_at for key, row in rows.items()} == {
        "sent": ended,
        "lost": ended,
        "failed": sent,
    }
    lost = opened.state.runs.find("run-1")
    assert lost is not None
    assert (lost.status, lost.finished is None) == ("lost", False)
    for late in (
        lambda: opened.state.lease.renew(opened.hold, 30),
        lambda: opened.state.lease.finish(opened.hold, "done", {}),
    ):
        with pytest.raises(StateLockedError, match="run-2"):
            late()


def test_a_take_over_never_moves_a_moment_back(opened: Opened) -> None:
    opened.state.lease.renew(opened.hold, 0.2)
    opened.ledger.intend(opened.hold, opened.owner, [Intent("1", "p")])
    opened.state.lease.renew(opened.hold, -3600)
    before = opened.ledger.ids(["1"])["1"].intended_at
    opened.state.lease.acquire(NewRun("run-2", "apply"), 30)
    assert opened.ledger.ids(["1"])["1"].intended_at == before


def test_unlocking_ends_a_lease_and_keeps_its_end_in_mind(opened: Opened) -> None:
    opened.ledger.intend(opened.hold, opened.owner, [Intent("1", "p")])
    ends = opened.state.lease.renew(opened.hold, 30)
    holder = opened.state.lease.unlock()
    assert holder is not None
    assert (holder.run_id, holder.pid, holder.expires) == ("run-1", 7, ends)
    assert opened.state.lease.holder() is None
    assert opened.state.lease.unlock() is None
    with pytest.raises(StateLockedError, match="taken away"):
        opened.state.lease.renew(opened.hold, 30)

    taker = opened.state.lease.acquire(NewRun("run-2", "apply"), 30)
    assert taker.lost_until == ends
    pending = opened.ledger.pending()
    assert [row.intended_at for row in pending.items] == [ends]
    assert pending.now < ends


@pytest.mark.parametrize("orderly", [True, False])
def test_a_run_that_comes_and_goes_does_not_hide_that_the_one_before_it_may_be_alive(
    opened: Opened, orderly: bool
) -> None:
    opened.ledger.intend(opened.hold, opened.owner, [Intent("1", "p")])
    ends = opened.state.lease.renew(opened.hold, 60)
    opened.state.lease.unlock()
    between = opened.state.lease.acquire(NewRun("run-2", "plan refused"), 30)
    opened.state.lease.finish(between, "refused", {}, orderly=orderly)

    third = opened.state.lease.acquire(NewRun("run-3", "apply"), 30)
    assert third.lost_until == ends
    assert [row.intended_at for row in opened.ledger.pending().items] == [ends]


def test_a_renewed_lease_lasts_from_now(opened: Opened) -> None:
    assert opened.state.lease.renew(opened.hold, 100) > opened.hold.expires + 60


KILLED = """
import itertools, json, os, sys
from syncer.model.change import EntityName
from syncer.model.identity import COMPANY, ItemId, Scope
from syncer.store import Found, Intent, NewRun, State
state = State.open(sys.argv[1], mode="write")
portal = state.portals.id("acme")
scope = Scope(COMPANY, "erp")
owner = state.owners.put(portal, EntityName("northwind", "companies"), scope, "fingerprint")
hold = state.lease.acquire(NewRun("killed", "apply"), 1e-6)
ledger = state.ledger(portal, scope)
state.lease.renew(hold, 600)
for batch in itertools.count():
    keys = [f"{batch}-{n}" for n in range(50)]
    print(json.dumps(["intending", batch]), flush=True)
    ledger.intend(hold, owner, [Intent(key, "p") for key in keys])
    print(json.dumps(["intended", batch]), flush=True)
    ledger.created(hold, [Found(key, ItemId(1)) for key in keys])
    print(json.dumps(["created", batch]), flush=True)
"""


@pytest.mark.parametrize("after", [2, 9, 40, 91])
def test_what_was_recorded_outlives_a_kill(url: str, after: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = [json.loads(process.stdout.readline()) for _ in range(after)]
    process.kill()
    lines += [json.loads(line) for line in process.stdout if line.endswith("\n")]
    process.wait()
    done = {word: [batch for what, batch in lines if what == word] for word in ("intending", "intended", "created")}

    with State.open(url, mode="read") as state:  # with the log of the killed one beside it
        portal = state.portals.id("acme")
        seen = list(state.items(portal))
    check(seen, done)
    with State.open(url, mode="write") as state:
        assert list(state.items(portal)) == seen
        state.lease.unlock()
        mended = begin(state, url)
        assert len(mended.ledger.pending().items) in (0, 50)


def check(seen: list[Known], done: dict[str, list[int]]) -> None:
    """A batch is there as a whole, as far as it was told at least, and at most one step further."""
    batches: dict[int, set[Status | None]] = {}
    for row in seen:
        batches.setdefault(int(row.origin_id.split("-")[0]), set()).add(row.status)
    assert all(len(statuses) == 1 for statuses in batches.values())
    assert len(seen) == 50 * len(batches)
    assert set(done["intended"]) <= set(batches) <= set(done["intending"])
    created = {batch for batch, statuses in batches.items() if statuses == {Status.CREATED}}
    assert set(done["created"]) <= created <= set(done["intended"])
