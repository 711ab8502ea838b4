"""Failpoint × fault kind: each pair once, its state drawn from a printed seed; `make soak` plays it with each state."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Queue

import pytest

from syncer.execute.failpoints import Failpoint
from tests.faults.table import KINDS, STATES, Pair, Played, Stage, pairs
from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox

AT_ONCE = 8


@contextmanager
def stage(folder: Path, postgres: Postgres, *, size: int) -> Iterator[Stage]:
    """Portals for some scenes side by side."""
    free: Queue[RunningSandbox] = Queue()
    with ExitStack() as leaving:
        for number in range(AT_ONCE):
            free.put(leaving.enter_context(RunningSandbox(folder / f"portal{number}.db", "--no-limits")))
        yield Stage(folder, postgres, free, size)


def play(rows: list[Pair], stage: Stage) -> str:
    """Plays the scenes, gives what they came to, and fails when one did not end well.

    Each point must have been reached and each kind have struck in some of them, or the table would prove nothing.
    """
    begun = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        played: list[Played] = list(pool.map(stage.play, rows))
    again = sum(len(each.runs) > 1 for each in played)
    killed = Counter(str(each.pair.point) for each in played if each.killed)
    struck = Counter(each.pair.kind for each in played if each.struck)
    seconds = time.monotonic() - begun
    told = f"{len(played)} scenes, {killed.total()} killed, {again} needed two more runs, {seconds:.0f} s"
    print(f"{told}\nkilled at: {dict(killed)}\nstruck by: {dict(struck)}")
    assert [f"{each.pair}: {each.wrong}" for each in played if each.wrong] == []
    assert set(Failpoint) - killed.keys() == set(), "points that no run came by"
    assert KINDS.keys() - struck.keys() == set(), "faults that no run met"
    return told


def test_points_and_kinds_of_faults(tmp_path: Path, postgres: Postgres, tell: Callable[[str], None]) -> None:
    seed = os.environ.get("SYNCER_TABLE_SEED") or str(time.time_ns() % 10**6)
    print(f"SYNCER_TABLE_SEED={seed}")
    with stage(tmp_path, postgres, size=3) as here:
        tell(f"points and kinds of faults: {play(list(pairs(seed)), here)}; SYNCER_TABLE_SEED={seed}")


@pytest.mark.soak
def test_all_of_the_table(tmp_path: Path, postgres: Postgres) -> None:
    seed = os.environ.get("SYNCER_TABLE_SEED", "20260731")
    print(f"SYNCER_TABLE_SEED={seed}, {len(KINDS)} kinds of faults")
    with stage(tmp_path, postgres, size=100) as here:  # a customer and a purchase each: 200 items
        play(list(pairs(seed, states=len(STATES))), here)
