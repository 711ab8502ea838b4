"""Every type of column of a PostgreSQL database: what its values are in a row, and in the portal."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import make_url

from syncer.log import Secret
from syncer.source import open_source
from tests.plan.project import Project, entity
from tests.postgres import Postgres

COLUMNS: dict[str, tuple[str, str, Any]] = {
    # column: its type, its value in SQL, its value in a row
    "c_small": ("smallint", "-1", -1),
    "c_int": ("int", "7", 7),
    "c_big": ("bigint", "9223372036854775807", 9223372036854775807),
    "c_numeric": ("numeric", "12345678901234567890.0123456789", Decimal("12345678901234567890.0123456789")),
    "c_price": ("numeric(18,2)", "0.10", Decimal("0.10")),
    "c_real": ("real", "0.1", 0.1),
    "c_double": ("float8", "0.1", 0.1),
    "c_money": ("money", "1234.5", "$1,234.50"),
    "c_yes": ("boolean", "true", True),
    "c_text": ("text", "'Ёж ''x'''", "Ёж 'x'"),
    "c_code": ("varchar(9)", "'00123'", "00123"),
    "c_char": ("char(3)", "'a'", "a  "),
    "c_bytes": ("bytea", r"'\x00ff'", b"\x00\xff"),
    "c_date": ("date", "'2020-02-29'", date(2020, 2, 29)),
    "c_time": ("time", "'12:30:01'", time(12, 30, 1)),
    "c_timetz": ("timetz", "'12:30+02'", time(12, 30, tzinfo=timezone(timedelta(hours=2)))),
    "c_at": ("timestamp", "'2020-01-02 03:04:05.000006'", datetime(2020, 1, 2, 3, 4, 5, 6)),
    "c_moment": ("timestamptz", "'2020-01-02 03:04:05+02'", datetime(2020, 1, 2, 1, 4, 5, tzinfo=UTC)),
    "c_span": ("interval", "'2 days 03:04:05'", timedelta(days=2, hours=3, minutes=4, seconds=5)),
    "c_uuid": ("uuid", "'00000000-0000-0000-0000-00000000000a'", UUID(int=10)),
    "c_json": ("json", """'{"a": [1, null, "x"]}'""", {"a": [1, None, "x"]}),
    "c_jsonb": ("jsonb", "'[true, 0.1]'", [True, 0.1]),
    "c_ints": ("int[]", "'{1,NULL,3}'", [1, None, 3]),
    "c_texts": ("text[][]", """'{{a,"b,c"},{d,e}}'""", [["a", "b,c"], ["d", "e"]]),
    "c_prices": ("numeric[]", "'{0.10,2}'", [Decimal("0.10"), Decimal(2)]),
    "c_mood": ("mood", "'happy'", "happy"),
    "c_pair": ("pair", "'(1,x)'", "(1,x)"),
    "c_inet": ("inet", "'10.0.0.1'", "10.0.0.1"),
    "c_cidr": ("cidr", "'10.0.0.0/8'", "10.0.0.0/8"),
    "c_mac": ("macaddr", "'08:00:2b:01:02:03'", "08:00:2b:01:02:03"),
    "c_range": ("int4range", "'[1,5)'", "[1,5)"),
    "c_ranges": ("datemultirange", "'{[2020-01-01,2020-02-01)}'", "{[2020-01-01,2020-02-01)}"),
    "c_bits": ("bit(3)", "B'101'", "101"),
    "c_point": ("point", "'(1,2)'", "(1,2)"),
    "c_words": ("tsvector", "'a b'", "'a' 'b'"),
    "c_oid": ("oid", "42", 42),
    "c_nothing": ("int", "NULL", None),
}

FIELDS = {
    "title": "{{ row.c_code }} {{ row.c_uuid }} {{ row.c_inet }} {{ row.c_time }} {{ row.c_range }} {{ row.c_span }}",
    "comments": "{{ row.c_numeric }}; {{ row.c_price }}; {{ row.c_texts[0] | join('/') }}; {{ row.c_json | tojson }}",
    "sourceDescription": "{{ row.c_json.a[2] }}; {{ row.c_big }}; {{ row.c_double }}; {{ row.c_real }}",
    "opportunity": "{{ row.c_price }}",
    "isManualOpportunity": "{{ row.c_yes }}",
    "begindate": "{{ row.c_date }}",
    "closedate": "{{ row.c_at | date }}",
    "probability": "{{ row.c_int }}",
    "ufCrmMoment": "{{ row.c_moment }}",
    "ufCrmPrice": "{{ row.c_numeric }}",
    "ufCrmMany": "{{ row.c_prices }}",
    "ufCrmNothing": "{{ row.c_nothing }}",
}


def test_every_type_of_column_arrives(project: Project, postgres: Postgres) -> None:
    url = postgres.fresh_database()
    place = make_url(url)
    columns = ", ".join(f"{name} {kind}" for name, (kind, _, _) in COLUMNS.items())
    values = ", ".join(value for _, value, _ in COLUMNS.values())
    with psycopg.connect(host=str(place.query["host"]), user=place.username, dbname=place.database) as database:
        database.execute(
            "CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TYPE pair AS (n int, t text);"
            f"CREATE TABLE thing ({columns}); INSERT INTO thing VALUES ({values})".encode()
        )

    with open_source("erp", Secret(url), root=Path()) as source, source.read("things", "SELECT * FROM thing") as rows:
        ((row,),) = list(rows)
        names = rows.columns
    assert dict(zip(names, row, strict=True)) == {name: value for name, (_, _, value) in COLUMNS.items()}
    assert [type(value) for value in row] == [type(value) for _, _, value in COLUMNS.values()]

    kinds = [("MOMENT", "datetime", False), ("PRICE", "double", False), ("MANY", "double", True)]
    for name, kind, multiple in [*kinds, ("NOTHING", "integer", False)]:
        field = {"entityTypeId": 2, "name": f"UF_CRM_{name}", "type": kind, "multiple": multiple}
        project.portal.control("POST", "fields", field)
    project.spec({"things": entity("deal", "thing", "c_uuid", fields=FIELDS)}, sources={"erp": {"url": url}})
    applied = project.apply()
    assert applied.summary == {"created": 1}, applied.document
    deal = project.items(2)["00000000-0000-0000-0000-00000000000a"]
    assert deal["title"] == "00123 00000000-0000-0000-0000-00000000000a 10.0.0.1 12:30:01 [1,5) 51:04:05"
    assert deal["comments"] == '12345678901234567890.0123456789; 0.10; a/b,c; {"a": [1, null, "x"]}'
    assert deal["sourceDescription"] == "x; 9223372036854775807; 0.1; 0.1"
    assert (str(deal["opportunity"]), deal["isManualOpportunity"], deal["probability"]) == ("0.1", "Y", 7)
    assert (deal["begindate"][:10], deal["closedate"][:10]) == ("2020-02-29", "2020-01-02")
    assert datetime.fromisoformat(deal["ufCrmMoment"]) == datetime(2020, 1, 2, 1, 4, 5, tzinfo=UTC)
    assert [float(each) for each in deal["ufCrmMany"]] == [0.1, 2]
    assert deal["ufCrmNothing"] in (None, "")
