"""The row of tokens in a state: sealed, renewed by one at a time, begun anew with another refresh token, never lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from syncer.bitrix24 import oauth
from syncer.errors import StateError, StateVersionError
from syncer.log import Secret
from syncer.store import State, files, schema, tokens
from syncer.store.database import Database
from syncer.store.tokens import Tokens, sealing
from tests.conftest import needs
from tests.postgres import Postgres

SEAL = sealing({"SYNCER_SECRET_KEY": "0123456789abcdef0123456789abcdef"})
PAIR = {"access": "access-one", "refresh": "refresh-one", "user": "1"}
LATER = {"access": "access-two", "refresh": "refresh-two", "user": "1"}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/syncer.db"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.fresh_database()


def of(url: str, start: str = "begun-from", folders: tuple[Path, ...] = ()) -> Tokens:
    return Tokens(url, "acme", start=Secret(start), seal=SEAL, folders=folders, patience=0.0)


@contextmanager
def away(url: str) -> Iterator[None]:
    """The state cannot be opened meanwhile."""
    if url.startswith("sqlite"):
        file = Path(url.removeprefix("sqlite:///"))
        file.rename(file.with_name("elsewhere"))
        file.mkdir()
        yield
        file.rmdir()
        file.with_name("elsewhere").rename(file)
        return
    place = sa.make_url(url)
    engine = sa.create_engine(place.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {place.database} RENAME TO {place.database}_elsewhere")
        yield
        connection.exec_driver_sql(f"ALTER DATABASE {place.database}_elsewhere RENAME TO {place.database}")
    engine.dispose()


def test_one_renews_and_the_others_see_what_it_kept(url: str) -> None:
    assert of(url).load() is None
    assert not State.exists(url)  # looking makes nothing
    with State.open(url, mode="write"):  # a run has the state open meanwhile
        many = [of(url) for _ in range(4)]
        with ThreadPoolExecutor(4) as threads:
            taken = list(threads.map(Tokens.lock, many))
        assert sorted(taken) == [False, False, False, True]
        holder, other = many[taken.index(True)], many[taken.index(False)]
        assert holder.load() is None
        assert holder.save(PAIR) is True
        assert other.save(LATER) is False  # of whoever has not seen the pair that is kept
        assert [each.load() for each in many] == [PAIR] * 4
        assert other.lock() is True
        other.unlock()
        anew = of(url, "installed-anew")
        assert anew.load() is None
        assert anew.lock() is True
        assert holder.load() is None


def test_whoever_comes_late_loses_no_token(url: str) -> None:
    """It was taken for dead, and another has the right; what it got is valid, and what was there no more."""
    late, next_one = of(url), of(url)
    assert (late.lock(), next_one.lock()) == (True, False)
    late.load()
    with State.open(url, mode="write") as state:
        state._database.write(sa.text("UPDATE token SET held_until = 1"))
    assert next_one.lock() is True
    next_one.load()
    assert late.save(PAIR) is True
    assert next_one.save(LATER) is False
    assert of(url).load() == PAIR


def test_a_state_that_fails_after_the_renewal_loses_nothing(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "beside" / "state"
    (tmp_path / "file").write_text("")
    first = of(url)
    assert first.lock() is True
    assert first.save(PAIR) is True
    renewing = of(url, folders=(tmp_path / "file" / "no-folder", folder))
    assert (renewing.lock(), renewing.load()) == (True, PAIR)
    with away(url), capture_logs() as logs:
        assert renewing.save(LATER) is True
        renewing.unlock()
    (file,) = folder.iterdir()
    earlier = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert not any(each in earlier for each in LATER.values() if len(each) > 1)
    (told,) = logs
    assert (told["event"], told["file"], "the next command takes them" in told["hint"]) == (
        "token.kept_aside", str(file), True,
    )  # fmt: skip
    assert of(url).load() == PAIR  # elsewhere nothing is known of the file
    assert of(url, folders=(folder,)).load() == LATER
    assert list(folder.iterdir()) == []  # the state has them now
    assert of(url).load() == LATER

    file.write_text(earlier)  # another one came back; the state has what is newer
    third = of(url, folders=(folder,))
    assert third.lock() is True
    assert third.save(PAIR | {"access": "access-three"}) is True
    file.write_text(earlier)
    assert of(url, folders=(folder,)).load() == PAIR | {"access": "access-three"}


def test_a_file_of_somebody_else_is_no_refuge(tmp_path: Path) -> None:
    """It lies in a folder that everybody may write to."""
    needs("root, to give a file away", os.geteuid() == 0)
    url, folder = f"sqlite:///{tmp_path}/state/syncer.db", tmp_path / "everybody"
    renewing = of(url, folders=(folder,))
    assert renewing.lock() is True
    with away(url):
        assert renewing.save(PAIR) is True
    (file,) = folder.iterdir()
    os.chown(file, 65534, 65534)
    assert of(url, folders=(folder,)).load() is None
    os.chown(file, 0, 0)
    assert of(url, folders=(folder,)).load() == PAIR


def test_tokens_that_can_be_kept_nowhere_are_told(url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    renewing = of(url, folders=(tmp_path / "file" / "no-folder",))
    assert renewing.lock() is True
    with away(url), pytest.raises(StateError, match="could be kept nowhere") as caught:
        renewing.save(PAIR)
    assert "install the application anew" in caught.value.hint
    with away(url), pytest.raises(StateError) as caught:
        of(url).lock()
    assert "Nothing was renewed" in caught.value.hint
    assert not any(PAIR[name] in f"{caught.value}{renewing!r}" for name in ("access", "refresh"))


def test_an_older_state_is_upgraded_by_whoever_may(url: str) -> None:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir()
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        schema.migrate(Database(connection, "test"), to="0002")
    engine.dispose()
    with pytest.raises(StateVersionError, match="this syncer needs") as caught:
        of(url).lock()
    assert "syncer state upgrade" in caught.value.hint
    State.upgrade(url)
    assert of(url).lock() is True


def test_a_renewal_is_over_before_another_may_begin() -> None:
    longest = oauth.ASK_SECONDS + tokens.SAVE_SECONDS + 2 * files.BUSY_SECONDS
    assert longest < tokens.LOCK_SECONDS < oauth.WAIT_SECONDS
