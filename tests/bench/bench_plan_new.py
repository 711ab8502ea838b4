"""A plan of rows that are all new, out of a CSV file and of PostgreSQL: time beside a floor, and peak memory by size.

    python -m tests.bench.bench_plan_new [CSV_ROWS POSTGRESQL_ROWS]

The floor is what the driver alone takes to read the rows (DuckDB, psycopg). The plan is the installed command with an
embedded portal, which is asked for every key; each row is checked by `expect`, rendered and kept. Peak memory is that
of the command's process alone, at a tenth of the rows and at all of them: flat means that the two are alike.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from tests.bench.bench_plan import SYNCER
from tests.bench.bench_source import bare_connection, bare_psycopg
from tests.postgres import Postgres

SPEC = """
version: 1
name: bench
portal: {{sandbox: portal.db, name: bench, limits: {{burst: 1000000, requests_per_second: 1000000}}}}
state: sqlite:///state.db
originatorId: bench
sources: {{erp: {source}}}
entities:
  companies:
    type: company
    source: erp
    query: SELECT * FROM customer
    originId: "{{{{ row.id }}}}"
    expect: {{rows: {{min: {rows}, max: {rows}}}, unique: [id], not_null: [name]}}
    fields:
      title: "{{{{ row.name }}}}"
      comments: "{{{{ row.city }}}}, {{{{ row.street }}}}: {{{{ row.amount }}}}"
      fm: [{{typeId: PHONE, valueType: WORK, value: "{{{{ row.phone }}}}"}}]
guards: {{max_create: unlimited}}
"""
PROBE = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
)
HEADER = "id,name,city,street,phone,amount,employees,note"


def write_csv(path: Path, rows: int) -> None:
    with path.open("w", encoding="cp1251") as file:
        file.write(HEADER + "\n")
        for n in range(rows):
            file.write(
                f'K{n:09d},"Завод ""{n}""",Hamburg,Elbchaussee {n},+49 40 555{n:06d},{n}.{n % 100:02d},{n % 500},\n'
            )


def fill_postgresql(url: str, rows: int) -> None:
    with bare_connection(url) as connection:
        connection.execute(
            (
                "CREATE TABLE customer AS SELECT 'K' || lpad(n::text, 9, '0') AS id, 'Завод ' || n AS name, "
                "'Hamburg' AS city, 'Elbchaussee ' || n AS street, '+49 40 555' || n AS phone, "
                "(n / 7.0)::numeric(18,2) AS amount, n % 500 AS employees, NULL AS note "
                f"FROM generate_series(1, {rows}) n"
            ).encode()
        )


def bare_duckdb(path: Path) -> None:
    # Its own readers know UTF-8 alone: a copy stands for the file.
    copy = path.with_suffix(".utf8.csv")
    copy.write_text(path.read_text(encoding="cp1251"), encoding="utf-8")
    cursor = duckdb.connect().execute("SELECT * FROM read_csv($1, all_varchar = true)", [str(copy)])
    while cursor.fetchmany(5000):
        pass


def plan(source: str, rows: int) -> tuple[float, float]:
    """Seconds of a plan, and its peak memory in megabytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bench.yaml").write_text(SPEC.format(source=source, rows=rows), encoding="utf-8")
        command = [sys.executable, "-c", PROBE, str(SYNCER), "plan", "bench.yaml", "--format", "json"]
        before = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return time.perf_counter() - before, float(done.stdout)


def report(name: str, rows: int, make: Callable[[int], tuple[str, Callable[[], object]]]) -> None:
    small, _ = make(rows // 10)
    _, low = plan(small, rows // 10)
    source, floor = make(rows)
    started = time.perf_counter()
    floor()
    bare = time.perf_counter() - started
    seconds, high = plan(source, rows)
    print(
        f"{name:>10}: {rows:>9,} rows  floor {bare:5.2f} s  plan {seconds:6.2f} s  ({rows / seconds:,.0f} rows/s)  "
        f"peak {low:.0f} MB at {rows // 10:,}, {high:.0f} MB at {rows:,}"
    )


def main(csv_rows: int, postgresql_rows: int) -> None:
    server = Postgres()

    def postgresql(rows: int) -> tuple[str, Callable[[], object]]:
        url = server.fresh_database()
        fill_postgresql(url, rows)
        return f'{{url: "{url}"}}', lambda: bare_psycopg(url, "SELECT * FROM customer")

    with tempfile.TemporaryDirectory() as folder:

        def separated(rows: int) -> tuple[str, Callable[[], object]]:
            path = Path(folder) / f"{rows}.csv"
            write_csv(path, rows)
            return f"{{files: {{customer: {{path: {path}, encoding: cp1251}}}}}}", lambda: bare_duckdb(path)

        report("CSV", csv_rows, separated)
    report("PostgreSQL", postgresql_rows, postgresql)


if __name__ == "__main__":
    sizes = [int(each) for each in sys.argv[1:]] or [50_000, 100_000]
    main(*sizes)
