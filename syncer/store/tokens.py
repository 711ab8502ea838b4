"""The tokens of an application, sealed, in a row of their own: all that a command which only plans may write.

Each call opens the state for itself and closes it: tokens are renewed in the threads that send, and no lock of
the database is held while the OAuth server is asked. The right to renew is a mark in the row that ends by itself;
taking it proves, before the server is asked, that the state can be written. What the state cannot keep afterwards
lies sealed in a file, until it can.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from syncer.errors import StateError, UsageError
from syncer.log import Secret, logger
from syncer.store import files, schema
from syncer.store.database import Database, entered
from syncer.store.dialect import Now
from syncer.store.location import connect_server, locate
from syncer.store.refuge import Refuge, digest
from syncer.store.state import State, open_for_reading
from syncer.store.tables import token

LOCK_SECONDS: Final = 120.0
"""A renewal is over before that (`oauth.ASK_SECONDS`, then SAVE_SECONDS), or its process is gone."""
SAVE_SECONDS: Final = 25.0
"""How long a state that does not take the tokens is tried again; the last try may wait BUSY_SECONDS more."""
KEY: Final = "SYNCER_SECRET_KEY"
SHORTEST_KEY: Final = 32
_MAKE_KEY = f"Set {KEY} to at least {SHORTEST_KEY} random characters: openssl rand -base64 32"

Seal = tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]


def sealing(environment: Mapping[str, str]) -> Seal:
    """How to encrypt and to decrypt under the environment's key. Raises UsageError without one."""
    key = environment.get(KEY, "")
    if len(key) < SHORTEST_KEY:
        said = "is too short" if key else "is not set"
        raise UsageError(f"{KEY} {said}: portal.oauth keeps its tokens encrypted in the state", hint=_MAKE_KEY)
    Secret(key)
    try:
        from cryptography.fernet import Fernet, InvalidToken
    except ModuleNotFoundError:
        raise UsageError("portal.oauth needs a package that is not here", hint="pip install 'syncer[oauth]'") from None
    from base64 import urlsafe_b64encode

    box = Fernet(urlsafe_b64encode(hashlib.sha256(b"syncer tokens\0" + key.encode()).digest()))

    def open_(sealed: bytes) -> bytes:
        try:
            return bytes(box.decrypt(sealed))
        except InvalidToken:
            raise StateError(
                f"the tokens in the state were encrypted under another {KEY}",
                hint=f"Set {KEY} as before, or install the application anew and set portal.oauth.refresh_token.",
            ) from None

    return box.encrypt, open_


