"""A table with a column of every type that the database itself lists, and of arrays of each: to the portal and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from tests.plan.project import Project, entity
from tests.postgres import Postgres

SAMPLES: dict[str, tuple[str, ...]] = {
    # type: values in SQL, then what the portal gets where that is not what PostgreSQL writes
    "aclitem": ("postgres=r/postgres",),
    "bit": ("1",),
    "bool": ("true", "Y"),
    "box": ("(2,2),(1,1)",),
    "bpchar": ("Ёж ",),
    "bytea": ("\\x00ff",),
    '"char"': ("x",),
    "cid": ("7",),
    "cidr": ("10.0.0.0/8",),
    "circle": ("<(1,2),3>",),
    "date": ("2020-02-29",),
    "datemultirange": ("{[2020-01-01,2020-02-01),[2021-01-01,)}",),
    "daterange": ("[2020-01-01,2020-02-01)",),
    "float4": ("0.1",),
    "float8": ("0.30000000000000004",),
    "inet": ("10.0.0.1",),
    "int2": ("-32768",),
    "int4": ("2147483647",),
    "int4multirange": ("{[1,3),[5,9)}",),
    "int4range": ("[1,5)",),
    "int8": ("-9223372036854775807",),
    "int8multirange": ("{[1,3)}",),
    "int8range": ("[1,)",),
    "interval": ("2 days 03:04:05.5", "51:04:05.500000"),
    "json": ('{"a": [1, 0.10, null, "x"]}', '{"a": [1, 0.1, null, "x"]}'),
    "jsonb": ('{"a": [1, null, true], "b": "Ё"}',),
    "jsonpath": ('$."a"[*]',),
    "line": ("{1,2,3}",),
    "lseg": ("[(1,2),(3,4)]",),
    "macaddr": ("08:00:2b:01:02:03",),
    "macaddr8": ("08:00:2b:01:02:03:04:05",),
    "money": ("$1,234.50",),
    "name": ("a_name",),
    "numeric": ("12345678901234567890.01234567890",),
    "nummultirange": ("{[1.5,2.5)}",),
    "numrange": ("[1.5,2.50)",),
    "oid": ("4000000000",),
    "path": ("((1,2),(3,4))",),
    "pg_lsn": ("16/B374D848",),
    "pg_snapshot": ("10:20:10,14,15",),
    "point": ("(1,2)",),
    "polygon": ("((1,2),(3,4),(5,0))",),
    "refcursor": ("a cursor",),
    "regclass": ("pg_type",),
    "regcollation": ('"C"',),
    "regconfig": ("english",),
    "regdictionary": ("simple",),
    "regnamespace": ("pg_catalog",),
    "regoper": ("|/",),
    "regoperator": ("+(integer,integer)",),
    "regproc": ("now",),
    "regprocedure": ("sum(integer)",),
    "regrole": ("postgres",),
    "regtype": ("integer",),
    "text": ("[b]Ёж[/b] 'x' \\ \n😀",),
    "tid": ("(0,1)",),
    "time": ("12:30:01.5", "12:30:01.500000"),
    "timestamp": ("2020-01-02 03:04:05.000006",),
    "timestamptz": ("2020-01-02 03:04:05+02",),
    "timetz": ("12:30:01+02", "12:30:01+02:00"),
    "tsmultirange": ('{["2020-01-01 00:00:00","2020-02-01 00:00:00")}',),
    "tsquery": ("'a' & 'b'",),
    "tsrange": ('["2020-01-01 00:00:00",infinity)',),
    "tstzmultirange": ("{}",),
    "tstzrange": ('["2020-01-01 00:00:00+00",)',),
    "tsvector": ("'a':1 'b':2",),
    "txid_snapshot": ("10:20:",),
    "uuid": ("00000000-0000-0000-0000-00000000000a",),
    "varbit": ("10101",),
    "varchar": ("00123",),
    "xid": ("7",),
    "xid8": ("18446744073709551615",),
    # what a user makes
    "mood": ("happy, or so",),
    "amount": ("0.10",),
    "amount_of_amount": ("0.20",),
    "pair": ('(1,"x, y")',),
    "span": ("[0.1,0.2)",),
    # what Python has no value for
    "date /": ("infinity",),
    "date //": ("0044-03-15 BC",),
    "timestamp /": ("-infinity",),
    "timestamp //": ("99999-12-31 00:00:00",),
    "timestamptz /": ("infinity",),
    "time /": ("24:00:00",),
    "timetz /": ("24:00:00-15:30",),
    "interval /": ("1 year 2 mons 3 days",),
    "interval //": ("-infinity",),
    "interval ///": ("-1 days +02:03:00", "-21:57:00"),
}
MADE = """
CREATE TYPE mood AS ENUM ('sad', 'happy, or so');
CREATE DOMAIN amount AS numeric(9,2) CHECK (VALUE > 0);
CREATE DOMAIN amount_of_amount AS amount;
CREATE TYPE pair AS (n int, t text);
CREATE TYPE span AS RANGE (subtype = float8);
"""
OURS = {"mood", "amount", "amount_of_amount", "pair", "span"}
CATALOG = """
SELECT format_type(oid, NULL) = '"char"', typname FROM pg_type
WHERE typtype IN ('b', 'r', 'm', 'e', 'd') AND typcategory <> 'A' AND typnamespace = 'pg_catalog'::regnamespace
"""
VALUELESS = {  # "cannot accept a value of type …": statistics, and what indexes keep
    "gtsvector", "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary", "pg_dependencies", "pg_mcv_list",
    "pg_ndistinct", "pg_node_tree",
    "xml",  # the server of these tests is built without it
}  # fmt: skip
SELECTED = {"bytea": "encode({}, 'hex')"}
TEMPLATES = {"bool": "{{ 'Y' if row.%s else 'N' }}", "json": "{{ row.%s | tojson }}", "jsonb": "{{ row.%s | tojson }}"}
NO_ARRAY_OF_TEXT = {"bool", "bytea", "json", "jsonb"}
"""Their elements are no text for a field."""


def field(number: int, many: bool = False) -> str:
    return f"UF_CRM_{int(many)}{number:09}"


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.fresh_database()


def test_every_type_that_the_database_has_goes_to_the_portal_and_back(project: Project, url: str) -> None:
    place = make_url(url)
    names = list(SAMPLES)
    with psycopg.connect(host=str(place.query["host"]), user=place.username, dbname=place.database) as database:
        listed = {'"char"' if quoted else name for quoted, name in database.execute(CATALOG)}
        assert listed - VALUELESS == {name for name in names if "/" not in name} - OURS
        database.execute(MADE.encode())
        types = [name.rstrip(" /") for name in names]
        columns = ", ".join(f"v{number} {kind}, a{number} {kind}[]" for number, kind in enumerate(types))
        database.execute(f"CREATE TABLE thing (id int, {columns})".encode())
        marks = ", ".join(f"%s::{kind}, ARRAY[%s::{kind}, NULL]" for kind in types)
        values = [sample[0] for sample in SAMPLES.values() for _ in range(2)]
        database.execute(f"INSERT INTO thing VALUES (1, {marks}), (2{', NULL' * len(values)})".encode(), values)
        database.execute(f"ALTER DATABASE {place.database} SET datestyle = 'SQL, DMY'".encode())
        database.execute(f"ALTER DATABASE {place.database} SET intervalstyle = 'iso_8601'".encode())

    selected, fields = ["id"], {"title": "x"}
    for number, kind in enumerate(types):
        for many, column in ((False, f"v{number}"), (True, f"a{number}")):
            if many and kind in NO_ARRAY_OF_TEXT:
                continue
            selected.append(f"{SELECTED.get(kind, '{}').format(column)} AS {column}")
            given = {"entityTypeId": 2, "name": field(number, many), "type": "string", "multiple": many}
            project.portal.control("POST", "fields", given)
            fields[field(number, many)] = TEMPLATES.get(kind, "{{ row.%s }}") % column
    query = f"SELECT {', '.join(selected)} FROM thing ORDER BY id"
    project.spec({"things": entity("deal", "thing", query=query, fields=fields)}, sources={"erp": {"url": url}})
    applied = project.apply()
    assert applied.summary == {"created": 2}, applied.document

    stored = project.items(2)["1"]
    wrong: dict[str, Any] = {}
    for number, (name, (value, *told)) in enumerate(SAMPLES.items()):
        expected: Any = told[0] if told else value.removeprefix("\\x")
        found: dict[str, Any] = {name: stored[f"ufCrm_0{number:09}"]}
        if name not in NO_ARRAY_OF_TEXT:
            (found[f"{name}[]"],) = stored[f"ufCrm_1{number:09}"]
        if name == "timestamptz":  # in the zone of the session
            expected = datetime(2020, 1, 2, 1, 4, 5, tzinfo=UTC)
            found = {place: datetime.fromisoformat(each) for place, each in found.items()}
        wrong |= {place: each for place, each in found.items() if each != expected}
    assert wrong == {}
    nothing = project.items(2)["2"]
    filled = {name for number, name in enumerate(names) if nothing[f"ufCrm_0{number:09}"]}
    assert filled == {"bool", "json", "jsonb"}  # of which the templates make text: N, null


def test_what_python_cannot_hold_blocks_its_own_row_in_a_field_of_dates(project: Project, url: str) -> None:
    days = "VALUES (1, '2020-02-29'::date), (2, 'infinity'), (3, '0001-01-01 BC'), (4, '10000-01-01'), (5, NULL)"
    things: dict[str, Any] = entity("deal", "", query=f"SELECT * FROM ({days}) AS t(id, day)")
    project.spec({"things": things | {"fields": {"begindate": "{{ row.day }}"}}}, sources={"erp": {"url": url}})
    applied = project.apply()
    assert applied.summary == {"created": 2, "blocked": 3}
    assert "'infinity'" in applied.planned.message("2")
    assert project.items(2)["1"]["begindate"][:10] == "2020-02-29"
