"""A plan is saved and shown as a stream: four times the changes take no more memory."""

from __future__ import annotations

from pathlib import Path

from tests.bench.bench_plan import SYNCER, peak
from tests.bench.bench_saved import build

FEW, MANY = 20_000, 80_000
ROOM = 15.0
"""Megabytes that caches may grow by. Sixty thousand changes that are held take sixty and more."""


def test_many_changes_take_no_more_memory_than_few(tmp_path: Path) -> None:
    save, show = ("plan", "-o", "plan.jsonl", "bench.yaml"), ("show", "plan.jsonl")
    peaks: list[list[float]] = []
    for rows in (FEW, MANY):
        folder = tmp_path / str(rows)
        folder.mkdir()
        build(folder, rows)
        peaks.append([peak(folder, str(SYNCER), *each) for each in (save, show)])
        with (folder / "plan.jsonl").open("rb") as file:
            assert sum(1 for _ in file) == rows + 2, "a change a line, a header and a footer"
    saved, shown = (many - few for few, many in zip(*peaks, strict=True))
    assert (saved < ROOM, shown < ROOM) == (True, True), f"{saved} MB, {shown} MB"
