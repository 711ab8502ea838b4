"""A state in a SQLite file: who may read it, what reading leaves alone, what a file may turn out to be."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from syncer.errors import StateError
from syncer.model.identity import COMPANY, ItemId, Scope
from syncer.store import Found, Intent, NewRun, OwnerId, State, Status
from syncer.store.mounts import network_file_system
from syncer.store.state import Mode
from tests.store.conftest import COMPANIES, ERP, begin


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "syncer.db"


def url(file: Path) -> str:
    return f"sqlite:///{file}"


def fill(file: Path) -> None:
    with State.open(url(file), mode="write") as state:
        opened = begin(state, url(file))
        opened.ledger.intend(opened.hold, opened.owner, [Intent("1", "p"), Intent("2", "p")])
        opened.ledger.created(opened.hold, [Found("1", ItemId(11))])
        state.lease.finish(opened.hold, "done", {})


def statuses(state: State) -> dict[str, Status | None]:
    return {row.origin_id: row.status for row in state.items(state.portals.id("acme"))}


FILLED = {"1": Status.CREATED, "2": Status.INTENDED}


def folder(file: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in file.parent.iterdir()}


def test_the_file_is_for_its_owner_alone_and_one_file_when_closed(file: Path) -> None:
    with State.open(url(file), mode="write") as state:
        begin(state, url(file))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
        assert modes == {"syncer.db": 0o600, "syncer.db-wal": 0o600, "syncer.db-shm": 0o600}
        with closing(sqlite3.connect(file)) as other:
            assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert [path.name for path in file.parent.iterdir()] == ["syncer.db"]


def test_a_copy_of_the_file_is_the_whole_state(file: Path, tmp_path: Path) -> None:
    fill(file)
    copy = tmp_path / "copy.db"
    shutil.copyfile(file, copy)
    with State.open(url(copy), mode="read") as state:
        assert statuses(state) == FILLED


def test_reading_changes_no_byte_and_leaves_nothing_behind(file: Path) -> None:
    fill(file)
    before = folder(file)
    with State.open(url(file), mode="read") as state:
        portal = state.portals.id("acme")
        owner = state.owners.put(portal, COMPANIES, ERP, "another fingerprint")
        assert [row.origin_id for row in state.ledger(portal, ERP).unsettled(owner, ["1", "2"])] == ["2"]
        assert state.portals.id("never seen") == 0
        assert state.ledger(portal, Scope(COMPANY, "never seen")).ids(["1"]) == {}
        assert folder(file) == before
        known = state.owners.find(portal, COMPANIES)
        assert known is not None
        assert known.fingerprint == "fingerprint"
    assert folder(file) == before


@pytest.mark.parametrize("empty", [False, True])
def test_reading_a_missing_state_is_reading_an_empty_one(file: Path, empty: bool) -> None:
    if empty:
        file.parent.mkdir()
        file.touch()
    with State.open(url(file), mode="read") as state:
        portal = state.portals.id("acme")
        ledger = state.ledger(portal, ERP)
        assert [(row.origin_id, row.status) for row in ledger.unsettled(OwnerId(0), ["1"])] == [("1", None)]
        assert state.portals.all() == []
        assert state.runs.newest() == []
        assert state.lease.holder() is None
    assert file.exists() == empty
    assert file.parent.exists() == empty


@pytest.mark.parametrize("exists", [False, True])
def test_what_is_open_for_reading_cannot_be_written(file: Path, exists: bool) -> None:
    if exists:
        fill(file)
    with State.open(url(file), mode="read") as state, pytest.raises(StateError, match="is not writable"):
        state.lease.acquire(NewRun("r", "apply"), 30)


def test_reading_goes_on_while_another_writes(file: Path) -> None:
    fill(file)
    with State.open(url(file), mode="read") as early, State.open(url(file), mode="write") as writer:
        assert statuses(early) == FILLED
        opened = begin(writer, url(file), "run-2")
        opened.ledger.created(opened.hold, [Found("2", ItemId(12))])
        with State.open(url(file), mode="read") as late:
            assert statuses(early) == statuses(late) == {"1": Status.CREATED, "2": Status.CREATED}
            opened.ledger.intend(opened.hold, opened.owner, [Intent("3", "p")])
            assert statuses(early) == statuses(late)
    # the early reader kept it open past the writer's end; the next writer makes it one file again
    with State.open(url(file), mode="write") as writer:
        assert len(statuses(writer)) == 3
    assert [path.name for path in file.parent.iterdir()] == ["syncer.db"]


def test_a_file_with_its_log_on_is_read_without_writing_beside_it(file: Path, tmp_path: Path) -> None:
    fill(file)
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA journal_mode = WAL")
    assert [path.name for path in file.parent.iterdir()] == ["syncer.db"]
    before = folder(file)
    with State.open(url(file), mode="read") as state:
        assert statuses(state) == FILLED
        assert folder(file) == before
    assert folder(file) == before

    with State.open(url(file), mode="write") as state:
        opened = begin(state, url(file), "run-2")
        opened.ledger.created(opened.hold, [Found("2", ItemId(12))])
        cache = tmp_path / "cache"
        cache.mkdir()
        for ending in ("", "-wal"):
            shutil.copyfile(f"{file}{ending}", cache / f"syncer.db{ending}")
    before = folder(cache / "syncer.db")
    with State.open(url(cache / "syncer.db"), mode="read") as state:
        assert statuses(state) == {"1": Status.CREATED, "2": Status.CREATED}
    assert folder(cache / "syncer.db") == before


ANOTHER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
other.execute("COMMIT")
print([row[0] for row in other.execute("SELECT name FROM portal ORDER BY name")])
other.close()
"""


