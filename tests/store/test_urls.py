"""What a `state` URL may be, and that the password in it is never told."""

from __future__ import annotations

import traceback

import pytest

from syncer.errors import StateError
from syncer.log import Secret
from syncer.store import NewRun, State
from tests.postgres import PASSWORD_ROLE, Postgres
from tests.store.conftest import Opened

PLANTED = "pl@nted/passw0rd"
QUOTED = "pl%40nted%2Fpassw0rd"


def told(url: str | Secret) -> str:
    texts = []
    for mode in ("read", "write"):
        with pytest.raises(StateError) as caught:
            State.open(url, mode=mode)
        texts.append("".join(traceback.format_exception(caught.value)))
        assert caught.value.hint
    return "\n".join(texts)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ada:{QUOTED}@127.0.0.1:1/state",
        f"postgresql://ada:{QUOTED}@127.0.0.1:1/state?no_such_option={QUOTED}",
        f"postgresql://ada:{QUOTED}@[::1",
        f"postgresql://ada:{QUOTED}@127.0.0.1:port/state",
        f"mysql+pymysql://ada:{QUOTED}@127.0.0.1/state",
        f"nonsense://ada:{QUOTED}@127.0.0.1/state",
        f"{QUOTED}",
        f"postgresql://ada:first@{QUOTED}@127.0.0.1:1/state",
        f"postgresql://ada:first@{QUOTED}/x@127.0.0.1:1/state",
        f"sqlite:///x.db?key={QUOTED}",
    ],
)
@pytest.mark.parametrize("secret", [False, True])
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str, secret: bool) -> None:
    text = told(Secret(url) if secret else url)
    assert PLANTED not in text
    assert QUOTED not in text


def test_a_wrong_password_is_not_told(postgres: Postgres) -> None:
    own = postgres.fresh_database().rsplit("/", 1)[-1].split("?")[0]
    with pytest.raises(StateError) as caught:
        State.open(postgres.url(own, PASSWORD_ROLE, PLANTED), mode="write")
    text = "".join(traceback.format_exception(caught.value))
    assert "cannot be reached" in text
    assert PLANTED not in text


def test_a_server_that_goes_away_is_told(postgres: Postgres) -> None:
    url = postgres.fresh_database()
    with State.open(url, mode="write") as state, State.open(url, mode="write") as other:
        del other
        kill(url)
        with pytest.raises(StateError, match="cannot be") as caught:
            state.portals.id("acme")
        assert "psycopg" not in caught.value.summary


def kill(url: str) -> None:
    """Ends every other connection to a database, as a restart of the server would."""
    import sqlalchemy as sa

    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    engine.dispose()


def test_no_secret_reaches_the_history(opened: Opened) -> None:
    Secret("https://acme.bitrix24.com/rest/1/s3cr3tc0de/", "s3cr3tc0de")
    opened.state.lease.finish(opened.hold, "failed", {"failures": ["POST /rest/1/s3cr3tc0de/batch: 504"]})
    opened.state.lease.acquire(NewRun("run-2", "apply", job_url="https://ci/?token=s3cr3tc0de"), 30)
    assert "s3cr3tc0de" not in repr(opened.state.runs.newest())


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file.db?mode=ro"])
def test_a_sqlite_url_names_a_file_and_nothing_else(url: str) -> None:
    assert "must name a SQLite file" in told(url)
