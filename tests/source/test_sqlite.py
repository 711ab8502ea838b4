"""SQLite files as sources, as they are found: typed loosely, odd names, broken text, locked, not there."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from syncer.errors import SourceError
from syncer.log import Secret
from syncer.source import Source, open_source

ROWS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < :rows) "


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "erp #1 50%.sqlite"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            CREATE TABLE customers (id INTEGER PRIMARY KEY, "Имя" TEXT, spent REAL, photo BLOB, note);
            INSERT INTO customers VALUES (1, 'Ёлка 🌲', 12.5, x'00ff', NULL), (2, '', -0.0, x'', '007');
            INSERT INTO customers VALUES (9223372036854775807, 'it''s', 1e300, NULL, 12345678901234567);
            """
        )
    return path


@pytest.fixture
def source(file: Path) -> Iterator[Source]:
    with opened(file) as source:
        yield source


def opened(path: Path) -> Source:
    return open_source("erp", Secret(f"sqlite:///{path}"), root=Path("/nowhere"))


def read(source: Source, query: str, **params: Any) -> list[tuple[Any, ...]]:
    with source.read("deals", query, params) as rows:
        return [row for batch in rows for row in batch]


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(SourceError) as refused:
        act()
    return str(refused.value)


def test_values_and_names_come_as_they_are(source: Source) -> None:
    with source.read("customers", "SELECT * FROM customers ORDER BY id") as rows:
        assert rows.columns == ("id", "Имя", "spent", "photo", "note")
        assert list(rows) == [
            [
                (1, "Ёлка 🌲", 12.5, b"\x00\xff", None),
                (2, "", 0.0, b"", "007"),
                (9223372036854775807, "it's", 1e300, None, 12345678901234567),
            ]
        ]


def test_a_relative_path_starts_at_the_root(file: Path) -> None:
    url = Secret(f"sqlite+pysqlite:///data/{file.name}")
    with open_source("erp", url, root=file.parents[1]) as source:
        assert read(source, "SELECT count(*) FROM customers") == [(3,)]


def test_rows_come_in_batches(source: Source) -> None:
    with source.read("deals", ROWS + "SELECT n FROM t", {"rows": 12}, batch_rows=5) as rows:
        assert [len(batch) for batch in rows] == [5, 5, 2]
    with source.read("deals", ROWS + "SELECT n FROM t WHERE n < 0", {"rows": 12}) as rows:
        assert (rows.columns, list(rows)) == (("n",), [])


def test_parameters_are_bound_by_name_and_never_pasted(source: Source) -> None:
    query = "SELECT id, ':name' FROM customers WHERE \"Имя\" = :name OR id = :id OR note IS :nothing -- :name"
    found = read(source, query, name="it's", id=2, nothing=None)
    assert found == [(1, ":name"), (2, ":name"), (9223372036854775807, ":name")]
    assert read(source, "SELECT :t", t="' OR 1=1 --") == [("' OR 1=1 --",)]


def test_the_real_northwind(northwind_url: str) -> None:
    with open_source("erp", Secret(northwind_url), root=Path()) as source:
        assert read(source, "SELECT count(*), min(CustomerID) FROM Customers") == [(93, "ALFKI")]
        products = read(source, "SELECT ProductName FROM Products WHERE ProductID = :id", id=11)
        assert products == [("Queso Cabrales",)]


@pytest.mark.parametrize(
    "query",
    [
        "WITH x AS (SELECT 7 AS id) INSERT INTO customers (id) SELECT id FROM x RETURNING id",
        "WITH x AS (SELECT 1 AS id) UPDATE customers SET note = 'mine' RETURNING id",
        "WITH x AS (SELECT 1 AS id) DELETE FROM customers RETURNING id",
    ],
)
def test_a_query_that_writes_is_refused_by_the_database(source: Source, file: Path, query: str) -> None:
    before = file.read_bytes()
    assert refusal(lambda: read(source, query)) == (
        "source erp, entity deals: the query failed\nattempt to write a readonly database"
    )
    source.close()
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_all_queries_see_one_moment(file: Path) -> None:
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        with opened(file) as source:
            assert read(source, "SELECT count(*) FROM customers") == [(3,)]
            with writer:
                writer.execute("INSERT INTO customers (id) VALUES (4)")
            assert read(source, "SELECT count(*) FROM customers") == [(3,)]
    with opened(file) as source:
        assert read(source, "SELECT count(*) FROM customers") == [(4,)]


