"""Hours of bad luck in minutes: runs that are killed, stopped and doubled, over a portal and a state that fail.

Two things are left out, because no client can make up for them: a process that stands still for longer than lease and
settling together, and a portal that lies (that says "it never ran" of what it has made).
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import psycopg

from syncer.execute.failpoints import VARIABLE, Failpoint
from tests.faults.shop import Shop
from tests.plan.project import DEALS
from tests.postgres import Postgres

SETTLE = 6.0
LONGEST_STANDSTILL = 2.0  # with the lease of a second, the portal's own delays and its work far less than SETTLE
ROWS_A_ROUND = 60
EXIT_CODES = {0, 1, 3, 5, 7, 130, 137, 143}
"""What a run may end with; 137 when it was killed."""

FAULTS: list[dict[str, Any]] = [
    {"kind": "drop", "at": "before"},
    {"kind": "drop", "at": "after"},
    {"kind": "cut", "at": "after"},
    {"kind": "html", "at": "before", "status": 502},
    {"kind": "html", "at": "after", "status": 504},
    {"kind": "status", "at": "before", "status": 503, "code": "QUERY_LIMIT_EXCEEDED"},
    {"kind": "status", "at": "after", "status": 500},
    {"kind": "delay", "at": "before", "seconds": 0.7},
    {"kind": "delay", "at": "after", "seconds": 0.7},
    {"kind": "drop", "at": "after", "commands": 4},
    {"kind": "html", "at": "after", "commands": 2, "status": 500},
]
COMMAND_FAULTS: list[dict[str, Any]] = [
    {"kind": "command", "method": "crm.item.add", "at": "before"},
    {"kind": "command", "method": "crm.item.add", "at": "after"},
]


@dataclass
class Chaos:
    """One shop, one portal with limits, one source of chance."""

    shop: Shop
    chance: Random
    postgres: Postgres | None = None
    seen: Counter[str] = field(default_factory=Counter)
    """What befell the runs, and how they ended."""

    def __post_init__(self) -> None:
        limits = {"burst": 20, "requests_per_second": 15, "request_seconds": 4, "settle_seconds": SETTLE}
        self.shop.limits = limits
        self.shop.spec(DEALS, guards={"max_create": "unlimited"})
        self.calm()

    def calm(self) -> None:
        """A portal with limits and nothing else."""
        self.shop.portal.control("DELETE", "faults")
        self.shop.switch(limits=True, burst=25, requests_per_second=12, cost={"crm.item.add": 0.02}, sleep=True)

    def round(self) -> None:
        """New rows, new faults, one to three runs, and something that befalls each of them."""
        self.shop.grow(ROWS_A_ROUND)
        self.calm()
        for fault in self.chance.sample(FAULTS, 3) + self.chance.sample(COMMAND_FAULTS, 1):
            rare = 0.01 if fault["kind"] == "command" else 0.06
            self.shop.fault(**fault, times=0, probability=rare)
        with ThreadPoolExecutor(3) as pool:
            seeds = [self.chance.random() for _ in range(self.chance.choice([1, 1, 2, 3]))]
            for done in [pool.submit(self._one_run, Random(seed)) for seed in seeds]:
                done.result()
        self.shop.made()  # fails when an identity is there twice

    def _one_run(self, chance: Random) -> None:
        time.sleep(chance.random())
        environment = {}
        if chance.random() < 0.3:
            point, passes = chance.choice(list(Failpoint)), chance.randrange(4)
            environment[VARIABLE] = f"{point}:{passes}"
            self.seen[f"killed at {point}"] += 1
        with self.shop.applying("--wait", str(chance.choice([0, 3, 10])), **environment) as run:
            watch = ThreadPoolExecutor(1)
            ended = watch.submit(run.communicate)
            self._befall(run, chance)
            _, errors = ended.result(timeout=180)
            watch.shutdown()
        code = run.returncode if run.returncode >= 0 else 128 - run.returncode  # as a shell tells it
        self.seen[f"exit {code}"] += 1
        assert "failed in a way it should not" not in errors, errors
        assert code in EXIT_CODES, (code, errors)

    def _befall(self, run: subprocess.Popen[str], chance: Random) -> None:
        """Something, at some moment."""
        what = chance.choice(
            ["nothing", "kill", "kill", "stand still", "stand still", "signal", "two signals", "state"]
        )
        try:
            run.wait(0.4 + 3 * chance.random())
        except subprocess.TimeoutExpired:
            self.seen[what] += 1
        else:
            return
        match what:
            case "kill":
                run.kill()
            case "stand still":
                run.send_signal(signal.SIGSTOP)
                time.sleep(LONGEST_STANDSTILL * chance.random())
                run.send_signal(signal.SIGCONT)
            case "signal" | "two signals":
                run.send_signal(chance.choice([signal.SIGINT, signal.SIGTERM]))
                if what == "two signals":
                    time.sleep(0.1 * chance.random())
                    run.send_signal(signal.SIGINT)
            case "state" if self.postgres is not None:
                _hang_up(self.postgres)

    @contextmanager
    def portal_dies(self) -> Iterator[None]:
        """The portal's power fails, and comes back afterwards, at another address."""
        self.seen["portal dies"] += 1
        self.shop.portal.kill()
        yield
        self.shop.portal.start()

    def settle(self) -> list[int]:
        """Runs until nothing is left to do; the exit codes."""
        self.calm()
        codes: list[int] = []
        while not codes or (codes[-1] != 0 and len(codes) < 5):
            code, out, errors = self.shop.run("apply", "--wait", "60")
            codes.append(code)
            print(out, errors if code else "")
        return codes


def _hang_up(postgres: Postgres) -> None:
    """Every connection to the server ends."""
    with psycopg.connect(host=str(postgres.folder), user="postgres", autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
