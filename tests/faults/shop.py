"""Customers and their purchases, brought to a portal by real commands; what must be there in the end."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from syncer.execute.failpoints import VARIABLE, Failpoint
from syncer.store import State
from tests.plan.project import DEALS, QUICK, Project

LEASE = "1"
"""SYNCER_LEASE_SECONDS: the next run need not wait long for one that was killed."""

LIMITS = QUICK | {"settle_seconds": 1.0}

COMPANY, DEAL = 4, 2


@dataclass
class Shop(Project):
    """A project with `size` customers and as many purchases, each of another customer."""

    size: int = 12
    limits: Mapping[str, Any] = field(default_factory=lambda: LIMITS)

    def __post_init__(self) -> None:
        super().__post_init__()
        (self.folder / "tmp").mkdir()
        self.keys: list[str] = []
        self.grow(self.size)
        self.spec(DEALS)

    @property
    def environment(self) -> dict[str, str]:
        temporary = str(self.folder / "tmp")
        return super().environment | {
            "SYNCER_LEASE_SECONDS": LEASE,
            "TMPDIR": temporary,
            "SYNCER_LOG_FORMAT": "console",
        }

    def grow(self, count: int) -> None:
        """Adds customers and their purchases to the source."""
        self.keys += [f"{len(self.keys) + number:04}" for number in range(1, count + 1)]
        self.sell_all()

    def sell_all(self) -> None:
        """Fills the source: every customer, and a purchase of each."""
        self.customers(*self.keys)
        self.purchases(*((f"P{key}", key) for key in self.keys))

    def slow(self, seconds: float) -> None:
        """Each create takes the portal so long; a batch goes on when its client is gone."""
        self.switch(cost={"crm.item.add": seconds}, sleep=True)

    def finish(self) -> tuple[int, str, str]:
        """Applies once more, waiting for the lease of a dead run: exit code, stdout, stderr."""
        return self.run("apply", "--wait", "120")

    def left_open(self) -> dict[str, int]:
        """Run id → items it left without a known outcome."""
        with State.open(self.state_url, mode="read") as state:
            return state.left_open(state.portals.id("acme"), {"shop"})

    def made(self) -> tuple[set[str], dict[str, str | None]]:
        """Companies in the portal by key, and deals with the key of the company they refer to: each there once."""
        companies = self.items(COMPANY)
        by_id = {company["id"]: key for key, company in companies.items()}
        return set(companies), {key: by_id.get(deal["companyId"]) for key, deal in self.items(DEAL).items()}

    def wanted(self) -> tuple[set[str], dict[str, str | None]]:
        """What `made` gives when nothing is lost and nothing is there twice."""
        return set(self.keys), {f"P{key}": key for key in self.keys}

    @contextmanager
    def applying(self, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """`syncer apply`, running; it is dead afterwards."""
        with self.command("apply", *arguments, **environment) as process:
            yield process


def frozen(point: Failpoint, passes: int = 0) -> dict[str, str]:
    """The environment of a run that stands still at a point."""
    return {VARIABLE: f"{point}:{passes}:stop"}


def stands_still(process: subprocess.Popen[str]) -> None:
    """Waits until a process has stopped itself."""
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), process.stderr and process.stderr.read()


def go_on(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Lets a process that stands still run to its end: exit code, stdout, stderr."""
    process.send_signal(signal.SIGCONT)
    out, errors = process.communicate(timeout=120)
    return process.returncode, out, errors
