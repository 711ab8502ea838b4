"""Files as tables: dialects, encodings, types, broken lines, and what may not be read."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import json
import os
import random
import re
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import openpyxl
import pytest

from syncer.errors import SourceError
from syncer.source import Source, open_source
from syncer.spec.written import FileTable

Table = str | dict[str, Any]


class Drop:
    """A folder of files, and tables made of them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, content: str | bytes, encoding: str = "utf-8") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))

    def open(self, **tables: Table) -> Source:
        files = {name: {"path": each} if isinstance(each, str) else each for name, each in tables.items()}
        written = {name: FileTable.model_validate(each) for name, each in files.items()}
        return open_source("drop", written, root=self.root)

    def read(self, query: str = "SELECT * FROM t", /, **tables: Table) -> list[tuple[Any, ...]]:
        rows, broken = self.all(query, **tables)
        assert broken == []
        return rows

    def all(self, query: str = "SELECT * FROM t", /, **tables: Table) -> tuple[list[tuple[Any, ...]], list[str]]:
        """The rows, and what is told of lines that are none."""
        with self.open(**tables) as source, source.read("deals", query) as stream:
            rows = [row for batch in stream for row in batch]
            return rows, [text for batch in stream.broken() for text in batch]

    def refused(self, query: str = "SELECT * FROM t", /, **tables: Table) -> str:
        with pytest.raises(SourceError) as refused:
            self.all(query, **tables)
        return str(refused.value)

    def compute(self, workbook: str, texts: dict[str, str]) -> None:
        """Writes what the formulas of some cells give, as a spreadsheet program saves it."""
        with zipfile.ZipFile(self.root / workbook) as archive:
            parts = {name: archive.read(name).decode() for name in archive.namelist()}
        with zipfile.ZipFile(self.root / workbook, "w") as archive:
            for name, part in parts.items():
                for cell, text in texts.items():
                    part = re.sub(
                        rf'<c r="{cell}"[^>]*>(<f>.*?</f>).*?</c>', rf'<c r="{cell}" t="str">\1<v>{text}</v></c>', part
                    )
                archive.writestr(name, part)


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    return Drop(tmp_path)


@pytest.mark.parametrize(
    ("content", "encoding", "table"),
    [
        ("code,name\n00123,Ёлка\n+7,\n", "utf-8", {}),
        ("code,name\r\n00123,Ёлка\r\n+7,\r\n", "utf-8-sig", {}),
        ("code,name\r\n00123,Ёлка\r\n+7,", "utf-8-sig", {"encoding": "UTF-8"}),
        ("code;name\r00123;Ёлка\r+7;\r", "utf-16", {}),
        ("code\tname\n00123\tЁлка\n+7\t\n", "utf-32", {}),
        ("code|name\n00123|Ёлка\n\n+7|\n", "cp1251", {"encoding": "cp1251"}),
        ("code;name\n00123;Ёлка\n+7;\n", "koi8-r", {"encoding": "koi8-r"}),
        ("code;name\n00123;Ёлка\n+7;\n", "cp866", {"encoding": "cp866"}),
        ("code;name\n00123;Ёлка\n+7;\n", "utf-16-be", {"encoding": "utf-16-be"}),
        ('"code","name"\n"00123","Ёлка"\n"+7",""\n', "utf-8", {}),
        ("'code'~'name'\n'00123'~'Ёлка'\n+7~\n", "utf-8", {"delimiter": "~", "quote": "'"}),
        ("sep=^\r\ncode^name\r\n00123^Ёлка\r\n+7^\r\n", "utf-8-sig", {}),
        ("SEP=;\ncode|name\n00123|Ёлка\n+7|\n", "utf-8", {"delimiter": "|"}),
        ("made by erp\n\ncode,name\n00123,Ёлка\n+7,\n", "utf-8", {"skip": 2}),
    ],
)
def test_dialects_and_encodings(drop: Drop, content: str, encoding: str, table: dict[str, Any]) -> None:
    drop.put("t.csv", content, encoding)
    assert drop.read("SELECT code, name FROM t", t={"path": "t.csv", **table}) == [("00123", "Ёлка"), ("+7", None)]


