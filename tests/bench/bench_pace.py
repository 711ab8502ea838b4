"""Pace: items a second as a share of what the portal's two limits allow, and refused requests.

    python -m tests.bench.bench_pace [SECONDS_AN_ITEM …]

The ceiling is a client that knows everything: what the leaky bucket has room for is sent at the first create, in full
batches, any number at once, and then as it drains; the operating budget is spent the moment it is there, and again
whenever its slice leaves. The budget's ten minutes pass in two, and the bucket drains 4 a second, between the
documented 2 and 5. Counted is the time from the first item to the last. The share must be 95 % or more, and no request
refused.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from threading import Event, Thread

from tests.bench.rivals import BATCH, Scene, syncer
from tests.sandbox_process import RunningSandbox

BURST, RATE = 50, 4.0
BUDGET, WINDOW = 96.0, 120.0
GOAL = 0.95
LOOK_SECONDS = 0.1
ADD = "crm.item.add"


@dataclass
class Watch:
    """Looks at a portal ten times a second, from its start to its `end`: when items appear, after how many requests."""

    portal: RunningSandbox
    before: int = 0
    first: float = 0.0
    last: float = 0.0
    items: int = 0
    end: Event = field(default_factory=Event)

    def run(self) -> None:
        while not self.end.wait(LOOK_SECONDS):
            seen = self.portal.control("GET", "")
            items, now = seen["items"].get("4", 0), time.monotonic()
            if not self.items:  # these are the requests and the moment before the first item
                self.before, self.first = seen["counters"]["requests"], now
            if items != self.items:
                self.items, self.last = items, now


def scene(cost: float, rows: int) -> Scene:
    limits = {"operating_seconds": BUDGET, "requests_per_second": RATE}
    switches = {"cost": {ADD: cost}, "sleep": True, "operating_window": WINDOW, **limits}
    return Scene(f"items of {cost:g} s", rows, switches, limits=limits)


SCENES = ((0.0, 20000), (0.05, 2880), (0.3, 480))


def ceiling(cost: float, rows: int, before: int) -> float:
    """The least seconds that so many rows can take, so many requests after the bucket was empty."""
    requests = ceil(rows / BATCH)
    bucket = max(0.0, (before + requests - BURST) / RATE)
    windows = max(0, ceil(rows * cost / BUDGET) - 1)
    return max(bucket, windows * WINDOW) + cost


def measure(cost: float, rows: int) -> tuple[Watch, int]:
    """What the watch saw, and how many requests and commands were refused."""
    with tempfile.TemporaryDirectory() as name, RunningSandbox(Path(name) / "portal.db") as portal:
        portal.control("PATCH", "settings", dict(scene(cost, rows).switches))
        watch = Watch(portal)
        watching = Thread(target=watch.run)
        watching.start()
        syncer(portal, scene(cost, rows), Path(name))
        watch.end.set()
        watching.join()
        log = portal.control("GET", "log")
        return watch, log["refused"] + log["refused_calls"]


def main(wanted: Sequence[str]) -> int:
    missed = False
    print(f"{'item':>8} {'items':>7} {'seconds':>8} {'ceiling':>8} {'share':>6} {'refused':>8}")
    for cost, rows in SCENES:
        if wanted and f"{cost:g}" not in wanted:
            continue
        watch, refused = measure(cost, rows)
        seconds, least = watch.last - watch.first, ceiling(cost, rows, watch.before)
        share = least / seconds
        met = share >= GOAL and not refused and watch.items == rows
        print(
            f"{cost:>6.2f} s {watch.items:>7} {seconds:>8.1f} {least:>8.1f} {share:>6.1%} {refused:>8}  "
            + ("met" if met else "MISSED"),
            flush=True,
        )
        missed |= not met
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
