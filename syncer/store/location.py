"""Where a state is: its URL taken apart, a name for messages without a secret, a connection to a server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from syncer.errors import StateError
from syncer.log import Secret
from syncer.store.database import Database, told

CONNECT_SECONDS = 10
LOCK_SECONDS = 10
"""How long a statement waits for another process's transaction."""
IDLE_SECONDS = 5
"""How long a transaction may stand still: ours take milliseconds, and one of a frozen process would lock out all."""
_EXAMPLES = "Write sqlite:///state/syncer.db, or postgresql://USER:PASSWORD@HOST/DATABASE."


@dataclass(frozen=True, slots=True)
class Location:
    """A state's URL. `file` is set for SQLite, `url` for a server."""

    place: str
    file: Path | None
    url: sa.URL | None


def locate(url: Secret | str) -> Location:
    """Takes a `state` URL apart. Raises StateError when it is none, or of a database we do not use."""
    try:
        parsed = sa.make_url(url.reveal() if isinstance(url, Secret) else url)
    except (ArgumentError, ValueError):
        raise StateError("the `state` is not a URL", hint=_EXAMPLES) from None
    if parsed.password:
        Secret(str(parsed.password))
    if "@" in f"{parsed.host}{parsed.database}" and parsed.host:
        # the driver would take a piece of the password for the host, and say its name
        raise StateError("the `state` URL has more than one @", hint="Write an @ in the password as %40.")
    match parsed.get_backend_name():
        case "sqlite":
            if not parsed.database or parsed.database == ":memory:" or parsed.query:
                raise StateError(
                    "the `state` URL must name a SQLite file and nothing else",
                    hint="Write sqlite:///state/syncer.db",
                )
            return Location(parsed.database, Path(parsed.database), None)
        case "postgresql" | "postgres":
            server = parsed.set(drivername="postgresql+psycopg")
            return Location(f"{server.host or ''}/{server.database or ''}", None, server)
        case other:
            raise StateError(
                f"the state cannot be kept in {other}",
                hint="Use SQLite (sqlite:///FILE) or PostgreSQL (postgresql://…).",
            )


def connect_server(location: Location, *, writable: bool) -> Database:
    """A PostgreSQL database. Raises StateError when it cannot be reached or the driver is missing."""
    assert location.url is not None
    arguments = {} if "connect_timeout" in location.url.query else {"connect_timeout": CONNECT_SECONDS}
    try:
        engine = sa.create_engine(
            location.url,
            poolclass=NullPool,
            hide_parameters=True,
            isolation_level="AUTOCOMMIT",
            connect_args=arguments,
        )
    except ModuleNotFoundError:
        raise StateError(
            "the state is in PostgreSQL, whose driver is not installed", hint="pip install 'syncer[postgres]'"
        ) from None
    except SQLAlchemyError:
        raise StateError("the `state` URL cannot be used", hint=_EXAMPLES) from None
    with told(location.place):
        connection = engine.connect()
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        connection.exec_driver_sql(f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
        if not writable:
            connection.exec_driver_sql("SET default_transaction_read_only = on")
    return Database(connection, location.place)
