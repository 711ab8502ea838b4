"""`syncer apply` with `write: import`, of rows out of a CSV file and of PostgreSQL: time beside a floor, and memory.

    python -m tests.bench.bench_import [CSV_ROWS POSTGRESQL_ROWS]

The floor is a bare loop that only sends them. Each side has a fresh sandbox portal with the limits of a commercial
plan. The floor has the commands ready made, 50 calls of 20 items a request, and looks at no answer. syncer reads the
rows, renders, plans, looks up, sorts them by `createdTime`, records, sends, reads back and sweeps. Memory is flat when
a tenth takes as much.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg

from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox

SYNCER = Path(sys.executable).with_name("syncer")
SPEC = """
version: 1
name: bench
portal: {{webhook: "{url}", name: bench}}
state: sqlite:///state{count}.db
originatorId: bench
sources: {{erp: {source}}}
guards: {{max_create: unlimited}}
entities:
  companies:
    type: company
    write: import
    source: erp
    query: SELECT * FROM customer WHERE id < {count}
    originId: "{{{{ row.id }}}}"
    fields:
      title: "{{{{ row.name }}}}"
      comments: "{{{{ row.city }}}}, {{{{ row.street }}}}"
      revenue: "{{{{ row.amount }}}}"
      createdTime: "{{{{ row.made | datetime('UTC') }}}}"
"""
ROWS = """
CREATE TABLE customer AS SELECT n AS id, 'Customer ' || n AS name, 'Hamburg' AS city, 'Elbchaussee ' || n AS street,
  n / 4.0 AS amount, timestamp '2015-01-01' + n * 7919 % {count} * interval '1 minute' AS made
FROM generate_series(0, {count} - 1) AS n
"""
TYPES = "{id: integer, amount: 'decimal(18,2)', made: datetime}"
MEASURED = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
busy = usage.ru_utime + usage.ru_stime
told = json.loads(done.stdout)
print(json.dumps([done.returncode, time.perf_counter() - started, usage.ru_maxrss / 1024, busy, told]))
"""


def write_csv(path: Path, count: int) -> None:
    first = dt.datetime(2015, 1, 1)
    with path.open("w", encoding="cp1251") as file:
        file.write("id,name,city,street,amount,made\n")
        for n in range(count):
            made = first + dt.timedelta(minutes=n * 7919 % count)
            file.write(f'{n},"Завод ""{n}""",Hamburg,Elbchaussee {n},{n / 4},{made}\n')


def ours(folder: Path, source: str, count: int) -> tuple[float, float, float, dict[str, int]]:
    """Seconds, MiB, seconds of processor time, and the portal's counters."""
    with RunningSandbox(folder / f"portal{count}.db") as portal:
        (folder / "bench.yaml").write_text(SPEC.format(url=portal.url, source=source, count=count), encoding="utf-8")
        run = (sys.executable, "-c", MEASURED, str(SYNCER), "apply", "bench.yaml", "--format", "json")
        told = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True).stdout
        code, seconds, memory, busy, document = json.loads(told)
        assert (code, document["summary"]["created"], document["stored_otherwise"]) == (0, count, []), document
        return seconds, memory, busy, portal.control("GET", "log")


def floor(folder: Path, count: int) -> tuple[float, int]:
    """Seconds, and requests, of sending alone, at the pace of the bucket."""

    def call(first: int) -> str:
        rows = []
        for place, n in enumerate(range(first, min(first + 20, count))):
            cells = {
                "title": f"Customer {n}",
                "comments": f"Hamburg, Elbchaussee {n}",
                "revenue": f"{n / 4}",
                "createdTime": "2015-01-01T00:00:00+00:00",
                "originatorId": "bench",
                "originId": f"{n}",
            }
            rows += [
                f"{quote(f'data[{place}][{name}]', safe='')}={quote(text, safe='')}" for name, text in cells.items()
            ]
        return "crm.item.batchImport?entityTypeId=4&" + "&".join(rows)

    bodies = [
        json.dumps(
            {"halt": 0, "cmd": {f"k{first}": call(first) for first in range(start, min(start + 1000, count), 20)}}
        )
        for start in range(0, count, 1000)
    ]
    with RunningSandbox(folder / "floor.db") as portal:
        parts = urlsplit(portal.url)
        connection = HTTPConnection(parts.netloc, timeout=600)
        started = time.perf_counter()
        for number, body in enumerate(bodies):
            time.sleep(max(0.0, started + (number - 47) / 2 - time.perf_counter()))
            connection.request("POST", f"{parts.path}batch", body, {"Content-Type": "application/json"})
            connection.getresponse().read()
        seconds = time.perf_counter() - started
        assert len(portal.items(4)) == count
        return seconds, len(bodies)


def report(name: str, source: str, count: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        bare, requests = floor(folder, count)
        few = ours(folder, source, count // 10)
        seconds, memory, busy, log = ours(folder, source, count)
    print(f"{count:,} rows of {name}, imported by createdTime")
    print(f"sending alone {bare:6.1f} s  {requests} requests")
    print(
        f"syncer apply  {seconds:6.1f} s  {log['requests']} requests, {log['refused']} refused, {busy:.1f} s processor"
    )
    print(f"ratio {seconds / bare:4.2f}; memory {memory:.0f} MiB, of a tenth of the rows {few[1]:.0f} MiB")


def main(csv_rows: int, postgresql_rows: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "customers.csv"
        write_csv(path, csv_rows)
        report("CSV", f"{{files: {{customer: {{path: {path}, encoding: cp1251, columns: {TYPES}}}}}}}", csv_rows)
    postgres = Postgres()
    source = postgres.fresh_database()
    with psycopg.connect(source.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(ROWS.format(count=postgresql_rows).encode())
    report("PostgreSQL", f'{{url: "{source}"}}', postgresql_rows)


if __name__ == "__main__":
    sizes = [int(each) for each in sys.argv[1:]] or [50_000, 100_000]
    main(*sizes)