def another(file: Path) -> str:
    """Another process writes to a state and closes it; the portals that it saw."""
    command = [sys.executable, "-c", ANOTHER, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    "look",
    [
        lambda file: State.exists(url(file)),
        lambda file: State.open(url(file), mode="read").close(),
        lambda file: State.open(url(file), mode="write").close(),
    ],
    ids=["exists", "read", "write"],
)
def test_who_looks_once_more_keeps_what_it_has_open(file: Path, look: Callable[[Path], object]) -> None:
    """To close a file ends all locks of a process on it: another one would then delete the log that is in use."""
    with State.open(url(file), mode="write") as state:
        state.portals.id("acme")
        log = file.with_name("syncer.db-wal").stat().st_ino
        look(file)
        assert another(file) == "['acme']"
        assert file.with_name("syncer.db-wal").stat().st_ino == log
        state.portals.id("beta")
        assert another(file) == "['acme', 'beta']"


AS_NOBODY = """
import os, sys
from syncer.store import State
from syncer.store.schema import migrate
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
with State.open(sys.argv[1], mode="read") as state:
    print(len(list(state.items(state.portals.id("acme")))))
try:
    State.open(sys.argv[1], mode="write")
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("killed", [False, True])
def test_a_state_in_a_folder_that_may_only_be_read(tmp_path: Path, killed: bool) -> None:
    place = Path("/tmp") / f"syncer-test-{os.getpid()}-{tmp_path.name}"  # a folder above pytest's is closed to nobody
    file = place / "syncer.db"
    try:
        if killed:
            script = f"import os\nfrom tests.store.test_files import *\nfill(Path({str(file)!r}))\n"
            script += f"s = State.open({url(file)!r}, mode='write')\nbegin(s, '', 'run-2')\nos.kill(os.getpid(), 9)"
            subprocess.run([sys.executable, "-c", script], check=False)
            assert sorted(path.name for path in place.iterdir()) == [
                "syncer.db",
                "syncer.db-shm",
                "syncer.db-wal",
            ]
        else:
            fill(file)
        for path in place.iterdir():
            path.chmod(0o444)
        place.chmod(0o555)
        before = {name: content for name, (content, _) in folder(file).items()}
        ran = subprocess.run([sys.executable, "-c", AS_NOBODY, url(file)], capture_output=True, text=True, check=True)
        assert ran.stdout.startswith("2\nStateError the state "), ran.stdout
        assert "permission" in ran.stdout.lower()
        assert {name: content for name, (content, _) in folder(file).items()} == before
    finally:
        place.chmod(0o755)
        shutil.rmtree(place)


@pytest.mark.parametrize("mode", ["read", "write"])
def test_someone_elses_database_is_refused_and_left_alone(file: Path, mode: Mode) -> None:
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE Customers (CustomerID TEXT)")
    before = folder(file)
    with pytest.raises(StateError, match="not a state of syncer") as caught:
        State.open(url(file), mode=mode)
    assert "Customers" in caught.value.detail
    assert folder(file) == before


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_file_that_is_no_database_is_refused_and_left_alone(file: Path, mode: Mode) -> None:
    file.parent.mkdir()
    file.write_text("name: northwind\n" * 500)
    before = folder(file)
    with pytest.raises(StateError, match="is not a state database") as caught:
        State.open(url(file), mode=mode)
    assert caught.value.hint
    assert folder(file) == before


def test_a_damaged_state_is_told_with_what_to_do(file: Path) -> None:
    with State.open(url(file), mode="write") as state:
        opened = begin(state, url(file))
        opened.ledger.intend(opened.hold, opened.owner, [Intent(f"{n:06}", "p" * 32) for n in range(5000)])
    content = bytearray(file.read_bytes())
    content[40 * 4096 : 60 * 4096] = b"\xff" * (20 * 4096)
    file.write_bytes(content)
    with State.open(url(file), mode="read") as state, pytest.raises(StateError, match="is damaged") as caught:
        list(state.items(state.portals.id("acme")))
    assert "Restore" in caught.value.hint


FULL = """
import resource, sys
from tests.store.test_files import *
with State.open(sys.argv[1], mode="write") as state:
    opened = begin(state, "", "run-2")
    limit = Path(sys.argv[2]).stat().st_size + 400_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    done = 0
    try:
        for batch in range(1000):
            opened.ledger.intend(opened.hold, opened.owner, [Intent(f"{batch}-{n}", "p" * 32) for n in range(100)])
            done += 100
    except StateError as error:
        print(done, error)
