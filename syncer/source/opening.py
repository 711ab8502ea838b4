"""From what a spec says of a source to an open one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from syncer.errors import SourceError
from syncer.log import Secret
from syncer.source.rows import Source
from syncer.spec.written import FileTable


def open_source(name: str, place: Secret | Mapping[str, FileTable], *, root: Path) -> Source:
    """Connects to the database that an SQLAlchemy URL names, or finds the files of each table.

    A relative path starts at `root`. Raises SourceError; its text never has the password.
    """
    if not isinstance(place, Secret):
        tables = place
        return _needing(name, "a source of files", "duckdb", "files", lambda: _files(name, tables, root))
    parsed = _parsed(name, place)
    backend, _, driver = parsed.drivername.partition("+")
    match backend, driver:
        case "sqlite", "" | "pysqlite":
            from syncer.source.sqlite import SqliteSource

            return SqliteSource(name, parsed, root)
        case "postgresql", "" | "psycopg":
            return _needing(name, "PostgreSQL", "the driver psycopg", "postgres", lambda: _postgresql(name, parsed))
        case "mysql" | "mariadb", "" | "pymysql":
            return _needing(name, "MySQL", "the driver PyMySQL", "mysql", lambda: _mysql(name, parsed))
        case "oracle", "":  # the maintained driver, which is not SQLAlchemy's own default
            from syncer.source.alchemy import AlchemySource

            return AlchemySource(name, parsed.set(drivername="oracle+oracledb"))
        case "sqlite" | "postgresql" | "postgres", _:
            raise SourceError(
                f"a database of the kind `{parsed.drivername}` cannot be read",
                hint="Write sqlite:///… or postgresql+psycopg://…",
                where=f"source {name}",
            )
        case _:
            from syncer.source.alchemy import AlchemySource

            return AlchemySource(name, parsed)


def _files(name: str, tables: Mapping[str, FileTable], root: Path) -> Source:
    from syncer.source.files import FilesSource

    return FilesSource(name, tables, root)


def _postgresql(name: str, url: URL) -> Source:
    from syncer.source.postgresql import PostgresqlSource

    return PostgresqlSource(name, url)


def _mysql(name: str, url: URL) -> Source:
    from syncer.source.mysql import MysqlSource

    return MysqlSource(name, url)


def _needing(name: str, what: str, package: str, extra: str, make: Callable[[], Source]) -> Source:
    try:
        return make()
    except ImportError as error:
        raise SourceError(
            f"{what} needs {package}, which is not installed",
            detail=str(error),
            hint=f"pip install 'syncer[{extra}]'",
            where=f"source {name}",
        ) from error


_ENCODE = (
    "Write sqlite:///… or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE, and percent-encode "
    "what is not a letter or digit in the password (`@` is %40, `/` is %2F)."
)


def _parsed(name: str, url: Secret) -> URL:
    try:
        parsed = make_url(url.reveal())
    except (ArgumentError, ValueError):
        # Not chained: the parser's own message may repeat the URL, or take a password for a port.
        raise SourceError("the URL cannot be read", hint=_ENCODE, where=f"source {name}") from None
    if parsed.host and "@" in f"{parsed.host}{parsed.database}":
        # The driver would take a piece of the password for the host, and say its name.
        raise SourceError("the URL has more than one @", hint=_ENCODE, where=f"source {name}")
    return parsed
