"""A real PostgreSQL as a source."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from syncer.errors import SourceError
from syncer.log import Secret
from syncer.source import Source, open_source
from tests.postgres import PASSWORD_ROLE, Postgres

TABLES = """
    CREATE TABLE customers (id int PRIMARY KEY, "Имя" text, since date);
    INSERT INTO customers VALUES (1, 'Ёлка 🌲', '2019-12-31'), (2, '', '2020-01-01'), (3, 'it''s', NULL);
    CREATE SEQUENCE numbers;
    CREATE FUNCTION add_customer() RETURNS int LANGUAGE sql AS $$
        INSERT INTO customers VALUES (4) RETURNING id $$;
    CREATE FUNCTION writable() RETURNS text LANGUAGE sql AS $$
        SELECT set_config('transaction_read_only', 'off', true) $$;
"""

END_OF_SYNCER = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'syncer'
"""


@pytest.fixture
def database(postgres: Postgres) -> str:
    url = postgres.fresh_database()
    command(url, TABLES)
    return url


@pytest.fixture
def source(database: str) -> Iterator[Source]:
    with opened(database) as source:
        yield source


def command(url: str, text: str) -> None:
    place = make_url(url)
    with psycopg.connect(
        host=str(place.query["host"]), user=place.username, dbname=place.database, autocommit=True
    ) as connection:
        connection.execute(text.encode())


def opened(url: str) -> Source:
    return open_source("erp", Secret(url), root=Path())


def read(source: Source, query: str, **params: Any) -> list[tuple[Any, ...]]:
    with source.read("deals", query, params) as rows:
        return [row for batch in rows for row in batch]


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(SourceError) as refused:
        act()
    return str(refused.value)


def test_values_are_pythons_own(source: Source) -> None:
    query = """
        SELECT 1::smallint AS i, 1.50::numeric AS n, 0.5::float8 AS f, true AS b, NULL AS nothing, 'Ёж' AS t,
               '2020-02-29'::date AS d, '2020-01-02 03:04:05'::timestamp AS at,
               '2020-01-02 03:04:05+02'::timestamptz AS zoned, '1 day'::interval AS span,
               '00000000-0000-0000-0000-000000000001'::uuid AS u, '\\x00ff'::bytea AS raw,
               ARRAY['a', NULL] AS list, '{"a": [1, null]}'::jsonb AS j, 'x'::char(3) AS padded
    """
    assert read(source, query) == [
        (
            *(1, Decimal("1.50"), 0.5, True, None, "Ёж"),
            *(date(2020, 2, 29), datetime(2020, 1, 2, 3, 4, 5)),
            *(datetime(2020, 1, 2, 1, 4, 5, tzinfo=UTC), timedelta(days=1)),
            *(UUID(int=1), b"\x00\xff", ["a", None], {"a": [1, None]}, "x  "),
        )
    ]


def test_names_come_as_they_are(source: Source) -> None:
    with source.read("deals", 'SELECT id, "Имя" AS "100% {it}" FROM customers WHERE false') as rows:
        assert (rows.columns, list(rows)) == (("id", "100% {it}"), [])


def test_rows_come_in_batches_from_a_cursor_of_the_server(source: Source) -> None:
    query = "SELECT g, c.name, c.statement FROM pg_cursors c, generate_series(1, 12) g"
    with source.read("deals", query, batch_rows=5) as rows:
        batches = list(rows)
    assert [len(batch) for batch in batches] == [5, 5, 2]
    assert batches[0][0][1:] == ("syncer", f'DECLARE "syncer" CURSOR FOR {query}')


