"""A table of a real MariaDB with a column of every type: to the portal and back."""

from __future__ import annotations

from tests.mariadb import Mariadb, mariadb  # noqa: F401  # a fixture
from tests.plan.project import Project, entity

SAMPLES: dict[str, tuple[str, str]] = {
    # type: value in SQL, what the portal gets
    "tinyint": ("-128", "-128"),
    "tinyint unsigned": ("255", "255"),
    "smallint": ("-32768", "-32768"),
    "mediumint unsigned": ("16777215", "16777215"),
    "int": ("-2147483648", "-2147483648"),
    "bigint": ("-9223372036854775808", "-9223372036854775808"),
    "bigint unsigned": ("18446744073709551615", "18446744073709551615"),
    "decimal(65,30)": ("'12345678901234567890.0123456789'", "12345678901234567890.012345678900000000000000000000"),
    "decimal(9,2)": ("0.10", "0.10"),
    "float": ("0.1", "0.1"),
    "double": ("0.30000000000000004", "0.30000000000000004"),
    "bit(1)": ("b'1'", "1"),
    "bit(64)": (f"b'{'1' * 64}'", "18446744073709551615"),
    "boolean": ("true", "1"),
    "char(3)": ("'a'", "a"),
    "varchar(9)": ("'00123'", "00123"),
    "tinytext": ("'Ёж'", "Ёж"),
    "text": ("'[b]x[/b] '''", "[b]x[/b] '"),
    "mediumtext": ("'\\\\ %s :x'", "\\ %s :x"),
    "longtext": ("'👩‍👩‍👧‍👦'", "👩‍👩‍👧‍👦"),
    "enum('a','b')": ("'b'", "b"),
    "set('a','b','c')": ("'a,c'", "a,c"),
    "date": ("'2020-02-29'", "2020-02-29"),
    "datetime": ("'9999-12-31 23:59:59'", "9999-12-31 23:59:59"),
    "datetime(6)": ("'2020-01-02 03:04:05.000006'", "2020-01-02 03:04:05.000006"),
    "timestamp(3) NULL": ("'2020-01-02 03:04:05.5'", "2020-01-02 03:04:05.500000+00:00"),
    "time": ("'-838:59:59'", "-838:59:59"),
    "time(3)": ("'00:00:01.5'", "00:00:01.500000"),
    "year": ("2020", "2020"),
    "json": ("""'{"a": 12345678901234567.89}'""", '{"a": 12345678901234567.89}'),
    "uuid": ("'00000000-0000-0000-0000-00000000000a'", "00000000-0000-0000-0000-00000000000a"),
    "inet4": ("'10.0.0.1'", "10.0.0.1"),
    "inet6": ("'2001:db8::ff00:42:8329'", "2001:db8::ff00:42:8329"),
    # of bytes the query makes text
    "binary(3)": ("'a'", "610000"),
    "varbinary(9)": ("x'00ff'", "00FF"),
    "tinyblob": ("x'00ff'", "00FF"),
    "blob": ("x'00ff'", "00FF"),
    "mediumblob": ("x'00ff'", "00FF"),
    "longblob": ("x'00ff'", "00FF"),
    "point": ("ST_GeomFromText('POINT(1 2)')", "POINT(1 2)"),
    "polygon": ("ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')", "POLYGON((0 0,1 0,1 1,0 0))"),
}


def selected(number: int, kind: str) -> str:
    if "binary" in kind or "blob" in kind:
        return f"hex(v{number}) AS v{number}"
    return f"ST_AsText(v{number}) AS v{number}" if kind in ("point", "polygon") else f"v{number}"


def test_every_type_of_column_goes_to_the_portal_and_back(project: Project, mariadb: Mariadb) -> None:  # noqa: F811
    database = mariadb.fresh_database()
    columns = ", ".join(f"v{number} {kind}" for number, kind in enumerate(SAMPLES))
    with mariadb.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")
        cursor.execute(f"CREATE TABLE thing (id int, {columns})")
        cursor.execute(f"INSERT INTO thing VALUES (1, {', '.join(value for value, _ in SAMPLES.values())})")
        cursor.execute("INSERT INTO thing (id) VALUES (2)")
    fields = {"title": "x"}
    for number in range(len(SAMPLES)):
        name = f"UF_CRM_0{number:09}"
        project.portal.control("POST", "fields", {"entityTypeId": 2, "name": name, "type": "string"})
        fields[name] = f"{{{{ row.v{number} }}}}"
    query = f"SELECT id, {', '.join(selected(number, kind) for number, kind in enumerate(SAMPLES))} FROM thing"
    sources = {"erp": {"url": mariadb.url(database)}}
    project.spec({"things": entity("deal", "thing", query=query, fields=fields)}, sources=sources)
    applied = project.apply()
    assert applied.summary == {"created": 2}, applied.document
    stored, nothing = (project.items(2)[key] for key in "12")
    found = {kind: stored[f"ufCrm_0{number:09}"] for number, kind in enumerate(SAMPLES)}
    assert found == {kind: told for kind, (_, told) in SAMPLES.items()}
    assert not any(nothing[f"ufCrm_0{number:09}"] for number in range(len(SAMPLES)))