def test_a_missing_file_is_never_made(tmp_path: Path) -> None:
    path = tmp_path / "erp.sqlite"
    told = refusal(lambda: opened(path))
    assert told.startswith(f"source erp: the SQLite file {path} does not exist\n")
    assert "a relative path starts at /nowhere" in told
    assert f"{tmp_path} is a folder" in refusal(lambda: opened(tmp_path))
    assert not path.exists()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "erp.sqlite"
    path.write_text("id;name\n" * 100)
    assert refusal(lambda: opened(path)).endswith("cannot be opened\nfile is not a database")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://data/erp.sqlite", "an SQLite URL names no host\nWrite sqlite:///relative/path.db"),
        ("sqlite://", "the SQLite URL names no file"),
        ("sqlite:///:memory:", "the SQLite URL names no file"),
        ("sqlite:///erp.sqlite?mode=rwc&uri=true", "has no options, but its URL sets mode, uri"),
    ],
)
def test_urls_that_name_no_file(url: str, message: str) -> None:
    assert message in refusal(lambda: open_source("erp", Secret(url), root=Path()))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT id FORM customers", 'the query failed\nnear "customers": syntax error'),
        ("SELECT * FROM Custmers", "the query failed\nno such table: Custmers\ndid you mean `customers`?"),
        ("SELECT nam FROM customers", "the query failed\nno such column: nam"),
        (
            "SELECT id, spent, id, spent AS total, id FROM customers",
            "the query returns several columns of one name: `id` (columns 1, 3, 5)\nName them apart with AS.",
        ),
        ("SELECT :a", "the query has :a, which `params` does not set"),
    ],
)
def test_a_query_that_fails_is_told_with_source_and_entity(source: Source, query: str, message: str) -> None:
    assert refusal(lambda: read(source, query)).startswith(f"source erp, entity deals: {message}")


def test_a_value_that_cannot_be_bound_is_told(source: Source) -> None:
    assert "the query failed" in refusal(lambda: read(source, "SELECT :ids", ids=[1, 2]))
    assert "too large" in refusal(lambda: read(source, "SELECT :n", n=2**63))


def test_a_failure_on_the_way_names_the_batch(source: Source) -> None:
    query = ROWS + "SELECT CASE n WHEN 13 THEN json('{') ELSE n END AS n FROM t"
    seen: list[list[Any]] = []
    with (
        source.read("deals", query, {"rows": 20}, batch_rows=5) as rows,
        pytest.raises(SourceError) as failed,
    ):
        seen.extend(rows)
    assert [len(batch) for batch in seen] == [5, 5]
    assert str(failed.value) == ("source erp, entity deals: reading failed in batch 3, after 10 rows\nmalformed JSON")
    assert read(source, "SELECT count(*) FROM customers") == [(3,)]


def test_text_that_is_not_utf8_is_told_by_row_and_column(source: Source) -> None:
    query = ROWS + "SELECT x'ff' AS photo, CAST(CASE n WHEN 13 THEN x'436166e9' ELSE 'ok' END AS TEXT) AS name FROM t"
    with (
        source.read("deals", query, {"rows": 20}, batch_rows=5) as rows,
        pytest.raises(SourceError) as failed,
    ):
        list(rows)
    assert str(failed.value).startswith(
        "source erp, entity deals: reading failed in batch 3, after 10 rows\n"
        "row 13, column name: b'Caf\\xe9' is not UTF-8\n"
    )
    assert read(source, "SELECT 'still text'") == [("still text",)]


def test_text_that_is_not_utf8_in_the_first_row(source: Source) -> None:
    told = refusal(lambda: read(source, "SELECT CAST(x'ff' AS TEXT) AS name"))
    assert "row 1, column name: b'\\xff' is not UTF-8" in told