def test_parameters_are_bound_by_name_and_never_pasted(source: Source) -> None:
    query = """
        SELECT id, ':since' AS a, '12:30'::time AS b, 7 % 4 AS c, 'a%(since)s%%' AS d, $$:since$$ AS e
        -- :since
        FROM customers WHERE since >= :since::date AND :since::date < '2030-01-01'::date AND id = ANY(:ids);
    """
    assert read(source, query, since="2020-01-01", ids=[1, 2]) == [
        (2, ":since", time(12, 30), 3, "a%(since)s%%", ":since")
    ]
    assert read(source, "SELECT :t::text AS t, :nothing::text AS nothing", t="' OR 1=1 --", nothing=None) == [
        ("' OR 1=1 --", None)
    ]
    assert read(source, "SELECT 7 % 4 AS a, '%' AS b") == [(3, "%")]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "WITH x AS (INSERT INTO customers VALUES (4) RETURNING id) SELECT id FROM x",
            "DECLARE CURSOR must not contain data-modifying statements in WITH",
        ),
        ("SELECT add_customer()", "cannot execute INSERT in a read-only transaction"),
        ("SELECT nextval('numbers')", "cannot execute nextval() in a read-only transaction"),
        ("SELECT writable(), add_customer()", "transaction read-write mode must be set before any query"),
        (
            "SELECT id FROM customers FOR UPDATE",
            "cannot execute SELECT FOR UPDATE in a read-only transaction",
        ),
        ("TABLE customers; COMMIT; DELETE FROM customers", "the query has several statements"),
        ("INSERT INTO customers VALUES (4) RETURNING id", "Sources are only read, never written."),
    ],
)
def test_a_query_that_writes_is_refused(source: Source, query: str, message: str) -> None:
    assert message in refusal(lambda: read(source, query))
    assert read(source, "SELECT count(*) FROM customers") == [(3,)]


def test_all_queries_see_one_moment(source: Source, database: str) -> None:
    assert read(source, "SELECT count(*) FROM customers") == [(3,)]
    command(database, "INSERT INTO customers VALUES (4)")
    assert read(source, "SELECT count(*) FROM customers") == [(3,)]
    with opened(database) as later:
        assert read(later, "SELECT count(*) FROM customers") == [(4,)]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "SELECT :since::date,\n  id FORM customers",
            'syntax error at or near "customers"\nat line 2, column 11 of the query: id FORM customers',
        ),
        (
            "SELECT * FROM custmers",
            'relation "custmers" does not exist\nat line 1, column 15 of the query: SELECT * FROM custmers',
        ),
        (
            "SELECT ids FROM customers",
            'column "ids" does not exist\nat line 1, column 8 of the query: SELECT ids FROM customers\n',
        ),
        ("SELECT 1, 2", "the query returns several columns of one name: `?column?` (columns 1, 2)"),
        ("SELECT FROM customers", "the query returns no columns"),
        ("SELECT 1/0 AS n", "division by zero"),
        ("SELECT :now", "the query has :now, which `params` does not set"),
    ],
)
def test_a_query_that_fails_is_told_with_its_place(source: Source, query: str, message: str) -> None:
    params = {"since": "2020-01-01"} if ":since" in query else {}
    told = refusal(lambda: read(source, query, **params))
    assert told.startswith("source erp, entity deals: ")
    assert message in told


def test_one_failing_query_leaves_the_next_one_readable(source: Source) -> None:
    refusal(lambda: read(source, "SELECT * FROM custmers"))
    refusal(lambda: read(source, "SELECT 1, 2"))
    assert read(source, "SELECT count(*) FROM customers") == [(3,)]
    assert "INSERT in a read-only" in refusal(lambda: read(source, "SELECT add_customer()"))


def test_a_failure_on_the_way_names_the_batch(source: Source) -> None:
    query = "SELECT 1 / (13 - n) AS n FROM generate_series(1, 20) n"
    with source.read("deals", query, batch_rows=5) as rows, pytest.raises(SourceError) as failed:
        list(rows)
    assert str(failed.value) == ("source erp, entity deals: reading failed in batch 3, after 10 rows\ndivision by zero")


def test_what_python_has_no_value_for_arrives_as_text_and_stops_no_other_row(source: Source) -> None:
    query = """VALUES ('2020-01-02'::date, '10:00'::time, '1 day'::interval, ARRAY['x'::"char"]),
        ('infinity', '24:00', '1 mon', NULL), ('-infinity', NULL, '300000000 days', NULL),
        (NULL, NULL, 'infinity', NULL)"""
    rows = read(source, query)
    assert rows[0] == (date(2020, 1, 2), time(10), timedelta(days=1), ["x"])
    assert [row[:3] for row in rows[1:]] == [
        ("infinity", "24:00:00", "1 mon"), ("-infinity", None, timedelta(days=300000000)), (None, None, "infinity"),
    ]  # fmt: skip


def test_numbers_of_json_keep_their_digits(source: Source) -> None:
    ((value,),) = read(
        source, """SELECT '[0.1, 1e2, 12345678901234567.89, 1e400, {"a": 0.30000000000000004}]'::jsonb"""
    )
    assert value == [0.1, 100, Decimal("12345678901234567.89"), 10**400, {"a": 0.30000000000000004}]
    assert [type(each) for each in value] == [float, int, Decimal, int, dict]