"""


def test_what_was_recorded_before_the_disk_was_full_is_kept(file: Path) -> None:
    fill(file)
    ran = subprocess.run([sys.executable, "-c", FULL, url(file), str(file)], capture_output=True, text=True, check=True)
    done, told = ran.stdout.split(" ", 1)
    assert "cannot be written" in told
    assert "Traceback" not in ran.stderr
    with State.open(url(file), mode="read") as state:
        assert len(statuses(state)) == len(FILLED) + int(done)
    assert int(done) > 0


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be opened for writing"):
        State.open(f"sqlite:///{tmp_path}/file/state/syncer.db", mode="write")
    with pytest.raises(StateError):
        State.open(f"sqlite:///{tmp_path}", mode="read")


MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /home rw - nfs4 server:/home rw,vers=4.2
31 30 0:41 / /home/ada/local rw - xfs /dev/sdb1 rw
32 22 0:42 / /mnt/with\\040space rw - cifs //nas/share rw
33 22 0:43 / /mnt/ssh rw - fuse.sshfs me@host:/ rw
34 22 0:44 / /mnt/fuse rw - fuse.encfs encfs rw
35 22 0:45 / /mnt/over rw - nfs server:/x rw
36 35 0:46 / /mnt/over rw - tmpfs tmpfs rw
37 22 0:47 / /mnt/c rw - 9p drvfs rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/state/syncer.db", None),
        ("/home/ada/state/syncer.db", "nfs4"),
        ("/home/ada/local/syncer.db", None),
        ("/homestead/syncer.db", None),
        ("/mnt/with space/syncer.db", "cifs"),
        ("/mnt/ssh/a/b.db", "fuse.sshfs"),
        ("/mnt/fuse/syncer.db", None),
        ("/mnt/over/syncer.db", None),
        ("/mnt/c/Users/syncer.db", "9p"),
    ],
)
def test_network_file_systems_are_told_from_the_mount_table(path: str, kind: str | None) -> None:
    assert network_file_system(Path(path), MOUNTS) == kind
    assert network_file_system(Path(path), "") is None
