"""syncer beside `fast_bitrix24` and the official `b24pysdk`: duplicates, lost rows, refusals, time, and what they told.

    python -m tests.bench.bench_beside [SCENE …]

Each client meets each scene in a fresh sandbox portal with the limits of a commercial plan. Ours makes no duplicate,
loses no row, is refused nothing, and without faults takes at most 1.25 times as long as `fast_bitrix24` and 3 seconds.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.bench.rivals import Outcome, Scene, b24pysdk, b24pysdk_retried, compete, fast_bitrix24, syncer

ADD = "crm.item.add"
LOST_AND_FAILED = (
    {"kind": "drop", "at": "after", "method": "batch", "every": 10, "times": 0},
    {"kind": "status", "status": 500, "at": "after", "method": "batch", "every": 15, "times": 0},
)
SCENES = (
    Scene("items of 0 s", 2000, timed=True),
    Scene("items of 0.02 s", 2000, {"cost": {ADD: 0.02}, "sleep": True}, timed=True),
    Scene("items of 0.3 s", 400, {"cost": {ADD: 0.3}, "sleep": True}, timed=True),
    Scene(
        "60 s of work, 24 s allowed in 30 s",
        600,
        {"cost": {ADD: 0.1}, "sleep": True, "operating_seconds": 24, "operating_window": 30},
        limits={"operating_seconds": 24},
    ),
    Scene(
        "an answer lost every 10th request, a 500 after the work every 15th",
        1000,
        {"cost": {ADD: 0.02}, "sleep": True},
        LOST_AND_FAILED,
        limits={"request_seconds": 5},
    ),
)
CLIENTS = (syncer, fast_bitrix24, b24pysdk, b24pysdk_retried)


def missed(scene: Scene, outcomes: Sequence[Outcome]) -> list[str]:
    """What our own outcome, the first, does not hold of what is promised."""
    ours, peer = outcomes[0], outcomes[1]
    found = [name for name in ("duplicates", "lost", "refused") if getattr(ours, name)]
    if scene.timed and ours.seconds > peer.seconds * 1.25 + 3:
        found.append(f"{ours.seconds:.1f} s, allowed {peer.seconds * 1.25 + 3:.1f} s")
    return found


def main(wanted: Sequence[str]) -> int:
    failures = 0
    print(f"{'':<16} {'duplicates':>10} {'lost':>6} {'refused':>8} {'requests':>9} {'seconds':>8}  told")
    for scene in SCENES:
        if wanted and not any(each in scene.name for each in wanted):
            continue
        print(f"{scene.rows:,} rows, {scene.name}")
        outcomes = [compete(client, scene) for client in CLIENTS]
        for each in outcomes:
            print(
                f"{each.client:<16} {each.duplicates:>10} {each.lost:>6} {each.refused:>8} {each.requests:>9} "
                f"{each.seconds:>8.1f}  {each.told}",
                flush=True,
            )
        for text in missed(scene, outcomes):
            print(f"MISSED: {text}")
            failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
