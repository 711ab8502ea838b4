"""Twenty thousand items, a fault on a tenth of the requests, and runs that are killed every few seconds."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.faults.shop import COMPANY, Shop
from tests.faults.table import KINDS
from tests.plan.project import COMPANIES
from tests.sandbox_process import RunningSandbox

ITEMS = int(os.environ.get("SYNCER_SOAK_ITEMS", "20000"))
SEED = os.environ.get("SYNCER_SOAK_SEED", "20260731")
SHARE = 0.1
LIMITS = {"burst": 1000, "requests_per_second": 1000, "request_seconds": 1, "settle_seconds": 2}
KILLED_AFTER = (3.0, 15.0)
STRIKING = [fault for fault in KINDS.values() if fault["kind"] not in ("command", "switch")]


@pytest.mark.soak
def test_twenty_thousand_items(tmp_path: Path) -> None:
    print(f"SYNCER_SOAK_SEED={SEED}")
    chance, ends, begun = Random(SEED), Counter[int](), time.monotonic()
    with RunningSandbox(tmp_path / "portal.db", "--no-limits", "--seed", SEED) as portal:
        shop = Shop(tmp_path, portal, size=ITEMS, limits=LIMITS)
        shop.spec(COMPANIES, guards={"max_create": "unlimited"})
        left = 1.0
        for fault in STRIKING:  # one after another is asked, so a later one sees what the earlier let pass
            shop.fault(**fault, times=0, probability=SHARE / len(STRIKING) / left)
            left -= SHARE / len(STRIKING)
        while not ends[0]:
            with shop.applying("--wait", "60") as run:
                try:
                    run.communicate(timeout=chance.uniform(*KILLED_AFTER))
                except subprocess.TimeoutExpired:
                    run.kill()
                    run.communicate()
                ends[run.returncode] += 1
        found = Counter(item["originId"] for item in portal.items(COMPANY))
        counters = portal.control("GET", "log")
        print(
            f"{ITEMS} items: {sum(found.values()) - len(found)} duplicates, {len(set(shop.keys) - set(found))} lost; "
            f"{ {name: value for name, value in counters.items() if name not in ('entries', 'calls')} }; "
            f"runs by exit code {dict(ends)}; {time.monotonic() - begun:.0f} s"
        )
        assert found == Counter(shop.keys)
        assert shop.left_open() == {}
        portal.control("DELETE", "faults")
        assert shop.run("plan", "--detailed-exitcode")[0] == 0
