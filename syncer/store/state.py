"""The state database, opened: for reading, which never writes a byte, or for writing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Literal, Self

from syncer.log import Secret
from syncer.model.identity import ItemId, Scope
from syncer.store import files, items, schema
from syncer.store.database import Database, entered
from syncer.store.lease import Lease, refuse_held
from syncer.store.ledger import Ledger
from syncer.store.location import Location, connect_server, locate
from syncer.store.owners import Owners
from syncer.store.portals import Portals
from syncer.store.records import Known, OwnerId, PortalId, Status
from syncer.store.runs import Runs
from syncer.store.tables import HEAD

Mode = Literal["read", "write"]


class State:
    """A state and its rooms: `portals`, `owners`, `lease`, `runs`, and a `ledger` for each scope of keys.

    Used by one thread. Raises StateError, from any call, when the database cannot be used.
    """

    def __init__(self, database: Database, leaving: ExitStack, *, writable: bool) -> None:
        self._database = database
        self._leaving = leaving
        self.portals = Portals(database, writable=writable)
        self.owners = Owners(database, writable=writable)
        self.lease = Lease(database)
        self.runs = Runs(database)

    @classmethod
    def open(cls, url: Secret | str, *, mode: Mode) -> Self:
        """Opens the state at a SQLAlchemy URL, to be used as a context manager.

        `write` makes a SQLite file that is missing, and upgrades an older one after a copy beside it. `read`
        takes a missing state for an empty one, and reads an older SQLite file through an upgraded copy.
        Raises StateVersionError when the state is newer than this program, or an older one on a server.
        """
        location = locate(url)
        with ExitStack() as leaving:
            opening = _open_for_writing if mode == "write" else open_for_reading
            database = opening(location, leaving)
            return cls(database, leaving.pop_all(), writable=mode == "write")

    @staticmethod
    def exists(url: Secret | str) -> bool:
        """Whether there is a state, of whatever version; nothing is made. Raises StateError for another database."""
        location = locate(url)
        with ExitStack() as leaving:
            if location.file is not None:
                return files.exists(location.file, location.place, leaving)
            return schema.revision(entered(leaving, connect_server(location, writable=False))) is not None

    @staticmethod
    def upgrade(url: Secret | str) -> tuple[str | None, str]:
        """Brings a state to this program's version, or makes it; gives the version before and after.

        Raises StateLockedError when it is an older one that a run is using.
        """
        location = locate(url)
        with ExitStack() as leaving:
            if location.file is not None:
                return files.open_for_writing(location.file, location.place, leaving)[1], HEAD
            database = entered(leaving, connect_server(location, writable=True))
            found = schema.revision(database)
            if found is not None:
                schema.refuse_newer(found, location.place)
            if found not in (None, HEAD):
                refuse_held(database)
            schema.migrate(database)
            return found, HEAD

    def ledger(self, portal_id: PortalId, scope: Scope) -> Ledger:
        """The ledger of a scope. When reading, one that the state does not know is empty."""
        return Ledger(self._database, self.owners.scope_id(portal_id, scope))

    def items(
        self,
        portal_id: PortalId,
        *,
        owner_id: OwnerId | None = None,
        status: Status | None = None,
        attempts: int = 0,
        item_id: ItemId | None = None,
    ) -> Iterator[Known]:
        """All items of a portal by scope and key, streamed; `attempts` wants at least so many failures.

        `item_id` has no index: a question of a person, never of a run.
        """
        return items.stream(
            self._database, portal_id, owner_id=owner_id, status=status, attempts=attempts, item_id=item_id
        )

    def counts(self, portal_id: PortalId) -> dict[tuple[OwnerId, Status], int]:
        """How many items each owner has in each status."""
        return items.counts(self._database, portal_id)

    def left_open(self, portal_id: PortalId, specs: Collection[str]) -> dict[str, int]:
        """How many items of some specs each run left without a known outcome: run id → count, the newest run first."""
        return items.left_open(self._database, portal_id, specs)

    def close(self) -> None:
        """Closes the state. A SQLite file that was written is one file again, that can be copied as it is."""
        self._leaving.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _open_for_writing(location: Location, leaving: ExitStack) -> Database:
    if location.file is not None:
        return files.open_for_writing(location.file, location.place, leaving)[0]
    database = entered(leaving, connect_server(location, writable=True))
    found = schema.revision(database)
    if found is None:
        schema.migrate(database)
    else:
        schema.refuse_newer(found, location.place)
        schema.refuse_older(found, location.place)
    return database


def open_for_reading(location: Location, leaving: ExitStack) -> Database:
    """The database of a state, or an empty one where there is none; nothing is written."""
    if location.file is not None:
        return files.open_for_reading(location.file, location.place, leaving)
    database = entered(leaving, connect_server(location, writable=False))
    found = schema.revision(database)
    if found is None:
        return files.open_nothing(location.place, leaving)
    schema.refuse_newer(found, location.place)
    schema.refuse_older(found, location.place)
    return database