def test_quotes_line_breaks_and_escapes(drop: Drop) -> None:
    drop.put("t.csv", 'a,b\n"x ""y""; z","1\r\n2\n\n3\x1an"\n5" pipe,\x1a\n')
    assert drop.read(t="t.csv") == [('x "y"; z', "1\r\n2\n\n3\x1an"), ('5" pipe', "\x1a")]
    drop.put("e.csv", 'a,b\n"x \\"y\\"",1\n')
    assert drop.read(t={"path": "e.csv", "escape": "\\"}) == [('x "y"', "1")]
    drop.put("n.csv", "1,x\n2,y\n")
    assert drop.read(t={"path": "n.csv", "header": False, "columns": {"column1": "integer"}}) == [(1, "x"), (2, "y")]
    drop.put("one.csv", "only\n\nx\n")
    assert drop.read(t="one.csv") == [("x",)]
    drop.put("z.csv.gz", gzip.compress(b"a;b\n1;2\n"))
    assert drop.read(t="z.csv.gz") == [("1", "2")]


def test_whatever_a_csv_file_holds_arrives(drop: Drop) -> None:
    chance = random.Random(5)
    pieces = [*"\"\n\r;,|'\\ \t\x1asnrЁ😀", "\r\n", "", "\u2028"]
    rows = [["".join(chance.choices(pieces, k=chance.randrange(9))) for _ in range(3)] for _ in range(2000)]
    with (drop.root / "t.csv").open("w", encoding="utf-16", newline="") as file:
        csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL).writerows([["x", "y", "z"], *rows])
    arrived = drop.read(t={"path": "t.csv", "delimiter": ";"})
    assert arrived == [tuple(cell or None for cell in row) for row in rows]
    drop.put("t.jsonl", "".join(json.dumps(dict(zip("xyz", row, strict=True))) + "\n" for row in rows))
    assert drop.read(t="t.jsonl") == [tuple(row) for row in rows]


def test_types_of_the_spec_win_and_nothing_is_guessed(drop: Drop) -> None:
    drop.put(
        "t.csv",
        "i,n,d,yes,day,at,t,u,code\n+007,0.1,1234.50,true,2024-02-29,2024-02-29 12:30:00.5,12:30,"
        "00000000-0000-0000-0000-000000000001,00123\n,,,,,,,,\n",
    )
    types = {
        "i": "integer",
        "n": "number",
        "d": "decimal(18,2)",
        "yes": "boolean",
        "day": "date",
        "at": "datetime",
        "t": "time",
        "u": "uuid",
        "code": "text",
    }
    assert drop.read(t={"path": "t.csv", "columns": types}) == [
        (
            *(7, 0.1, Decimal("1234.50"), True, dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 12, 30, 0, 500000)),
            *(dt.time(12, 30), UUID(int=1), "00123"),
        ),
        (None,) * 9,
    ]
    assert drop.read(t="t.csv")[0][:3] == ("+007", "0.1", "1234.50")


def test_a_broken_line_is_named_and_blocks_itself_alone(drop: Drop) -> None:
    lines = [
        *("id;name;n", "1;ok;1", "2;short", '3;"open;1', "4;ok;2", '5;"a"b;1', "6;x;1;2", "7;ok;0,5", "8;\x00;1"),
        *("9;ok;1.255", "10;ok;3"),
    ]
    drop.put("a/t.csv", "\n".join(lines).encode() + b"\n11;\xff\xfe;1\n12;ok;" + b"x" * 100 + b"\n")
    rows, broken = drop.all("SELECT id FROM t", t={"path": "a/t.csv", "columns": {"n": "decimal(9,2)"}})
    assert [row[0] for row in rows] == ["1", "4", "10"]
    assert broken == [
        "a/t.csv:3: the line has 2 cells, the first one 3",
        "a/t.csv:4: text follows a closing quote: a quote within quotes is written twice",
        "a/t.csv:6: text follows a closing quote: a quote within quotes is written twice",
        "a/t.csv:7: the line has 4 cells, the first one 3",
        "a/t.csv:8: column n: '0,5' is not a number; a decimal point is wanted",
        "a/t.csv:9: the row has a NUL character",
        "a/t.csv:10: column n: '1.255' has more than 2 decimal places",
        "a/t.csv:12: not UTF-8 text: say how the file is encoded, such as `encoding: cp1251`",
        f"a/t.csv:13: column n: '{'x' * 59}… is not a number",
    ]
    drop.put("open.csv", 'a,b\n1,2\n3,"4\n5,6\n')
    assert drop.all(t="open.csv") == (
        [("1", "2"), ("5", "6")],
        ["open.csv:3: a quote is opened and never closed"],
    )


