"""A real MariaDB as a source."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncer.errors import SourceError
from syncer.log import Secret
from syncer.source import Source, open_source
from tests.mariadb import Mariadb, mariadb  # noqa: F401  # a fixture

TABLES = """
    CREATE TABLE customers (id int PRIMARY KEY, `Имя` text, since date);
    INSERT INTO customers VALUES (1, 'Ёлка 🌲', '2019-12-31'), (2, '', '2020-01-01'), (3, 'it''s', NULL);
    CREATE TABLE many AS SELECT seq AS n, concat('Customer ', seq) AS name FROM seq_1_to_20000;
    CREATE TABLE every (
      i tinyint, u bigint unsigned, n decimal(30,10), f double, y year, b bit(9), yes boolean,
      t varchar(9), e enum('a','b'),
      d date, at datetime(6), moment timestamp(6) NULL, span time, raw varbinary(9), j json, nothing int, zero date);
    CREATE FUNCTION add_customer() RETURNS int DETERMINISTIC MODIFIES SQL DATA
      BEGIN INSERT INTO customers VALUES (4, 'x', NULL)! RETURN 4! END
"""
EVERY = """INSERT INTO every VALUES (-1, 18446744073709551615, 12345678901234567890.0123456789, 0.1, 2020,
    b'100000001', true,
    '00123', 'b', '2020-02-29', '2020-01-02 03:04:05.000006', '2020-01-02 03:04:05+02:00', '-30:00:01', x'00ff',
    '{"a": [1, null]}', NULL, '0000-00-00')"""


@pytest.fixture(scope="module")
def database(mariadb: Mariadb) -> str:  # noqa: F811
    name = mariadb.fresh_database()
    with mariadb.connect(name) as connection, connection.cursor() as cursor:
        for statement in TABLES.split(";"):
            cursor.execute(statement.replace("!", ";"))
        cursor.execute("SET time_zone = '+05:00', sql_mode = ''")
        cursor.execute(EVERY.replace("+02:00", ""))
    return name


@pytest.fixture
def source(mariadb: Mariadb, database: str) -> Iterator[Source]:  # noqa: F811
    with opened(mariadb.url(database)) as source:
        yield source


def opened(url: str) -> Source:
    return open_source("erp", Secret(url), root=Path())


def read(source: Source, query: str, **params: Any) -> list[tuple[Any, ...]]:
    with source.read("deals", query, params) as rows:
        return [row for batch in rows for row in batch]


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(SourceError) as refused:
        act()
    return str(refused.value)


def test_every_type_of_column_arrives_as_a_value_of_python(source: Source) -> None:
    assert read(source, "SELECT * FROM every") == [
        (
            *(-1, 18446744073709551615, Decimal("12345678901234567890.0123456789"), 0.1, 2020, 257, 1, "00123", "b"),
            *(date(2020, 2, 29), datetime(2020, 1, 2, 3, 4, 5, 6)),
            *(datetime(2020, 1, 1, 22, 4, 5, tzinfo=UTC), timedelta(hours=-30, seconds=-1)),
            *(b"\x00\xff", '{"a": [1, null]}', None, "0000-00-00"),  # MariaDB's JSON is text; a day 0 is none
        )
    ]
    assert read(source, "SELECT id, `Имя` FROM customers ORDER BY id")[0] == (1, "Ёлка 🌲")


def test_parameters_are_bound_by_name_and_never_pasted(source: Source) -> None:
    query = r"""SELECT id, ':t', '12:30', 7 % 4, 'a%(t)s%%', `Имя`, 'it\':t', :t # :t
        FROM customers WHERE since >= :since OR id = :id -- :t"""
    hostile = "' OR 1=1 -- \\' %s"
    assert read(source, query, since="2020-01-01", id=3, t=hostile) == [
        (2, ":t", "12:30", 3, "a%(t)s%%", "", "it':t", hostile),
        (3, ":t", "12:30", 3, "a%(t)s%%", "it's", "it':t", hostile),
    ]
    assert read(source, "SELECT 7 % 4 AS a, '%s' AS b") == [(3, "%s")]
    assert read(source, "SELECT :nothing AS a, :yes AS b", nothing=None, yes=True) == [(None, 1)]


def test_rows_come_as_they_are_asked_for_and_a_stream_may_be_left(mariadb: Mariadb, source: Source) -> None:  # noqa: F811
    with source.read("deals", "SELECT * FROM many ORDER BY n", batch_rows=7) as rows:
        assert len(next(iter(rows))) == 7
        with mariadb.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT state FROM information_schema.processlist WHERE info LIKE 'SELECT * FROM many%'")
            assert cursor.fetchall()  # the server has not sent all of it
    assert read(source, "SELECT count(*) FROM many") == [(20000,)]


def test_all_queries_see_one_moment(mariadb: Mariadb, database: str, source: Source) -> None:  # noqa: F811
    with mariadb.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO customers VALUES (9, 'late', NULL)")
        try:
            assert read(source, "SELECT count(*) FROM customers") == [(3,)]
            with opened(mariadb.url(database)) as later:
                assert read(later, "SELECT count(*) FROM customers") == [(4,)]
        finally:
            cursor.execute("DELETE FROM customers WHERE id = 9")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT add_customer()", "Cannot execute statement in a READ ONLY transaction (1792)"),
        ("SELECT * FROM customers INTO OUTFILE '/tmp/x'", "the query has the word INTO"),
        ("SELECT 1 --1\n INTO OUTFILE '/tmp/x'", "the query has the word INTO"),
        ("SELECT * FROM customers /*!50000 INTO OUTFILE '/tmp/x' */", "a comment that the database executes"),
        ("DELETE FROM customers", "Sources are only read, never written."),
        ("SELECT 1; DELETE FROM customers", "the query has several statements"),
        ("SELECT * FROM custmers", "custmers' doesn't exist (1146)"),
        ("SELECT id FORM customers", "You have an error in your SQL syntax"),
        ("SELECT 1 AS a, 2 AS a", "several columns of one name: `a` (columns 1, 2)"),
    ],
)
def test_a_query_that_writes_or_fails_is_told(source: Source, query: str, message: str) -> None:
    told = refusal(lambda: read(source, query))
    assert told.startswith("source erp, entity deals: ")
    assert message in told
    assert read(source, "SELECT count(*), ' INTO ' FROM customers") == [(3, " INTO ")]


def test_a_lost_connection_is_told(mariadb: Mariadb, source: Source) -> None:  # noqa: F811
    with source.read("deals", "SELECT a.n, a.name FROM many a JOIN many b", batch_rows=5) as rows:
        batches = iter(rows)
        next(batches)
        with mariadb.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT a.n%'")
            for (number,) in cursor.fetchall():
                cursor.execute(f"KILL {number}")
        told = refusal(lambda: [None for _ in batches])
    assert "source erp, entity deals: reading failed in batch" in told


def test_what_cannot_be_opened_never_tells_its_password(mariadb: Mariadb) -> None:  # noqa: F811
    socket = f"unix_socket={mariadb.folder}/socket"
    for url, message in [
        (f"mysql://root:s3cret@localhost/x?{socket}", "Access denied"),
        (f"mariadb+pymysql://root@localhost/elsewhere?{socket}", "Unknown database 'elsewhere' (1049)"),
        ("mysql://erp:s3cret@127.0.0.1:1/erp", "no connection to mysql://erp:***@127.0.0.1:1/erp"),
        (f"mysql://root@localhost/x?{socket}&surprise=1", "no connection to"),
    ]:
        told = refusal(lambda url=url: opened(url))  # type: ignore[misc]
        assert message in told
        assert "s3cret" not in told


def test_a_driver_that_is_not_installed_is_named() -> None:
    script = """
import sys
for name in ("duckdb", "pymysql", "pyodbc", "oracledb"):
    sys.modules[name] = None  # what an import of a package that is not installed comes to
from pathlib import Path
from syncer.errors import SourceError
from syncer.log import Secret
from syncer.source import open_source
urls = ("mysql://erp@host/erp", "mssql://erp@host/erp", "oracle://erp@host/erp", "mssql+pymssql://erp@host/erp")
for place in ({"t": None}, *map(Secret, urls)):
    try:
        open_source("erp", place, root=Path())
    except SourceError as error:
        print(error)
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    for message in (
        "source erp: a source of files needs duckdb, which is not installed",
        "pip install 'syncer[files]'",
        "source erp: MySQL needs the driver PyMySQL, which is not installed",
        "pip install 'syncer[mysql]'",
        "source erp: mssql needs the driver pyodbc, which is not installed",
        "pip install pyodbc",
        "source erp: oracle+oracledb needs the driver oracledb, which is not installed",
        "pip install oracledb",
        "source erp: mssql+pymssql needs the driver pymssql, which is not installed",
    ):
        assert message in told
