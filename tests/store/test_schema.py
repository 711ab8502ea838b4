"""The schema's versions: what the migrations build, and what is done with an older and a newer state."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import syncer.store
from syncer.errors import StateError, StateVersionError
from syncer.store import State, schema
from syncer.store.database import Database
from syncer.store.state import Mode
from syncer.store.tables import HEAD, VERSION_TABLE, metadata
from tests.postgres import Postgres
from tests.store.conftest import begin

MIGRATIONS = Path(syncer.store.__file__).with_name("migrations")


@contextmanager
def raw(url: str) -> Iterator[Database]:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield Database(connection, "test")
    finally:
        engine.dispose()


def make(url: str, *, version: str) -> None:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir()
    with raw(url) as database:
        schema.migrate(database, to=version)


def pretend(url: str, version: str) -> None:
    with raw(url) as database:
        database.write(sa.text(f"UPDATE {VERSION_TABLE} SET version_num = '{version}'"))


def test_the_head_is_the_one_the_program_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD] == ["0003"]


def test_the_migrations_build_the_tables_of_the_program(url: str) -> None:
    with State.open(url, mode="write"):
        pass
    with raw(url) as database:
        context = MigrationContext.configure(
            database.connection, opts={"compare_type": True, "version_table": VERSION_TABLE}
        )
        assert compare_metadata(context, metadata) == []


def test_keys_are_compared_by_bytes_and_rows_lie_in_the_order_of_their_keys(url: str) -> None:
    with State.open(url, mode="write"):
        pass
    with raw(url) as database:
        if database.dialect.name == "postgresql":
            query = """SELECT count(*) FROM pg_attribute a JOIN pg_collation c ON c.oid = a.attcollation
                       WHERE a.attname IN ('origin_id', 'originator_id') AND c.collname = 'C' AND a.attnum > 0
                       AND a.attrelid IN ('item'::regclass, 'outcome'::regclass, 'scope'::regclass)"""
            assert database.scalar(sa.text(query)) == 3
        else:
            built = database.scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = 'item'"))
            assert built.rstrip().endswith("WITHOUT ROWID")


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_newer_state_is_refused_and_left_alone(url: str, mode: Mode) -> None:
    with State.open(url, mode="write"):
        pass
    pretend(url, "0999")
    with pytest.raises(StateVersionError) as caught:
        State.open(url, mode=mode)
    assert "0999" in caught.value.summary
    assert HEAD in caught.value.summary
    assert "newer" in caught.value.hint
    with pytest.raises(StateVersionError):
        State.upgrade(url)


def test_an_older_file_is_upgraded_for_writing_after_a_copy(tmp_path: Path) -> None:
    file = tmp_path / "state" / "syncer.db"
    make(f"sqlite:///{file}", version="0001")
    with State.open(f"sqlite:///{file}", mode="write") as state:
        begin(state, "")
        assert state.portals.all()[0].bucket_level is None
    copy = file.with_name("syncer.db.bak-0001")
    assert sorted(path.name for path in file.parent.iterdir()) == ["syncer.db", "syncer.db.bak-0001"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone() == ("0001",)


def test_an_older_file_is_read_through_a_copy(tmp_path: Path) -> None:
    file = tmp_path / "state" / "syncer.db"
    make(f"sqlite:///{file}", version="0001")
    with closing(sqlite3.connect(file)) as old:
        old.execute("INSERT INTO portal (name, first_seen) VALUES ('acme', 1.5)")
        old.commit()
    before = file.read_bytes(), file.stat().st_mtime_ns
    with State.open(f"sqlite:///{file}", mode="read") as state:
        assert [(portal.name, portal.first_seen) for portal in state.portals.all()] == [("acme", 1.5)]
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert [path.name for path in file.parent.iterdir()] == ["syncer.db"]


def test_an_older_server_is_upgraded_only_when_asked(postgres: Postgres) -> None:
    url = postgres.fresh_database()
    make(url, version="0001")
    for mode in ("read", "write"):
        with pytest.raises(StateVersionError) as caught:
            State.open(url, mode=mode)
        assert "syncer state upgrade" in caught.value.hint
        assert "0001" in caught.value.summary
    assert State.upgrade(url) == ("0001", HEAD)
    assert State.upgrade(url) == (HEAD, HEAD)
    with State.open(url, mode="write") as state:
        begin(state, url)


def test_an_empty_server_is_empty_to_a_reader_and_made_by_a_writer(postgres: Postgres) -> None:
    url = postgres.fresh_database()
    with State.open(url, mode="read") as state:
        assert state.portals.all() == []
    with raw(url) as database:
        assert sa.inspect(database.connection).get_table_names() == []
    assert State.upgrade(url) == (None, HEAD)
    with State.open(url, mode="read") as state, pytest.raises(StateError, match="is not writable"):
        begin_run(state)


def begin_run(state: State) -> None:
    begin(state, "")


def test_tables_of_others_on_a_server_are_left_alone(postgres: Postgres) -> None:
    url = postgres.fresh_database()
    with raw(url) as database:
        database.connection.exec_driver_sql("CREATE TABLE spatial_ref_sys (srid int)")
    with State.open(url, mode="write") as state:
        begin(state, url)
    taken = postgres.fresh_database()
    with raw(taken) as database:
        database.connection.exec_driver_sql("CREATE TABLE item (id int)")
    with pytest.raises(StateError, match="not a state of syncer"):
        State.open(taken, mode="write")