@pytest.mark.parametrize(
    ("content", "table", "message"),
    [
        ("", {}, "t.csv: the file is empty"),
        ("a,b,a\n1,2,3\n", {}, "t.csv:1: two columns are named `a`\nName them apart."),
        ("id,ID\n1,2\n", {}, "t.csv:1: two columns are named `ID` (`id` and `ID` are one to SQL)"),
        ("a\n1\n", {"columns": {"aa": "text"}}, "gives a type to `aa`, which the files do not have\ndid you mean"),
        ("Ё".encode("cp1251") + b"\n1\n", {}, "t.csv:1: the names of the columns are not UTF-8 text: say how"),
        (b"a,\0\n1,2\n", {}, "t.csv:1: the names of the columns have NUL characters\nSay how the file is encoded"),
        ("x" * 2_000_001, {}, "t.csv:1: the line is longer than 2,000,000 characters"),
    ],
)  # fmt: skip
def test_a_file_without_usable_columns_is_refused(
    drop: Drop, content: str | bytes, table: dict[str, Any], message: str
) -> None:
    drop.put("t.csv", content)
    told = drop.refused(t={"path": "t.csv", **table})
    assert told.startswith("source drop, table t, ")
    assert message in told


def test_globs(drop: Drop) -> None:
    drop.put("in/b.csv", "n,id\nb,2\n")
    drop.put("in/a.csv", "id,n\n1,a\n")
    drop.put("in/[x].csv", "id,n\n3,x\n")
    drop.put("in/deep/c.csv", "id,n\n4\n")
    assert drop.read(t="in/?.csv") == [("1", "a"), ("2", "b")]
    assert drop.read(t="in/[x].csv") == [("3", "x")]
    assert drop.all("SELECT count(*) FROM t", t="in/**/*.csv") == (
        [(3,)],
        ["in/deep/c.csv:2: the line has 1 cell, the first one 2"],
    )
    drop.put("in/z.csv", "id,other\n1,a\n")
    assert "in/z.csv:1: its columns are not those of the files before it: 'n', 'other'" in drop.refused(t="in/*.csv")
    assert "there is no file out/*.csv\nA relative path starts at" in drop.refused(t="out/*.csv")
    assert "it is a folder: write a pattern such as in/*.csv" in drop.refused(t="in")
    drop.put("in/z.dat", "id\n1\n")
    assert "Say `format: csv`" in drop.refused(t="in/z.dat")
    assert drop.read(t={"path": "in/z.dat", "format": "csv"}) == [("1",)]


