"""Failpoint × fault kind × state: a third of the pairs, drawn from a printed seed; `make soak` plays all of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Queue

import pytest

from tests.faults.forks import Forks
from tests.faults.table import KINDS, Pair, Played, Stage, pairs
from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox

STATES = ("sqlite", "postgresql")
AT_ONCE = 6
KINDS_A_POINT = int(os.environ.get("SYNCER_TABLE_KINDS", "5"))
"""15: each pair once, which takes two cores more than a minute."""


@contextmanager
def stage(folder: Path, postgres: Postgres, *, size: int) -> Iterator[Stage]:
    """Portals and processes for some scenes side by side."""
    free: Queue[tuple[RunningSandbox, Forks]] = Queue()
    with ExitStack() as leaving:
        for number in range(AT_ONCE):
            portal = leaving.enter_context(RunningSandbox(folder / f"portal{number}.db", "--no-limits"))
            free.put((portal, leaving.enter_context(Forks())))
        yield Stage(folder, postgres, free, size)


def play(rows: list[Pair], stage: Stage) -> None:
    """Plays the scenes, prints what they came to, and fails when one did not end well."""
    begun = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        played: list[Played] = list(pool.map(stage.play, rows))
    killed = sum(each.killed for each in played)
    again = sum(len(each.runs) > 1 for each in played)
    seconds = time.monotonic() - begun
    print(f"{len(played)} scenes, {killed} killed, {again} needed two more runs, {seconds:.0f} s")
    assert [f"{each.pair}: {each.wrong}" for each in played if each.wrong] == []
    assert killed > len(played) / 3


def test_points_and_kinds_of_faults(tmp_path: Path, postgres: Postgres) -> None:
    seed = os.environ.get("SYNCER_TABLE_SEED") or str(time.time_ns() % 10**6)
    print(f"SYNCER_TABLE_SEED={seed}")
    with stage(tmp_path, postgres, size=3) as here:
        play(list(pairs(STATES, seed, kinds=KINDS_A_POINT)), here)


@pytest.mark.soak
def test_all_of_the_table(tmp_path: Path, postgres: Postgres) -> None:
    seed = os.environ.get("SYNCER_TABLE_SEED", "20260731")
    print(f"SYNCER_TABLE_SEED={seed}, {len(KINDS)} kinds of faults")
    with stage(tmp_path, postgres, size=100) as here:  # a customer and a purchase each: 200 items
        play(list(pairs(STATES, seed)), here)
