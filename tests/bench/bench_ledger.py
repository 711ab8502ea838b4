"""How fast the ledger tells which of a million known keys need anything, against the bare sqlite3 driver.

python -m tests.bench.bench_ledger

A repeated run over a source spends its time here. The floor is the driver alone, with the fastest statement we know.
"""

import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from syncer.model.identity import ItemId
from syncer.store import Found, Intent, Known, NewRun, State
from tests.postgres import Postgres
from tests.store.conftest import ERP, Opened, begin

ROWS = 1_000_000
BATCH = 10_000
HASH = "0123456789abcdef0123456789abcdef"
SLOWEST = 2.0  # times the bare driver


def batches(keys: list[str], size: int = BATCH) -> Iterator[list[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def fill(opened: Opened, keys: list[str]) -> None:
    for number, batch in enumerate(batches(keys)):
        opened.ledger.intend(opened.hold, opened.owner, [Intent(key, HASH) for key in batch])
        made = [Found(key, ItemId(number * BATCH + place)) for place, key in enumerate(batch, 1)]
        opened.ledger.created(opened.hold, made)


def ask(opened: Opened, keys: list[str]) -> list[Known]:
    return [known for batch in batches(keys) for known in opened.ledger.unsettled(opened.owner, batch)]


def bare(path: Path, keys: list[str]) -> int:
    query = (
        "SELECT count(*) FILTER (WHERE status = 'created' AND owner_id = 1) "
        "FROM json_each(?) AS asked LEFT JOIN item ON item.scope_id = 1 AND item.origin_id = asked.value"
    )
    with closing(sqlite3.connect(path)) as connection:
        return sum(connection.execute(query, (json.dumps(batch),)).fetchone()[0] for batch in batches(keys))


def report(name: str, url: str) -> float:
    keys = [f"CUST-{number:08}" for number in range(ROWS)]
    shuffled = random.Random(1).sample(keys, ROWS)
    with State.open(url, mode="write") as state:
        opened = begin(state, url, seconds=3600)
        print(f"{name}: {ROWS:,} intents and results recorded in {timed(lambda: fill(opened, keys)):.1f} s")
        opened.ledger.intend(opened.hold, opened.owner, [Intent("pending", HASH)])
        print(f"{name}: what is pending among them, {timed(opened.ledger.pending) * 1000:.1f} ms")
        print(f"{name}: counted in {timed(lambda: state.counts(opened.portal)) * 1000:.0f} ms")
        small = shuffled[:50_000]
        seconds = timed(lambda: [opened.ledger.ids(batch) for batch in batches(small, 50)])
        print(f"{name}: 1,000 times the ids of 50 keys in {seconds:.2f} s")
        state.lease.renew(opened.hold, -1)
        taken = timed(lambda: state.lease.acquire(NewRun("next", "apply"), 30))
        print(f"{name}: the lease taken over in {taken * 1000:.1f} ms")
    with State.open(url, mode="read") as state:
        reading = Opened(url, state, opened.portal, opened.owner, state.ledger(opened.portal, ERP), opened.hold)
        assert ask(reading, keys) == []
        known, mixed = timed(lambda: ask(reading, keys)), timed(lambda: ask(reading, shuffled))
        new = timed(lambda: ask(reading, [f"{key}x" for key in keys]))
    print(f"{name}: {ROWS:,} known keys in {known:.2f} s in order, {mixed:.2f} s shuffled; {ROWS:,} new in {new:.2f} s")
    return known


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "syncer.db"
        ours = report("SQLite", f"sqlite:///{path}")
        print(f"SQLite: the file has {path.stat().st_size / 1e6:.0f} MB")
        keys = [f"CUST-{number:08}" for number in range(ROWS)]
        assert bare(path, keys) == ROWS
        floor = timed(lambda: bare(path, keys))
    ratio = ours / floor
    print(f"SQLite: the bare driver, {floor:.2f} s: ratio {ratio:.2f}")
    report("PostgreSQL", Postgres().fresh_database())
    return int(ratio > SLOWEST)


if __name__ == "__main__":
    sys.exit(main())
