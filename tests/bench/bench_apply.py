"""`syncer apply` of new items against `fast_bitrix24`, which keeps no ledger, at the documented leaky bucket.

    python -m tests.bench.bench_apply [ITEMS]

Each side has a sandbox portal of its own, fresh, with the limits of a commercial plan. The peer gets the fields ready
made and only sends them; syncer reads, renders, plans, looks up, records, sends and sweeps. Allowed are 1.25 times the
peer's time and 3 seconds, and no refused request.
"""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from fast_bitrix24 import Bitrix

from tests.sandbox_process import RunningSandbox

SYNCER = Path(sys.executable).with_name("syncer")
ITEMS = 5000
SLICE = 50
"""Items the peer is given at a time: a batch. Given more, it lets go more requests than the bucket holds, is refused,
and with 2,500 gives up."""

SPEC = """
version: 1
name: bench
portal: {{webhook: "{url}", name: bench}}
state: sqlite:///state.db
originatorId: bench
sources: {{erp: {{url: "sqlite:///source.db"}}}}
guards: {{max_create: unlimited}}
entities:
  companies:
    type: company
    source: erp
    query: SELECT * FROM customer
    originId: "{{{{ row.id }}}}"
    fields:
      title: "{{{{ row.name }}}}"
      comments: "{{{{ row.city }}}}, {{{{ row.street }}}}"
      revenue: "{{{{ row.amount }}}}"
      fm: [{{typeId: PHONE, valueType: WORK, value: "{{{{ row.phone }}}}"}}]
"""


def rows(count: int) -> list[tuple[str, str, str, str, str, float]]:
    return [
        (f"K{n:06d}", f"Customer {n}", "Hamburg", f"Elbchaussee {n}", f"+49 40 555 {n:04d}", n / 4)
        for n in range(count)
    ]


def ours(folder: Path, count: int) -> tuple[float, dict[str, Any]]:
    """Seconds, and the portal's counters."""
    with sqlite3.connect(folder / "source.db") as source:
        source.execute("CREATE TABLE customer (id TEXT PRIMARY KEY, name, city, street, phone, amount)")
        source.executemany("INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?)", rows(count))
    with RunningSandbox(folder / "portal.db") as portal:
        (folder / "bench.yaml").write_text(SPEC.format(url=portal.url), encoding="utf-8")
        command = (str(SYNCER), "apply", "bench.yaml")
        started = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
        assert done.returncode == 0, done.stderr
        assert len(portal.items(4)) == count
        return seconds, portal.control("GET", "log")


def theirs(folder: Path, count: int) -> tuple[float, dict[str, Any]]:
    """Seconds, and the portal's counters."""
    logging.disable(logging.CRITICAL)
    with RunningSandbox(folder / "peer.db") as portal:
        items = [
            {
                "entityTypeId": 4,
                "fields": {
                    "title": name,
                    "comments": f"{city}, {street}",
                    "revenue": amount,
                    "fm": [{"typeId": "PHONE", "valueType": "WORK", "value": phone}],
                    "originatorId": "bench",
                    "originId": key,
                },
            }
            for key, name, city, street, phone, amount in rows(count)
        ]
        peer = Bitrix(portal.url, verbose=False)
        started = time.perf_counter()
        for first in range(0, count, SLICE):
            peer.call("crm.item.add", items[first : first + SLICE])
        seconds = time.perf_counter() - started
        assert len(portal.items(4)) == count
        return seconds, portal.control("GET", "log")


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        peer, peer_log = theirs(Path(name), count)
        seconds, log = ours(Path(name), count)
    print(f"{count:,} items")
    for who, took, asked in (("fast_bitrix24", peer, peer_log), ("syncer", seconds, log)):
        print(f"{who:<14} {took:5.1f} s  {asked['requests']} requests, {asked['refused']} refused")
    allowed = peer * 1.25 + 3
    print(f"ratio {seconds / peer:4.2f}, allowed {allowed:4.1f} s: {'met' if seconds <= allowed else 'MISSED'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ITEMS)