def test_json_keeps_its_types(drop: Drop) -> None:
    rows = [
        '{"id": 1, "n": 0.1, "code": "00123", "yes": true, "tags": ["a", 1.5], "mixed": 1, "day": "2026-01-31"}',
        '{"id": 2, "n": 7, "o": {"x": null}, "empty": "", "mixed": "x", "big": 9007199254740993}',
        '{"id": 3, "exact": 12345678901234567.89, "big": 0.5, "text": "a\\nb"}',
    ]
    expected = [
        (1, 0.1, "00123", True, ["a", 1.5], "1", "2026-01-31", None, None, None, None, None),
        (2, 7.0, None, None, None, "x", None, {"x": None}, "", "9007199254740993", None, None),
        (3, None, None, None, None, None, None, None, None, "0.5", "12345678901234567.89", "a\nb"),
    ]
    odd = ["nope", "[1]", '{"id": "9"\r', '{"id": 3, "id": 4}', '{"id": NaN}', '{"id": "\\ud800"}']
    drop.put("t.jsonl", "\n".join([*rows, *odd]) + "\n")
    assert drop.all(t="t.jsonl") == (
        expected,
        [
            "t.jsonl:4: Expecting value (column 1)",
            't.jsonl:5: this is no object: a row is {"column": value, …}',
            "t.jsonl:6: Expecting ',' delimiter (column 11)",
            "t.jsonl:7: the object has 'id' twice",
            "t.jsonl:8: NaN is no number of JSON",
            "t.jsonl:9: the row has half a character (a lone surrogate)",
        ],
    )
    drop.put("t.json", "[\n" + ",\n".join(rows) + "]\n", "utf-8-sig")
    assert drop.read(t="t.json") == expected
    drop.put("u.json", "\n".join(rows))
    assert drop.read(t="u.json") == expected
    typed = {"path": "t.json", "columns": {"id": "text", "n": "decimal(4,1)", "day": "date"}}
    assert drop.read("SELECT id, n, day FROM t", t=typed)[:2] == [
        ("1", Decimal("0.1"), dt.date(2026, 1, 31)),
        ("2", Decimal("7.0"), None),
    ]
    drop.put("deep.jsonl", '{"o": {"n": [12345678901234567.89, 0.10, 1e400, "x"]}}\n')
    ((deep,),) = drop.read(t="deep.jsonl")
    assert deep == {"n": [Decimal("12345678901234567.89"), 0.1, Decimal("1e400"), "x"]}
    many = [{"id": n, "text": "Ёлка " * 20} for n in range(5000)]  # more than is held at a time
    drop.put("many.json", json.dumps(many, indent=1, ensure_ascii=False))
    assert drop.read("SELECT count(*), sum(id) FROM t", t="many.json") == [(5000, 12497500)]
    for text, message in [
        ('[{"a": 1},\n {"a": }]', "t.json:2: this is no JSON: Expecting value"),
        ('[{"a": 1}\n', "the file ends within its list"),
        ('[{"a": 1} {"a": 2}]', "',' is missing"),
        ('[{"a": 1}] x', "there is more after the list"),
        ("[]", "the files have no rows, and so no columns"),
    ]:
        drop.put("t.json", text)
        assert message in drop.refused(t="t.json")


def test_workbooks(drop: Drop) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Prices"
    for row in [
        ["id", "code", "n", "at", None, "yes"],
        [1, "00123", 0.1 + 0.2, dt.datetime(2020, 1, 2), "x", True],
        [2, "+7", 7.25, dt.datetime(2020, 1, 2, 3, 4), "#N/A", False],
        [None, None, None, None, None, None],
        [3, "a\nb", 2, None, None, None, "beyond"],
        [4, "1e5", 2, None, None, None],
        [5, "x", "=C2+1", None, None, None],
        [6, "=B4", 1, None, None, None],
        [7, "=B5", 2, None, None, None],
    ]:
        sheet.append(row)
    book.create_sheet("Other").append(["only", "header"])
    book.save(drop.root / "t.xlsx")
    drop.compute("t.xlsx", {"B8": "text", "B9": ""})
    assert drop.all(t="t.xlsx") == (
        [
            (1, "00123", 0.3, dt.datetime(2020, 1, 2), "x", True),
            (4, "1e5", 2.0, None, None, None),
            (6, "text", 1.0, None, None, None),
            (7, None, 2.0, None, None, None),
        ],
        [
            "t.xlsx:3: the cell E3 holds the error #N/A",
            "t.xlsx:5: the cell G5 is beyond the columns that are named",
            "t.xlsx:7: the cell C7 has a formula and no value: compute the workbook and save it",
        ],
    )
    typed = {"path": "t.xlsx", "sheet": "Prices", "columns": {"id": "text", "n": "decimal(9,2)", "at": "date"}}
    assert drop.all("""SELECT id, n, "at" FROM t WHERE id = '1'""", t=typed)[0] == [
        ("1", Decimal("0.30"), dt.date(2020, 1, 2))
    ]
    assert drop.read(t={"path": "t.xlsx", "sheet": "Other"}) == []
    assert "there is no sheet 'Othr'\ndid you mean `Other`?" in drop.refused(t={"path": "t.xlsx", "sheet": "Othr"})
    drop.put("t.xlsx", "no workbook")
    assert "t.xlsx: the file cannot be read as XLSX" in drop.refused(t="t.xlsx")


