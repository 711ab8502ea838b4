"""What the state tells and is told. Frozen, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, NewType

from syncer.model.change import EntityName
from syncer.model.identity import ItemId, PortalName, Scope

PortalId = NewType("PortalId", int)
OwnerId = NewType("OwnerId", int)

NOWHERE = 0
"""The id of what a state opened for reading does not know: no row has it, so nothing is found."""


class Status(StrEnum):
    """What the state holds of an identity. One that is missing has no row."""

    INTENDED = "intended"
    CREATED = "created"
    FAILED = "failed"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"


class Kind(StrEnum):
    """What befell an identity in a run: the append-only history."""

    CREATED = "created"
    ADOPTED = "adopted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    REFUSED = "refused"
    AMBIGUOUS = "ambiguous"
    FORGOTTEN = "forgotten"
    RELEASED = "released"


class Intent(NamedTuple):
    """About to be sent. `payload_hash` tells whether a later attempt sends the same."""

    origin_id: str
    payload_hash: str


class Found(NamedTuple):
    """The portal holds it. `stored_key` when the portal stored the key otherwise than it was sent.

    `payload_hash` matters when adopting; a created item keeps that of its intent.
    """

    origin_id: str
    item_id: ItemId
    stored_key: str | None = None
    payload_hash: str | None = None


class Trouble(NamedTuple):
    """Why it failed, or why its outcome is unknown."""

    origin_id: str
    code: str
    message: str


class Twins(NamedTuple):
    """The portal holds several items of one identity."""

    origin_id: str
    item_ids: tuple[ItemId, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """One identity as the state knows it; `status` None: no row. Times are the database's epoch seconds."""

    origin_id: str
    status: Status | None = None
    scope: Scope | None = None
    owner: EntityName | None = None
    item_id: ItemId | None = None
    payload_hash: str | None = None
    attempts: int = 0
    code: str | None = None
    message: str | None = None
    stored_key: str | None = None
    adopted: bool = False
    other_ids: tuple[ItemId, ...] = ()
    intended_at: float | None = None
    settled_at: float | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """What earlier runs left intended or unknown, and what the database's clock says now.

    An `intended_at` after `now` is the end of a lease that was unlocked by force, or a clock that went back.
    """

    now: float
    items: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal as the state knows it. The bucket's level was `bucket_level` at `bucket_at`; it is `now`."""

    id: PortalId
    name: PortalName
    first_seen: float
    bucket_level: float | None
    bucket_at: float | None
    distrusted_at: float | None
    now: float


@dataclass(frozen=True, slots=True)
class Owner:
    """A spec's entity that owns identities. `fingerprint` says how its identities are made."""

    id: OwnerId
    name: EntityName
    scope: Scope
    fingerprint: str


@dataclass(frozen=True, slots=True)
class CatalogCopy:
    """What a portal said once, with the database's clock then and now."""

    body: Any
    fetched_at: float
    now: float


@dataclass(frozen=True, slots=True)
class NewRun:
    """Who runs what. `command` is what the user asked for (`apply`, `state adopt`)."""

    id: str
    command: str
    specs: tuple[str, ...] = ()
    git_commit: str | None = None
    user: str = ""
    host: str = ""
    pid: int = 0
    job_url: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the history. `finished` None: it is running, or was killed and nobody took over yet."""

    id: str
    command: str
    specs: tuple[str, ...]
    git_commit: str | None
    user: str
    host: str
    pid: int
    job_url: str | None
    started: float
    finished: float | None
    status: str
    summary: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of a run's history."""

    scope: Scope
    owner: EntityName | None
    origin_id: str
    kind: Kind
    item_id: ItemId | None
    code: str | None
    message: str | None
    at: float


@dataclass(frozen=True, slots=True)
class Hold:
    """The lease, held: a run's fencing token. `lost_until`: the end of the lease before, if not released."""

    run_id: str
    run: int
    fence: int
    expires: float
    now: float
    lost_until: float | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lease."""

    run_id: str
    command: str
    user: str
    host: str
    pid: int
    job_url: str | None
    since: float
    expires: float
    now: float