def test_a_lost_connection_is_told(source: Source, database: str) -> None:
    with source.read("deals", "SELECT g FROM generate_series(1, 100) g", batch_rows=5) as rows:
        batches = iter(rows)
        assert len(next(batches)) == 5
        command(database, END_OF_SYNCER)
        told = refusal(lambda: next(batches))
    assert "reading failed in batch 2, after 5 rows\nterminating connection due to administrator command" in told


def test_text_of_no_known_encoding_is_told(postgres: Postgres) -> None:
    url = make_url(postgres.fresh_database())
    name = f"{url.database}_ascii"
    command(str(url), f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    command(postgres.url(name), "CREATE TABLE t AS SELECT convert_from('\\x436166e9', 'SQL_ASCII') AS name")
    with opened(postgres.url(name)) as source:
        told = refusal(lambda: read(source, "SELECT name FROM t"))
    assert 'invalid byte sequence for encoding "UTF8": 0xe9' in told
    assert "?client_encoding=latin1" in told
    with opened(postgres.url(name) + "&client_encoding=latin1") as source:
        assert read(source, "SELECT name FROM t") == [("Café",)]


@pytest.fixture(scope="module")
def password(postgres: Postgres) -> str:
    role = sql.SQL("CREATE ROLE {} LOGIN PASSWORD 's3cret/pa@ss'").format(sql.Identifier(PASSWORD_ROLE))
    command(postgres.url("postgres"), role.as_string())
    return "s3cret/pa@ss"


def test_a_password_opens_and_a_wrong_one_is_never_told(postgres: Postgres, password: str) -> None:
    with opened(postgres.url("postgres", PASSWORD_ROLE, password)) as source:
        assert read(source, "SELECT current_user::text") == [(PASSWORD_ROLE,)]
    with pytest.raises(SourceError) as refused:
        opened(postgres.url("postgres", PASSWORD_ROLE, "wr0ng/pa@ss"))
    told = str(refused.value) + repr(refused.value.__cause__)
    assert f'password authentication failed for user "{PASSWORD_ROLE}"' in told
    assert "wr0ng" not in told


def test_a_database_that_is_not_there(postgres: Postgres) -> None:
    told = refusal(lambda: opened(postgres.url("elsewhere")))
    assert told.startswith("source erp: no connection to postgresql+psycopg://postgres@/elsewhere\n")
    assert 'database "elsewhere" does not exist' in told


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refused
        port = taken.getsockname()[1]
        told = refusal(lambda: opened(f"postgresql://erp:s3cret@127.0.0.1:{port}/erp"))
    assert told.startswith(f"source erp: no connection to postgresql://erp:***@127.0.0.1:{port}/erp\n")
    assert "refused" in told


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://erp@127.0.0.1:{silent.getsockname()[1]}/erp?connect_timeout=2"
        assert "timeout expired" in refusal(lambda: opened(url))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://erp:s3cret@pass@host:5432@/x:y/z", "the URL cannot be read"),
        ("postgresql://erp@host:s3cret/erp", "the URL cannot be read"),
        ("s3cret", "the URL cannot be read"),
        ("postgres://erp:s3cret@host/erp", "a database of the kind `postgres` cannot be read"),
        ("postgresql+asyncpg://erp:s3cret@host/erp", "a database of the kind `postgresql+asyncpg` cannot"),
        ("acme://erp:s3cret@host/erp", "a database of the kind `acme` cannot be read"),
        ("postgresql://erp@/erp?password=s3cret&sslmod=on", 'invalid connection option "sslmod"'),
        ("postgresql://erp@/erp?password=s3cret&connect_timeout=soon", "no connection to"),
        ("postgresql://erp:s3cret@/erp?host=one:two", "no connection to"),
    ],
)
def test_urls_that_open_nothing_never_tell_their_password(url: str, message: str) -> None:
    told = refusal(lambda: opened(url))
    assert message in told
    assert "s3cret" not in told


def test_a_driver_that_is_not_installed_is_named() -> None:
    script = """
import sys
sys.modules["psycopg"] = None  # what an import of a package that is not installed comes to
from pathlib import Path
from syncer.errors import SourceError
from syncer.log import Secret
from syncer.source import open_source
try:
    open_source("erp", Secret("postgresql://erp@host/erp"), root=Path())
except SourceError as error:
    print(error)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "source erp: PostgreSQL needs the driver psycopg, which is not installed" in ended.stdout
    assert "pip install 'syncer[postgres]'" in ended.stdout