def test_parquet(drop: Drop) -> None:
    with duckdb.connect() as database:
        database.execute(
            "COPY (SELECT 7 AS id, 1.50::DECIMAL(9,2) AS n, [1, 2] AS list, {'a': 1} AS s, DATE '2020-01-01' AS d, "
            "'x'::BLOB AS b, TIMESTAMPTZ '2020-01-01 00:00:00+02' AS z, 'a'::VARCHAR AS t, NULL AS nothing) "
            f"TO '{drop.root}/t.parquet'"
        )
    moment = dt.datetime(2019, 12, 31, 22, tzinfo=dt.UTC)
    row = (7, Decimal("1.50"), [1, 2], {"a": 1}, dt.date(2020, 1, 1), b"x", moment, "a", None)
    assert drop.read(t="t.parquet") == [row]
    assert drop.read(t={"path": "t.parquet", "columns": {"id": "text"}}) == [("7", *row[1:])]
    assert "did you mean `id`?" in drop.refused(t={"path": "t.parquet", "columns": {"ID": "text"}})
    drop.put("t.parquet", "no parquet")
    assert "the table t cannot be read" in drop.refused(t="t.parquet")


def test_sql_over_several_tables(drop: Drop) -> None:
    drop.put("a.csv", "id,name\n1,x\n2,y\n")
    drop.put("b.jsonl", '{"customer": "2", "total": 2.5}\n{"customer": "2", "total": 1}\noops\n')
    drop.put("c.csv", "oops,oops\n")
    query = "SELECT a.name, sum(total) AS total FROM A JOIN b ON b.customer = a.id WHERE a.id > :least GROUP BY ALL"
    with drop.open(a="a.csv", b="b.jsonl", c="c.csv") as source:
        for _ in range(2):  # a second query sees the files as the first did
            with source.read("deals", query, {"least": "1"}) as rows:
                assert (rows.columns, list(rows)) == (("name", "total"), [[("y", 3.5)]])
                assert list(rows.broken()) == [["b.jsonl:3: Expecting value (column 1)"]]
            drop.put("a.csv", "id,name\n")
        with source.read("deals", "SELECT name FROM a ORDER BY id", batch_rows=1) as rows:
            assert list(rows) == [[("x",)], [("y",)]]
            assert list(rows.broken()) == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT * FROM read_csv('/etc/passwd')", "Only the files under `sources.drop.files` can be read"),
        ("SELECT * FROM read_text('secret.txt')", "Only the files under"),
        ("SELECT * FROM read_blob('{root}/secret.txt')", "Only the files under"),
        ("SELECT * FROM read_parquet('{root}/*')", "Only the files under"),
        ("FROM glob('/etc/*')", "Only the files under"),
        ("SELECT * FROM '{root}/secret.txt'", "there is no table"),
        ("SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')", "Only the files under"),
        ("SELECT * FROM files", "there is no table files"),  # a variable of Python's
        ("SELECT * FROM sqlite_scan('a', 'b')", "not in the catalog"),
        ("COPY t TO '{root}/out.csv'", "Sources are only read, never written."),
        ("WITH x AS (SELECT 1) INSERT INTO t SELECT 1", "the query failed"),
        ("SELECT 1; SET threads = 1", "the query has several statements"),
        ("SELECT sum(a) AS s FROM t", "A CSV file has text alone: give columns a type"),
        ("SELECT x.*, y.* FROM t x, t y", "several columns of one name: `a` (columns 1, 2)"),
        ("SELECT * FROM custmers", "there is no table custmers\ndid you mean `customers`?"),
    ],
)
def test_nothing_but_the_declared_files_can_be_read(drop: Drop, query: str, message: str) -> None:
    drop.put("t.csv", "a\n1\n")
    drop.put("secret.txt", "s3cret")
    told = drop.refused(query.replace("{root}", str(drop.root)), t="t.csv", customers="t.csv")
    assert message in told
    assert "s3cret" not in told
    assert not (drop.root / "out.csv").exists()


def test_nothing_is_left_behind_and_nobody_else_can_look(drop: Drop, scratch: Path) -> None:
    drop.put("t.csv", "a\n1\n")
    with drop.open(t="t.csv") as source, source.read("deals", "SELECT * FROM t") as rows:
        assert list(rows) == [[("1",)]]
        (folder,) = scratch.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert not [path for path in folder.rglob("*") if path.is_file()]
    assert list(scratch.iterdir()) == []


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """A folder of the test's own for temporary files."""
    before, tempfile.tempdir = tempfile.tempdir, str(tmp_path / "scratch")
    os.mkdir(tempfile.tempdir)  # noqa: PTH102
    yield Path(tempfile.tempdir)
    tempfile.tempdir = before
