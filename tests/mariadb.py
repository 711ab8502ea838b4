"""A real MariaDB for tests: one server for the whole session, a new database for whoever asks.

The binaries are the system's (Debian: `apt-get install mariadb-server`). The server listens on a unix socket alone,
in a private folder, and never runs as root. A shell watches over it, and stops and deletes it when our end of its pipe
closes: at the end of the session, and also when the session is killed.
"""

from __future__ import annotations

import functools
import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pymysql
import pytest

from tests.conftest import needs

WATCH = """
cd "$2"
mariadb-install-db --no-defaults --datadir="$2/data" --auth-root-authentication-method=normal \
  --skip-test-db --skip-name-resolve >log 2>&1 || exit 1
"$1" --no-defaults --datadir="$2/data" --socket="$2/socket" --pid-file="$2/pid" --skip-networking \
  --skip-log-bin --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=32M >>log 2>&1 &
server=$!
for _ in $(seq 600); do
  mariadb-admin --no-defaults --socket="$2/socket" --user=root ping >/dev/null 2>&1 && break
  kill -0 $server 2>/dev/null || exit 1
  sleep 0.1
done
echo ready
read -r _ || true
kill -9 $server
rm -rf "$2"
"""


class Mariadb:
    """A running server. Its user `root` needs no password."""

    def __init__(self, server: str) -> None:
        # A short path: a socket's has 107 characters at most. Not pytest's, which is closed to other users.
        self.folder = Path(tempfile.mkdtemp(prefix="syncer-my-"))
        user = None
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
            user = "nobody"
        self._watch = subprocess.Popen(
            ["/bin/sh", "-c", WATCH, "watch", server, self.folder],
            user=user,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C ends the tests first, then the server
        )
        assert self._watch.stdout is not None
        if self._watch.stdout.readline() != b"ready\n":
            raise RuntimeError(f"MariaDB did not start:\n{(self.folder / 'log').read_text()}")
        self._names = (f"test_{number}" for number in itertools.count(1))

    def url(self, database: str, user: str = "root") -> str:
        """The SQLAlchemy URL of a database of this server."""
        return f"mysql://{user}@localhost/{database}?unix_socket={self.folder}/socket"

    def connect(self, database: str | None = None) -> pymysql.Connection[Any]:
        """A connection of the test's own, which writes."""
        return pymysql.connect(
            unix_socket=f"{self.folder}/socket", user="root", database=database, autocommit=True, charset="utf8mb4"
        )

    def fresh_database(self) -> str:
        """The name of a new, empty UTF-8 database."""
        name = next(self._names)
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        return name


@functools.cache
def _running(server: str) -> Mariadb:
    return Mariadb(server)


@pytest.fixture(scope="session")
def mariadb() -> Mariadb:
    """The server of this session."""
    server = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    needs("MariaDB (apt-get install mariadb-server)", server is not None and bool(shutil.which("mariadb-install-db")))
    assert server is not None
    return _running(server)