class Tokens:
    """The tokens of one portal. Those that came from another refresh token than `start` are passed over.

    `folders` are where a file may keep what the state did not take, the first that can be written.
    """

    def __init__(
        self,
        url: Secret | str,
        portal: str,
        *,
        start: Secret,
        seal: Seal,
        folders: Sequence[Path] = (),
        patience: float = SAVE_SECONDS,
    ) -> None:
        self._url, self._location = url, locate(url)
        self._portal = portal
        self._start = hashlib.sha256(b"syncer start\0" + start.reveal().encode()).hexdigest()
        self._encrypt, self._decrypt = seal
        self._holder = secrets.token_hex(8)
        self._refuge = Refuge(folders, digest(self._portal, self._start))
        self._row: str | None = None
        """What the state had when it was read last, sealed."""
        self._patience = patience
        self._ready = False

    def load(self) -> dict[str, str] | None:
        """What `save` kept. What lies in a file goes into the state on the way, if it can."""
        with self._writing() if self._ready else self._reading() as database:
            row = database.one(
                sa.select(token.c.sealed).where(token.c.portal == self._portal, token.c.start == self._start)
            )
        self._row = None if row is None else row[0]
        sealed = self._refuge.instead_of(self._row)
        if sealed is not None:
            with suppress(StateError):
                self._store(sealed)
        else:
            sealed = self._row
        if sealed is None:
            return None
        found: dict[str, str] = json.loads(self._decrypt(sealed.encode()))
        return found

    def lock(self) -> bool:
        """Takes the right to renew for LOCK_SECONDS; False while another has it. Makes a state that is missing.

        Raises StateError when the state cannot be written: then nothing must be renewed.
        """
        try:
            self._prepare()
            return self._locked()
        except StateError as error:
            if type(error) is not StateError:  # others tell enough
                raise
            raise StateError(
                "the access token must be renewed, and the state cannot keep the new one",
                detail=": ".join(filter(None, (error.summary, error.detail))),
                hint=f"{error.hint} Nothing was renewed.".strip(),
            ) from None

    def _prepare(self) -> None:
        if not self._ready:
            if not State.exists(self._url):
                State.open(self._url, mode="write").close()
            with self._writing() as database:
                schema.refuse_older(schema.revision(database) or "", self._location.place)
            self._ready = True

    def _locked(self) -> bool:
        mark = {"holder": self._holder, "held_until": Now() + LOCK_SECONDS}
        with self._writing() as database:
            database.write(
                database.dialect.upsert(token).values(portal=self._portal, start=self._start).on_conflict_do_nothing()
            )
            # another start: the user has installed the application anew, and what came before is worth nothing
            free = sa.or_(token.c.holder.is_(None), token.c.held_until < Now(), token.c.start != self._start)
            sealed = sa.case((token.c.start == self._start, token.c.sealed), else_=sa.null())
            statement = sa.update(token).where(token.c.portal == self._portal, free)
            return database.write(statement.values(**mark, start=self._start, sealed=sealed)) == 1

    def save(self, kept: Mapping[str, str]) -> bool:
        """Keeps tokens and gives the right to renew back; False when others have been kept in the meantime.

        A state that fails is tried again for `patience` seconds, then a file takes them. Raises StateError when no file
        can be written either.
        """
        sealed = self._encrypt(json.dumps(dict(kept)).encode()).decode()
        until = time.monotonic() + self._patience
        while True:
            try:
                return self._store(sealed)
            except StateError as error:
                failure = error
            if time.monotonic() >= until:
                break
            time.sleep(1.0)
        file = self._refuge.keep(sealed, instead_of=self._row)
        why = ": ".join(filter(None, (failure.summary, failure.detail)))
        if file is None:
            raise StateError(
                "the renewed tokens of portal.oauth could be kept nowhere",
                detail=why,
                hint=f"{failure.hint} Then run again: the old refresh token is tried, and where it is refused, "
                "install the application anew and set portal.oauth.refresh_token.".strip(),
            )
        hint = "Mend the state and run again, with this file in its place: the next command takes them from there."
        logger().warning("token.kept_aside", file=str(file), reason=why, hint=hint)
        return True

    def unlock(self) -> None:
        """Gives the right back, if it is ours. A state that fails keeps it for LOCK_SECONDS."""
        with suppress(StateError), self._writing() as database:
            mine = sa.and_(token.c.portal == self._portal, token.c.holder == self._holder)
            database.write(sa.update(token).where(mine).values(holder=None, held_until=None))

    def _store(self, sealed: str) -> bool:
        # whoever is late has the right no more, but may hold the only token that is valid
        ours = sa.or_(token.c.holder == self._holder, token.c.sealed.is_not_distinct_from(self._row))
        mine = sa.and_(token.c.portal == self._portal, token.c.start == self._start, ours)
        with self._writing() as database:
            stored = database.write(sa.update(token).where(mine).values(sealed=sealed, holder=None, held_until=None))
        if stored:
            self._row = sealed
            self._refuge.clear()
        return stored == 1

    @contextmanager
    def _reading(self) -> Iterator[Database]:
        with ExitStack() as leaving:
            yield open_for_reading(self._location, leaving)

    @contextmanager
    def _writing(self) -> Iterator[Database]:
        with ExitStack() as leaving:
            if self._location.file is not None:
                yield files.open_beside(self._location.file, self._location.place, leaving)
            else:
                yield entered(leaving, connect_server(self._location, writable=True))
