"""What became of an item of a plan that is not simply there now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

from syncer.model.change import EntityName

STORED_OTHERWISE: Final = "STORED_OTHERWISE"
"""Our own code of a row whose item exists, and lacks or alters what was sent (`verify: strict`)."""


class NotSentReason(StrEnum):
    """Why a planned row was not sent."""

    PARENT = "parent"  # its parent failed or has no known outcome
    STOPPED = "stopped"  # the run was stopped before its turn
    REFUSED = "refused"  # the portal refuses every item of its type, or drops what `verify: strict` wants kept
    STALE = "stale"  # it is not as the saved plan has it any more


@dataclass(frozen=True, slots=True)
class Failed:
    """The portal's own answer says why there is no item."""

    entity: EntityName
    origin_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer told the outcome, and looking it up has not settled it yet."""

    entity: EntityName
    origin_id: str
    message: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The portal holds two or more items of one identity; nobody picks one. `item_ids` is `17, 18`."""

    entity: EntityName
    origin_id: str
    item_ids: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """The row was left for the next run."""

    entity: EntityName
    origin_id: str
    reason: NotSentReason
    message: str = ""


@dataclass(frozen=True, slots=True)
class StoredOtherwise:
    """A field that the portal stored otherwise than it was sent: in how many items, and one of them.

    `example` is that item's originId, `sent` and `stored` are its values.
    """

    entity: EntityName
    field: str
    kind: Literal["dropped", "changed"]
    count: int
    example: str
    sent: Any = None
    stored: Any = None


Outcome = Failed | Lost | Ambiguous | NotSent
"""What somebody should look at; what was created or adopted is only counted and logged."""
