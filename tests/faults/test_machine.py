"""Whatever happens in whatever order: at most one item of an identity at every step, and in the end exactly one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from random import Random
from signal import SIGKILL
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from syncer.execute.failpoints import VARIABLE, Failpoint
from syncer.store import State, Status
from tests.faults.shop import COMPANY, DEAL, Shop
from tests.faults.table import LEASES, QUICKLY
from tests.plan.project import DEALS
from tests.sandbox_process import RunningSandbox

ADD = {"kind": "command", "method": "crm.item.add"}
HAPPENS: dict[str, dict[str, Any]] = {
    "refused": ADD | {"at": "before", "status": 400, "code": "CRM_FIELD_ERROR_VALUE_NOT_VALID", "text": "no"},
    "lost before": {"kind": "drop", "at": "before"},
    "lost after": {"kind": "drop", "at": "after"},
    "partly done": {"kind": "html", "method": "batch", "commands": 1},
    "failed and done": ADD | {"at": "after"},
    "limit": {"kind": "status", "at": "before", "status": 503, "code": "QUERY_LIMIT_EXCEEDED"},
}
REFUSALS = 2
"""A third one would put a row aside, as it should."""
ENDS = {0, 3, 7, -SIGKILL}
LAST_RUNS = 3


class Machine(RuleBasedStateMachine):
    """A shop that grows, and the runs that bring it to a portal."""

    portal: ClassVar[RunningSandbox]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="syncer-machine-"))
        self.portal.control("DELETE", "")
        self.shop = Shop(self.folder, self.portal, size=2, limits=QUICKLY)
        self.shop.spec(DEALS, guards={"max_create": "unlimited"})
        self.refusals = 0
        self.copy = self.folder / "old.db"

    def run(self, **environment: str) -> tuple[int, str]:
        """`syncer apply`, waiting for a dead run's lease; its exit code and stderr."""
        lease = LEASES[0] if VARIABLE in environment else LEASES[1]
        code, _, errors = self.shop.run("apply", "--wait", "60", SYNCER_LEASE_SECONDS=lease, **environment)
        assert code in ENDS, (code, errors)
        return code, errors

    @rule(count=st.integers(1, 3))
    def rows_appear(self, count: int) -> None:
        self.shop.grow(count)

    @rule()
    def answered(self) -> None:
        self.run()

    @rule(what=st.sampled_from([*HAPPENS]), skip=st.integers(0, 6), times=st.integers(1, 2))
    def something_happens(self, what: str, skip: int, times: int) -> None:
        if what == "refused":
            if self.refusals == REFUSALS:
                return
            self.refusals, times = self.refusals + 1, 1
        self.shop.fault(**HAPPENS[what], skip=skip, times=times)
        self.run()
        self.portal.control("DELETE", "faults")

    @precondition(lambda self: self.shop.items(COMPANY) and self.shop.items(DEAL))
    @rule(at=st.sampled_from(["before", "after"]), skip=st.integers(0, 2))
    def blinded(self, at: str, skip: int) -> None:
        """The right to read goes amid a run, and an answer with it."""
        self.shop.switch(admin=False)
        self.shop.fault("switch", method="crm.item.add", skip=skip, switches={"hidden": [COMPANY, DEAL]})
        self.shop.fault("drop", method="crm.item.add", skip=skip, at=at)
        self.run()
        self.portal.control("DELETE", "faults")
        self.shop.switch(admin=True, hidden=[])

    @rule(point=st.sampled_from([*Failpoint]), passes=st.integers(0, 2))
    def crash(self, point: Failpoint, passes: int) -> None:
        self.run(**{VARIABLE: f"{point}:{passes}"})

    @rule(crash=st.booleans(), seed=st.integers(0, 100))
    def second_run(self, crash: bool, seed: int) -> None:
        died = {VARIABLE: f"{Random(seed).choice([*Failpoint])}:0"} if crash else {}
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(self.run, **died)
            self.run()
            other.result()

    @precondition(lambda self: self.shop.state_file.exists())
    @rule()
    def keep_a_copy(self) -> None:
        with sqlite3.connect(self.shop.state_file) as now, sqlite3.connect(self.copy) as copy:
            now.backup(copy)
        now.close()
        copy.close()

    @precondition(lambda self: self.shop.state_file.exists())
    @rule()
    def state_lost(self) -> None:
        time.sleep(0.2)  # what a run that died had sent has come in
        for path in self.shop.state_file.parent.iterdir():
            path.unlink()

    @precondition(lambda self: self.copy.exists())
    @rule()
    def old_state_restored(self) -> None:
        self.state_lost()
        shutil.copy(self.copy, self.shop.state_file)

    @invariant()
    def at_most_one_of_each(self) -> None:
        companies, deals = self.shop.made()  # fails when an identity is there twice
        assert companies <= set(self.shop.keys)
        assert deals.items() <= self.shop.wanted()[1].items(), "a deal refers to another's company"

    def teardown(self) -> None:
        ends: list[tuple[int, str]] = []
        while len(ends) < LAST_RUNS and (not ends or ends[-1][0]):
            ends.append(self.run())
        assert ends[-1][0] == 0, ends
        assert self.shop.made() == self.shop.wanted()
        with State.open(self.shop.state_url, mode="read") as state:
            left = [each for each in state.items(state.portals.id("acme")) if each.status is not Status.CREATED]
        assert left == []
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module", autouse=True)
def machinery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One portal for all examples."""
    with ExitStack() as leaving:
        file = tmp_path_factory.mktemp("machine") / "portal.db"
        Machine.portal = leaving.enter_context(RunningSandbox(file, "--no-limits"))
        yield


def profile(examples: int, steps: int) -> settings:
    """Without shrinking: a step takes a second, and the failing steps are printed as they were."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=True,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )


def test_at_most_one_and_in_the_end_exactly_one() -> None:
    run_state_machine_as_test(Machine, settings=profile(4, 8))


@pytest.mark.soak
def test_at_most_one_and_in_the_end_exactly_one_for_long() -> None:
    examples = int(os.environ.get("SYNCER_MACHINE_EXAMPLES", "150"))
    run_state_machine_as_test(Machine, settings=profile(examples, 25))
