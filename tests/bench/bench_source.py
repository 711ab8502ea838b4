"""How fast rows are read, against the bare driver, and how much memory millions of them take.

python -m tests.bench.bench_source
"""

import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from syncer.log import Secret
from syncer.source import open_source
from tests.postgres import Postgres

ROWS = 1_000_000
MANY_ROWS = 3_000_000
COLUMNS = (
    "n AS id, 'Customer ' || n AS name, n * 0.37 AS spent, '+7912' || n AS phone, n % 7 AS kind, "
    "NULL AS note, '2020-01-02' AS since, 'Ёлка ' || n AS title"
)
QUERY = "SELECT * FROM t"


def sqlite_file(folder: Path) -> Path:
    path = folder / "bench.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE t AS WITH RECURSIVE s(n) AS "
            f"(SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {MANY_ROWS}) SELECT {COLUMNS} FROM s"
        )
    return path


def postgresql(server: Postgres) -> str:
    url = server.fresh_database()
    with bare_connection(url) as connection:
        connection.execute(f"CREATE TABLE t AS SELECT {COLUMNS} FROM generate_series(1, {MANY_ROWS}) n".encode())
    return url


def bare_connection(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    place = make_url(url)
    return psycopg.connect(host=str(place.query["host"]), user=place.username, dbname=place.database)


def bare_sqlite(path: Path, query: str) -> int:
    count = 0
    with closing(sqlite3.connect(path)) as connection:
        cursor = connection.execute(query)
        while rows := cursor.fetchmany(5000):
            count += len(rows)
    return count


def bare_psycopg(url: str, query: str) -> int:
    count = 0
    with bare_connection(url) as connection, connection.cursor("bare") as cursor:
        cursor.execute(query.encode())
        while rows := cursor.fetchmany(5000):
            count += len(rows)
    return count


def ours(url: str, query: str) -> int:
    with open_source("bench", Secret(url), root=Path()) as source, source.read("t", query) as rows:
        return sum(map(len, rows))


def best(act: Callable[[], int]) -> float:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        assert act() == ROWS
        times.append(time.perf_counter() - start)
    return min(times)


def peak() -> float:
    """The most memory this process ever had, in MB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1024 * 1024 if sys.platform == "darwin" else 1024)


def report(name: str, url: str, bare: Callable[[str], int]) -> None:
    before = peak()
    assert ours(url, QUERY) == MANY_ROWS
    print(f"{name}: {MANY_ROWS:,} rows raise the peak from {before:.1f} to {peak():.1f} MB")
    part = f"{QUERY} LIMIT {ROWS}"
    bare_seconds, our_seconds = best(lambda: bare(part)), best(lambda: ours(url, part))
    print(
        f"{name}: {ROWS:,} x 8 in {our_seconds:.2f} s, bare driver {bare_seconds:.2f} s, "
        f"ratio {our_seconds / bare_seconds:.2f}"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = sqlite_file(Path(folder))
        report("SQLite", f"sqlite:///{path}", lambda query: bare_sqlite(path, query))
    url = postgresql(Postgres())
    report("PostgreSQL", url, lambda query: bare_psycopg(url, query))


if __name__ == "__main__":
    main()
