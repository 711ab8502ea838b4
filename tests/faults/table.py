"""A run is killed at a point while the portal fails in one way; after at most two more runs all is there, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from random import Random
from signal import SIGKILL
from typing import Any, NamedTuple

from syncer.execute.failpoints import VARIABLE, Failpoint
from syncer.store import State, Status
from tests.faults.shop import COMPANY, Shop
from tests.plan.project import DEALS
from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox

MORE_RUNS = 2
STATES = ("sqlite", "postgresql")
TERMINAL = {Status.CREATED}
LEASES = ("1", "30")
"""Of the run that is killed, which the next one waits for; and of the others, which load must not cost their lease."""
QUICKLY = {"burst": 1000, "requests_per_second": 1000, "request_seconds": 2, "settle_seconds": 0.6}

ADD = {"kind": "command", "method": "crm.item.add"}
KINDS: dict[str, dict[str, Any]] = {
    "request lost": {"kind": "drop", "at": "before"},
    "answer lost": {"kind": "drop"},
    "broken off": {"kind": "drop", "method": "batch", "commands": 2},
    "half an answer": {"kind": "cut"},
    "500 before": {"kind": "status", "at": "before"},
    "500 after": {"kind": "status"},
    "502 page before": {"kind": "html", "at": "before", "status": 502},
    "503 page after": {"kind": "html", "status": 503},
    "503 bucket": {"kind": "status", "at": "before", "status": 503, "code": "QUERY_LIMIT_EXCEEDED"},
    "504 after": {"kind": "status", "status": 504, "code": ""},
    "error and no item": ADD | {"at": "before"},
    "error and an item": ADD | {"at": "after"},
    "unheard-of code": ADD | {"at": "after", "code": "ERROR_UNHEARD_OF"},
    "429 of a command": ADD | {"at": "before", "status": 429, "code": "OPERATION_TIME_LIMIT"},
    "right taken away": {"kind": "switch", "switches": {"denied": ["add"]}},
}
"""Ways to fail: faults of the sandbox, as in docs/sandbox.md."""

OFTEN = {Failpoint.PLANNING, *[*Failpoint][3:9]}
"""What a run comes by for every batch; by the others once, whatever it brings."""


class Pair(NamedTuple):
    """A row of the table. `number` seeds what is left to chance: which requests are struck, and the passes."""

    point: Failpoint
    kind: str
    state: str
    number: int

    def __str__(self) -> str:
        return f"{self.point} × {self.kind} × {self.state}, seed {self.number}"


def pairs(seed: str, *, states: int = 1) -> Iterator[Pair]:
    """Every point with every kind, with each state or with one that is drawn."""
    chance = Random(seed)
    for point in Failpoint:
        for kind in KINDS:
            for state in chance.sample(STATES, states):
                yield Pair(point, kind, state, chance.randrange(10**6))


@dataclass
class Played:
    """What a scene came to."""

    pair: Pair
    killed: bool
    """Whether the run came by the point: a portal that fails may end it before."""
    struck: bool
    """Whether the fault came to something before that."""
    runs: list[int]
    """Exit codes of the runs without faults."""
    wrong: str
    """What is not as it must be; empty: nothing."""


@dataclass
class Stage:
    """Where scenes are played: portals, each for one scene at a time."""

    folder: Path
    postgres: Postgres
    free: Queue[RunningSandbox]
    size: int

    def play(self, pair: Pair) -> Played:
        portal = self.free.get()
        try:
            return self._play(pair, portal)
        finally:
            self.free.put(portal)

    def _play(self, pair: Pair, portal: RunningSandbox) -> Played:
        folder = self.folder / f"{pair.point}-{pair.kind}-{pair.state}".replace(" ", "_")
        folder.mkdir()
        portal.control("DELETE", "")
        url = self.postgres.fresh_database() if pair.state == "postgresql" else ""
        shop = Shop(folder, portal, url, size=self.size, limits=QUICKLY)
        shop.spec(DEALS, guards={"max_create": "unlimited"})
        shop.switch(operating_window=1)  # a method that is refused for its time is free again in a second
        prepare(pair, shop)
        passes = Random(pair.number).choice([0, 0, 1]) if pair.point in OFTEN else 0
        killed = self._apply(shop, LEASES[0], **{VARIABLE: f"{pair.point}:{passes}"})
        faulty = struck(pair, portal)
        portal.control("DELETE", "faults")
        shop.switch(denied=[])
        runs: list[int] = []
        while len(runs) < MORE_RUNS and (not runs or runs[-1]):
            runs.append(self._apply(shop, LEASES[1]))
        return Played(pair, killed == -SIGKILL, faulty, runs, self._wrong(shop, runs))

    def _apply(self, shop: Shop, lease: str, **more: str) -> int:
        code, _, errors = shop.run("apply", "--wait", "60", SYNCER_LEASE_SECONDS=lease, **more)
        (shop.folder / "errors.txt").write_text(errors)
        return code

    def _wrong(self, shop: Shop, runs: list[int]) -> str:
        found = []
        with State.open(shop.state_url, mode="read") as state:
            items = list(state.items(state.portals.id("acme")))
        try:
            if shop.made() != shop.wanted():
                found.append("something is lost")
        except AssertionError as error:
            found.append(str(error))
        if open_ones := [f"{each.origin_id} {each.status}" for each in items if each.status not in TERMINAL]:
            found.append(f"not terminal: {open_ones[:5]}")
        if len(items) != 2 * self.size:
            found.append(f"the ledger has {len(items)} items")
        if runs[-1]:
            found.append(f"exit codes {runs}: {(shop.folder / 'errors.txt').read_text()[-2000:]}")
        return "; ".join(found)


def prepare(pair: Pair, shop: Shop) -> None:
    """Puts the faults in place, and what has to befall the run for it to come by the point."""
    chance = Random(pair.number)
    if pair.point is Failpoint.ADOPTED:
        for key in shop.keys[:2]:
            fields = {"title": f"Customer {key}", "originatorId": "erp", "originId": key}
            shop.portal.call("crm.item.add", entityTypeId=COMPANY, fields=fields)
    if pair.point in (Failpoint.LOOKED_UP, Failpoint.SETTLED):
        shop.fault("command", method="crm.item.add", at="after", code="ERROR_UNHEARD_OF", skip=2)
    fault = KINDS[pair.kind]
    one_call = fault["kind"] == "command"  # a run makes six of these, and a dozen requests
    first, each = chance.randrange(1, 4) if one_call else chance.randrange(3, 7), chance.randrange(2, 5)
    every = {} if times(fault) == 1 else {"every": each, "skip": max(0, first + 1 - each)}
    shop.fault(**{**fault, "skip": first, "times": times(fault)} | every)


def times(fault: dict[str, Any]) -> int:
    """How often a fault may strike."""
    return 1 if fault["kind"] == "switch" or fault.get("status") == 429 else 4


def struck(pair: Pair, portal: RunningSandbox) -> bool:
    """Whether the pair's fault did: else it waits as it was."""
    fault = KINDS[pair.kind]
    whole = fault | {"times": times(fault)}
    return not any(whole.items() <= waiting.items() for waiting in portal.control("GET", "")["faults"])
