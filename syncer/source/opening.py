"""From a URL to an open source."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from syncer.errors import SourceError
from syncer.log import Secret
from syncer.source.rows import Source


def open_source(name: str, url: Secret, *, root: Path) -> Source:
    """Connects to the database that an SQLAlchemy URL names; a relative path in it starts at `root`.

    Raises SourceError; its text never has the password.
    """
    parsed = _parsed(name, url)
    backend, _, driver = parsed.drivername.partition("+")
    match backend, driver:
        case "sqlite", "" | "pysqlite":
            from syncer.source.sqlite import SqliteSource

            return SqliteSource(name, parsed, root)
        case "postgresql", "" | "psycopg":
            try:
                from syncer.source.postgresql import PostgresqlSource
            except ImportError as error:
                raise SourceError(
                    "PostgreSQL needs the driver psycopg, which is not installed",
                    detail=str(error),
                    hint="pip install 'syncer[postgres]'",
                    where=f"source {name}",
                ) from error
            return PostgresqlSource(name, parsed)
        case _:
            raise SourceError(
                f"a database of the kind `{parsed.drivername}` cannot be read",
                hint="Write sqlite:///… or postgresql+psycopg://…",
                where=f"source {name}",
            )


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
