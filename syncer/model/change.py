"""What is to become of one source row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

from syncer.model.identity import ItemId

Fields = Mapping[str, Any]
"""Field name → value as it is sent: str, int, float, list, dict; a `Reference` stands for a parent's id."""


QUARANTINE: Final = 3
"""Times the portal may refuse a row with the same values before it is not sent again."""


class Reason(StrEnum):
    """Why a row is blocked."""

    RENDER = "render"
    VALUE = "value"
    MISSING_REF = "missing_ref"
    DELETED_REF = "deleted_ref"
    DUPLICATE_KEY = "duplicate_key"
    EMPTY_KEY = "empty_key"
    BAD_KEY = "bad_key"
    CLAIMED = "claimed"
    AMBIGUOUS = "ambiguous"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Reference:
    """The id of another entity's item, not known yet when a row is rendered.

    `prefix` is what a crm link field wants before the id (`CO` gives `CO_3`), else empty.
    """

    entity: str
    origin_id: str
    prefix: str = ""

    def value(self, item_id: int) -> int | str:
        return f"{self.prefix}_{item_id}" if self.prefix else int(item_id)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why one row cannot be created. `message` names the column, the template's line and what to do."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Cause:
    """What blocks one row or many of an entity, such as a parent that is missing. `origin_ids` are the first keys of
    its `count` rows; rows without a usable key have none.
    """

    problem: RowProblem
    count: int
    origin_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntityName:
    """An entity of a spec: the owner of identities."""

    spec: str
    entity: str

    def __str__(self) -> str:
        return f"{self.spec}/{self.entity}"


@dataclass(frozen=True, slots=True)
class Create:
    """The portal has no such item: it will be created with these fields."""

    entity: EntityName
    origin_id: str
    fields: Fields


DriftKind = Literal["changed", "deleted"]


@dataclass(frozen=True, slots=True)
class Drifted:
    """A row that has an item, and one of them is not as it was: `changed` the row, `deleted` the item.

    `message` is why a changed row could not be sent at all any more, else empty.
    """

    entity: EntityName
    origin_id: str
    kind: DriftKind
    item_id: ItemId
    message: str = ""


@dataclass(frozen=True, slots=True)
class Adopt:
    """The portal has the item, the state did not know: it will be recorded."""

    entity: EntityName
    origin_id: str
    item_id: ItemId


@dataclass(frozen=True, slots=True)
class Blocked:
    """The row cannot be created, and is told why. It stops no other row.

    `origin_id` is empty where the row has no usable key; the message then names the row.
    """

    entity: EntityName
    origin_id: str
    problem: RowProblem


@dataclass(frozen=True, slots=True)
class Unknown:
    """An earlier run sent the row and could not learn the outcome; that is settled first.

    It is created with these fields when the portal is found not to have it.
    """

    entity: EntityName
    origin_id: str
    fields: Fields = field(default_factory=dict)


Change = Create | Adopt | Blocked | Unknown
"""What is not `unchanged` or `filtered`; those are only counted."""
