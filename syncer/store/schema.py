"""The state's schema: which version a database has, and bringing it to ours."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa

from syncer.errors import StateError, StateVersionError
from syncer.store.database import Database, told
from syncer.store.tables import HEAD, VERSION_TABLE, metadata

_ADVISORY_LOCK = 7_963_342_110  # any constant of ours: it makes two first openings of one server take turns
_NUMBERED = re.compile(r"\d{4}")


def revision(database: Database) -> str | None:
    """The revision of a database, or None when it is empty. Raises StateError when it is someone else's."""
    with told(database.place):
        tables = set(sa.inspect(database.connection).get_table_names())
    if VERSION_TABLE in tables:
        found = database.scalar(sa.text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608  # our constant
        if isinstance(found, str) and _NUMBERED.fullmatch(found):
            return found
    strangers = tables if database.dialect.name == "sqlite" else tables & set(metadata.tables)
    if strangers:
        raise StateError(
            f"{database.place} is a database, but not a state of syncer",
            detail=f"It has other tables: {', '.join(sorted(strangers)[:5])}.",
            hint="Check the `state` URL, and give the state a database of its own.",
        )
    return None


def refuse_newer(found: str, place: str) -> None:
    """Raises StateVersionError when a newer program made the database."""
    if found > HEAD:
        raise StateVersionError(
            f"the state {place} has version {found}; this syncer reads up to {HEAD}",
            hint="Install the newer syncer that wrote it, or restore the copy made before its upgrade.",
        )


def refuse_older(found: str, place: str) -> None:
    """Raises StateVersionError when a server's database needs an upgrade, which others have to know of."""
    if found < HEAD:
        raise StateVersionError(
            f"the state {place} has version {found}; this syncer needs {HEAD}",
            hint="Stop the runs of older syncers, then give `syncer state upgrade`.",
        )


def migrate(database: Database, *, to: str = HEAD) -> None:
    """Runs the migrations up to a revision, in one transaction, one process at a time."""
    from alembic import command  # alembic takes long to load, and only a new or an old state needs it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = database.connection
    with database.transaction(), told(database.place):
        if database.dialect.name == "postgresql":
            database.connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
        command.upgrade(config, to)


def create_in_memory(database: Database) -> None:
    """The tables of an empty state, without the time that migrations take."""
    metadata.create_all(database.connection)
