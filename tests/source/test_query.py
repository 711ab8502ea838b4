"""Statements, parameters, and what only looks like either."""

import pytest

from syncer.errors import SourceError
from syncer.source.query import POSTGRESQL, SQLITE, Syntax, parse

BOTH = pytest.mark.parametrize("syntax", [SQLITE, POSTGRESQL], ids=["sqlite", "postgresql"])


@BOTH
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT * FROM t WHERE a = :a AND b > :b OR a < :a", ("a", "b")),
        ("SELECT ':a', '12:30', 'it''s :a', \":a\" FROM t", ()),
        ("SELECT 1 -- :a\n", ()),
        ("SELECT 1 /* :a\n; */ + :b", ("b",)),
        ("SELECT '2020-01-01'::date, :a::date", ("a",)),
        ("SELECT :since_2", ("since_2",)),
        ("SELECT :дата", ("дата",)),
        ("SELECT '--', :a", ("a",)),
        ("SELECT '/*', :a", ("a",)),
        ("SELECT x FROM t WHERE x=:a;", ("a",)),
    ],
)
def test_parameters_are_found_where_they_are_meant(syntax: Syntax, text: str, names: tuple[str, ...]) -> None:
    assert parse(text, syntax, "").names == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT $$ :a ; $$, $tag$ :b $$ ; $tag$, :c", ("c",)),
        ("SELECT a$b$ FROM t WHERE x = :a AND y$b$ = 1", ("a",)),
        (r"SELECT E'\':a', e'\\', :b", ("b",)),
        (r"SELECT '\', :b", ("b",)),
        ("SELECT 1 /* a /* :b */ :c */ + :d", ("d",)),
        ("SELECT a[1:2], a[n:m], :d FROM t", ("d",)),
        ("SELECT d->>':a', d #> '{a}', d ? 'b', :c FROM t", ("c",)),
        ("SELECT f(n := 1, m => :c)", ("c",)),
    ],
)
def test_parameters_of_postgresql(text: str, names: tuple[str, ...]) -> None:
    assert parse(text, POSTGRESQL, "").names == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT [a:b], [:c], `:d` FROM t WHERE e = :e", ("e",)),
        ("SELECT 1 /* /* :a */ + :b", ("b",)),
        (r"SELECT '\', :b", ("b",)),
        ("SELECT 1 /* :a is never closed", ()),
    ],
)
def test_parameters_of_sqlite(text: str, names: tuple[str, ...]) -> None:
    assert parse(text, SQLITE, "").names == names


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1;",
        "SELECT 1 ; ; -- over; and out\n /* ; */ ;",
        "-- the customers; all of them\nSELECT 1",
        "/* a; b */ (SELECT 1)",
        "\n  with x as (select 1) select * from x",
        "values (1)",
    ],
)
def test_one_statement_with_what_may_surround_it(syntax: Syntax, text: str) -> None:
    assert not parse(text, syntax, "").text.rstrip().endswith(";")


@BOTH
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1; SELECT 2", "the query has several statements\nafter the first `;`: SELECT 2"),
        ("SELECT 1; COMMIT", "the query has several statements\nafter the first `;`: COMMIT"),
        ("", "the query is empty"),
        (" -- nothing\n ;", "the query is empty"),
        (
            "UPDATE t SET a = 1",
            "the query begins with `UPDATE t SET a = 1` and not with SELECT, WITH, VALUES",
        ),
        ("/* SELECT */ delete from t", "the query begins with `delete from t` and not with SELECT"),
        ("ATTACH 'new.db' AS n", "begins with `ATTACH 'new.db' AS n`"),
        ("VACUUM INTO 'copy.db'", "begins with `VACUUM INTO 'copy.db'`"),
        ("PRAGMA query_only = OFF", "begins with `PRAGMA query_only = OFF`"),
        ("COMMIT", "begins with `COMMIT`"),
        ("SELECTED", "begins with `SELECTED`"),
    ],
)
def test_what_is_no_query_is_never_sent(syntax: Syntax, text: str, message: str) -> None:
    with pytest.raises(SourceError) as refused:
        parse(text, syntax, "source erp, entity deals")
    assert message in str(refused.value)
    assert str(refused.value).startswith("source erp, entity deals: ")


def test_numbers_take_the_place_of_names_and_move_nothing() -> None:
    query = parse("SELECT :since::date, ':since', :n, :since FROM t", POSTGRESQL, "")
    assert query.numbered() == "SELECT $1    ::date, ':since', $2, $1     FROM t"


def test_every_missing_and_every_unused_parameter_is_named() -> None:
    query = parse("SELECT :a, :b, :c", SQLITE, "")
    with pytest.raises(SourceError, match="the query has :b, :c, which `params` does not set"):
        query.check({"a": 1}, "")
    with pytest.raises(SourceError, match="`params` sets d, e, which the query does not use"):
        query.check({"a": 1, "b": 2, "c": None, "d": 1, "e": 2}, "")


def test_a_place_is_told_by_line_and_column() -> None:
    query = parse("SELECT a,\n  b FORM t\n", POSTGRESQL, "")
    assert query.place(query.text.index("FORM")) == "line 2, column 5 of the query: b FORM t"
    assert query.place(0) == "line 1, column 1 of the query: SELECT a,"
    assert query.place(len(query.text)) == "line 2, column 11 of the query: b FORM t"
