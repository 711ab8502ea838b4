"""A run is killed at every point where that could matter, and whenever; the next one makes one item of each identity.

The scenes are played side by side, each with a portal of its own; each test looks at one of them.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from random import Random
from signal import SIGKILL
from typing import NamedTuple

import pytest

from syncer.execute.failpoints import VARIABLE, Failpoint
from tests.faults.shop import COMPANY, Shop
from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox

AT_ONCE = 3

TABLE: dict[Failpoint, tuple[int, ...]] = {
    # how often the run comes by before it is killed; its batches are a company, the others, a deal, the others
    Failpoint.LEASE_TAKEN: (0,),
    Failpoint.PLANNING: (0, 3),
    Failpoint.ADOPTED: (0,),
    Failpoint.INTENDING: (0, 3),
    Failpoint.INTENDED: (0, 1),
    Failpoint.SUBMITTED: (0, 1, 3),
    Failpoint.REQUEST_LEAVES: (0, 3),
    Failpoint.ANSWERED: (0, 1, 3),
    Failpoint.RECORDED: (0, 1, 2),
    Failpoint.LOOKED_UP: (0,),
    Failpoint.SETTLED: (0,),
    Failpoint.SWEEPING: (0,),
    Failpoint.SWEPT: (0,),
    Failpoint.RELEASING: (0,),
}


SEEDS = (1, 2, 3)
KILLS = 5


class Case(NamedTuple):
    """A run that is killed at a point, having come by so often; or runs killed whenever, by a seed."""

    state: str
    point: Failpoint | None
    number: int

    def __str__(self) -> str:
        return f"{self.state}-{self.point or 'whenever'}-{self.number}"


ROWS: list[tuple[Failpoint | None, tuple[int, ...]]] = [(None, SEEDS), *TABLE.items()]

CASES = [
    Case(state, point, number) for state in ("sqlite", "postgresql") for point, numbers in ROWS for number in numbers
]


@dataclass
class Scene:
    """What was seen: the killed run's exit code, what it left open, the next run, and what was there in the end."""

    killed: int
    left_open: dict[str, int]
    code: int
    errors: str
    shop: Shop
    made: object
    still_open: dict[str, int]
    files: list[str]


def play(case: Case, folder: Path, postgres: Postgres, portals: Queue[RunningSandbox]) -> Scene:
    portal = portals.get()
    try:
        portal.control("DELETE", "")
        folder.mkdir()
        shop = Shop(folder, portal, postgres.fresh_database() if case.state == "postgresql" else "")
        prepare(case, shop)
        if case.point is None:
            killed = kill_whenever(shop, Random(case.number))
        else:
            killed, _, _ = shop.run("apply", **{VARIABLE: f"{case.point}:{case.number}"})
        left_open = shop.left_open()
        code, _, errors = shop.finish()
        # one that was killed before it took the name away had written nothing to it
        files = [path.name for path in (shop.folder / "tmp").iterdir() if path.stat().st_size]
        return Scene(killed, left_open, code, errors, shop, shop.made(), shop.left_open(), files)
    finally:
        portals.put(portal)


def prepare(case: Case, shop: Shop) -> None:
    """What has to befall the run for it to come by that point."""
    shop.slow(0.01)
    if case.point is Failpoint.ADOPTED:
        for key in shop.keys[:3]:
            fields = {"title": f"Customer {key}", "originatorId": "erp", "originId": key}
            shop.portal.call("crm.item.add", entityTypeId=COMPANY, fields=fields)
    if case.point in (Failpoint.LOOKED_UP, Failpoint.SETTLED):  # two items are made, and the answers hide it
        shop.fault("command", method="crm.item.add", at="after", code="ERROR_UNHEARD_OF", skip=4, times=2)


def kill_whenever(shop: Shop, chance: Random) -> int:
    """Kills runs at random moments, until one was done before; the last one's exit code."""
    shop.slow(0.1)
    code = 0
    for _ in range(KILLS):
        with shop.applying("--wait", "60") as run:
            try:
                if run.wait(0.3 + 1.5 * chance.random()) == 0:
                    break
            except subprocess.TimeoutExpired:
                run.kill()
                code = run.wait()
    return code


@pytest.fixture(scope="module")
def scenes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: Postgres
) -> Iterator[dict[Case, Future[Scene]]]:
    """The scenes of the tests that were asked for, under way."""
    wanted = [case for item in request.session.items if isinstance(case := _parameters(item).get("case"), Case)]
    folder = tmp_path_factory.mktemp("scenes")
    portals: Queue[RunningSandbox] = Queue()
    with ExitStack() as leaving:
        for number in range(AT_ONCE):
            portals.put(leaving.enter_context(RunningSandbox(folder / f"portal{number}.db", "--no-limits")))
        pool = leaving.enter_context(ThreadPoolExecutor(AT_ONCE))
        yield {case: pool.submit(play, case, folder / str(case), postgres, portals) for case in wanted}


def _parameters(item: pytest.Item) -> dict[str, object]:
    return item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}


def test_every_point_is_in_the_table() -> None:
    assert set(TABLE) == set(Failpoint)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_killed(case: Case, scenes: dict[Case, Future[Scene]]) -> None:
    scene = scenes[case].result()
    assert scene.killed == -SIGKILL, "the run came by the point"
    assert (scene.code, scene.still_open) == (0, {}), scene.errors
    assert scene.made == scene.shop.wanted()
    assert scene.files == [], "rows of the source are left in a temporary file"
    first = next(line for line in scene.errors.splitlines() if "state.waiting" not in line)
    for run, count in scene.left_open.items():
        assert f"resuming run {run}: {count} item" in first
    assert ("resuming" in scene.errors) == bool(scene.left_open)


def test_what_is_resumed_is_in_the_json_logs_too(shop: Shop) -> None:
    shop.run("apply", **{VARIABLE: f"{Failpoint.INTENDED}:1"})
    ((earlier, count),) = shop.left_open().items()
    _, _, errors = shop.run("apply", "--wait", "60", "--log-format", "json")
    events = [json.loads(line) for line in errors.splitlines()]
    first = next(event for event in events if event["event"] != "state.waiting")
    assert (first["event"], first["earlier"], first["items"], count) == ("run.resumed", earlier, count, 11)
    assert first["message"] == f"resuming run {earlier}: 11 items without a known outcome"


@pytest.mark.parametrize("setting", ["no_such_point", "intended:x", "intended:0:go"])
def test_a_point_that_is_none_is_refused(shop: Shop, setting: str) -> None:
    code, _, errors = shop.run("apply", **{VARIABLE: setting})
    assert (code, "the points are lease_taken, planning" in errors) == (64, True)
