"""The way to databases that are only known to SQLAlchemy, through one of its dialects."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from syncer.errors import SourceError
from syncer.source.alchemy import AlchemySource, bound
from syncer.source.query import ANY, parse


@pytest.fixture
def source(tmp_path: Path) -> Iterator[AlchemySource]:
    with AlchemySource("erp", make_url(f"sqlite:///{tmp_path}/erp.db")) as source:
        yield source


def test_parameters_rows_and_failures(source: AlchemySource) -> None:
    query = r"""SELECT ':a' AS a, '12:30' AS b, 7 % 4 AS c, 'x%(a)s%%?' AS d, [e:f] AS e, :a AS f, 'g\:h' AS g
        FROM (SELECT 5 AS [e:f]) WHERE :a = :a"""
    with source.read("deals", query, {"a": "' OR 1=1"}) as rows:
        assert rows.columns == ("a", "b", "c", "d", "e", "f", "g")
        assert list(rows) == [[(":a", "12:30", 3, "x%(a)s%%?", 5, "' OR 1=1", r"g\:h")]]
    numbers = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 12) SELECT n FROM t"
    with source.read("deals", numbers, batch_rows=5) as rows:
        batches = list(rows)
    assert [len(batch) for batch in batches] == [5, 5, 2]
    assert type(batches[0][0]) is tuple
    for text, message in [
        ("SELECT * FROM custmers", "source erp, entity deals: the query failed\nno such table: custmers"),
        ("SELECT 1 AS a, 2 AS a", "several columns of one name: `a` (columns 1, 2)"),
        ("WITH x AS (SELECT 1) DELETE FROM t", "the query has the word DELETE\nSources are only read"),
        ("SELECT * INTO t FROM u", "the query has the word INTO"),
        ("SELECT 1 EXEC sp_who", "the query has the word EXEC"),
        ("SELECT 1 AS a FROM t FOR UPDATE", "the query has the word UPDATE"),
    ]:
        with pytest.raises(SourceError) as refused:
            source.read("deals", text)
        assert message in str(refused.value)
    with source.read("deals", "SELECT ' DELETE ' AS last_update, 1 AS \"UPDATE\" -- INTO") as rows:
        assert rows.columns == ("last_update", "UPDATE")


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("qmark", ("SELECT ?, 7 % 4, ? + ?", (1, 2, 1))),
        ("named", ("SELECT :a, 7 % 4, :b + :a", {"a": 1, "b": 2})),
        ("format", ("SELECT %s, 7 %% 4, %s + %s", (1, 2, 1))),
        ("pyformat", ("SELECT %(a)s, 7 %% 4, %(b)s + %(a)s", {"a": 1, "b": 2})),
        ("numeric", ("SELECT :1, 7 % 4, :2 + :1", (1, 2))),
    ],
)
def test_parameters_are_written_as_the_driver_wants_them(style: str, expected: object) -> None:
    assert bound(parse("SELECT :a, 7 % 4, :b + :a", ANY, ""), {"b": 2, "a": 1}, style) == expected
    assert bound(parse("SELECT 7 % 4", ANY, ""), {}, style) == ("SELECT 7 % 4", None)


def test_a_place_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as refused:
        AlchemySource("erp", make_url(f"sqlite:///{tmp_path}/no/erp.db?timeout=1"))
    assert str(refused.value).startswith(f"source erp: no connection to sqlite:///{tmp_path}/no/erp.db\nunable to open")
