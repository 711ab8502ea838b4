"""A plan of rows that are all known, against a floor: reading the rows and one SQL anti-join of their keys.

    python -m tests.bench.bench_plan [ROWS …]

The floor is `sqlite3` alone, in one process: it reads every row of the source and asks which keys the ledger lacks. The
plan is the installed command on the same source, state and an embedded portal. Peak memory is that of each process.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from syncer.model.change import EntityName
from syncer.model.identity import COMPANY, Scope
from syncer.store import NewRun, State

SYNCER = Path(sys.executable).with_name("syncer")
PORTAL = "bench"

SPEC = """
version: 1
name: bench
portal: {{sandbox: portal.db, name: {portal}}}
state: sqlite:///state.db
originatorId: bench
sources: {{erp: {{url: "sqlite:///source.db"}}}}
entities:
  companies:
    type: company
    source: erp
    query: SELECT * FROM customer
    originId: "{{{{ row.id }}}}"
    fields: {{title: "{{{{ row.name }}}}"}}
"""

FLOOR = """
import sqlite3, sys
db = sqlite3.connect("source.db")
cursor = db.execute("SELECT * FROM customer")
rows = 0
while batch := cursor.fetchmany(5000):
    rows += len(batch)
db.execute("ATTACH 'state.db' AS state")
missing = db.execute(
    "SELECT count(*) FROM customer c WHERE NOT EXISTS "
    "(SELECT 1 FROM state.item i WHERE i.scope_id = 1 AND i.origin_id = c.id)"
).fetchone()[0]
assert missing == 0 and rows == int(sys.argv[1]), (missing, rows)
"""


def build(folder: Path, rows: int) -> None:
    """A source of eight columns, and a state that knows every row of it."""
    (folder / "bench.yaml").write_text(SPEC.format(portal=PORTAL), encoding="utf-8")
    with sqlite3.connect(folder / "source.db") as source:
        source.execute(
            "CREATE TABLE customer (id TEXT PRIMARY KEY, name TEXT, city TEXT, street TEXT, phone TEXT, "
            "amount REAL, employees INTEGER, note TEXT) WITHOUT ROWID"
        )
        source.executemany(
            "INSERT INTO customer VALUES (?, ?, 'Hamburg', 'Elbchaussee 17', '+49 40 555 0100', ?, ?, NULL)",
            ((f"K{n:09d}", f"Customer {n}", n / 7, n % 500) for n in range(rows)),
        )
    with State.open(f"sqlite:///{folder / 'state.db'}", mode="write") as state:
        scope = Scope(COMPANY, "bench")
        portal_id = state.portals.id(PORTAL)
        state.owners.put(portal_id, EntityName("bench", "companies"), scope, "bench")
        state.ledger(portal_id, scope)
        state.lease.finish(state.lease.acquire(NewRun("bench", "bench"), 60), "done", {})
    with sqlite3.connect(folder / "state.db") as state_file:
        state_file.executemany(
            "INSERT INTO item (scope_id, origin_id, owner_id, status, item_id, run, fence, attempts, adopted) "
            "VALUES (1, ?, 1, 'created', ?, 1, 1, 0, 0)",
            ((f"K{n:09d}", n + 1) for n in range(rows)),
        )


def measured(folder: Path, *command: str) -> tuple[float, float]:
    """Seconds and peak megabytes of a command."""
    before = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output, errors = process.communicate()
    seconds = time.perf_counter() - before
    assert process.returncode == 0, errors
    assert "create" not in output.partition("Nothing to create")[0], output
    return seconds, 0.0


def peak(folder: Path, *command: str) -> float:
    """Peak megabytes of a command, from a process of its own, so that no other child counts."""
    probe = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, *command], cwd=folder, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main(sizes: list[int]) -> None:
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            build(folder, rows)
            plan = (str(SYNCER), "plan", "bench.yaml")
            floor = (sys.executable, "-c", FLOOR, str(rows))
            measured(folder, *plan)  # makes the embedded portal's file
            floors = [measured(folder, *floor)[0] for _ in range(3)]
            plans = [measured(folder, *plan)[0] for _ in range(3)]
            print(
                f"{rows:>10,} rows  floor {min(floors):6.2f} s  plan {min(plans):6.2f} s  "
                f"ratio {min(plans) / min(floors):5.2f}  peak {peak(folder, *plan):6.1f} MB"
            )


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [1_000_000, 3_000_000])
