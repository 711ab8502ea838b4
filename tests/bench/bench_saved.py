"""Saving and showing a plan of new rows, against a floor: their JSON lines written, and read, with a hash over them.

    python -m tests.bench.bench_saved [ROWS …]

`plan -o` is the installed command with the planning itself taken off (`plan` of the same rows), `show` reads and checks
the whole file. The entity trusts its state, so that no time goes to a portal. Peak memory is that of each process.
"""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.bench_plan import SYNCER, peak

SPEC = """
version: 1
name: bench
portal: {sandbox: portal.db, name: bench}
state: sqlite:///state.db
originatorId: bench
sources: {erp: {url: "sqlite:///source.db"}}
guards: {max_create: unlimited}
entities:
  companies:
    type: company
    source: erp
    query: SELECT * FROM customer
    originId: "{{ row.id }}"
    trust_state: true
    fields: {title: "{{ row.name }}", comments: "{{ row.note }}", addressLegal: "{{ row.street }}"}
"""

WRITE = """
import hashlib, json
sha = hashlib.sha256()
with open("plan.jsonl", "rb") as read, open("floor.jsonl", "wb") as file:
    for line in read:
        line = json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":")).encode() + b"\\n"
        sha.update(line)
        file.write(line)
"""
READ = """
import hashlib
sha = hashlib.sha256()
with open("plan.jsonl", "rb") as file:
    for line in file:
        sha.update(line)
"""


def build(folder: Path, rows: int) -> None:
    (folder / "bench.yaml").write_text(SPEC, encoding="utf-8")
    with sqlite3.connect(folder / "source.db") as source:
        source.execute("CREATE TABLE customer (id TEXT PRIMARY KEY, name TEXT, street TEXT, note TEXT) WITHOUT ROWID")
        source.executemany(
            "INSERT INTO customer VALUES (?, ?, 'Elbchaussee 17, Hamburg', 'A note of some length about them')",
            ((f"K{n:09d}", f"Customer {n}") for n in range(rows)),
        )


def seconds(folder: Path, *command: str) -> float:
    """Processor time of a command and its children: what else runs on the machine does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(sizes: list[int]) -> None:
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            build(folder, rows)
            plan, save = (str(SYNCER), "plan", "bench.yaml"), (str(SYNCER), "plan", "-o", "plan.jsonl", "bench.yaml")
            show = (str(SYNCER), "show", "plan.jsonl")
            planned, saved, shown = seconds(folder, *plan), seconds(folder, *save), seconds(folder, *show)
            written, read = (seconds(folder, sys.executable, "-c", code) for code in (WRITE, READ))
            print(
                f"{rows:>10,} rows  plan {planned:6.1f} s  plan -o {saved:6.1f} s (floor of writing {written:5.1f} s)  "
                f"show {shown:5.1f} s (floor {read:4.1f} s)  peak: plan -o {peak(folder, *save):6.1f} MB, "
                f"show {peak(folder, *show):6.1f} MB"
            )


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [100_000, 1_000_000])
