"""Who an item is: `(portal, entityTypeId, originatorId, originId)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NewType

EntityTypeId = NewType("EntityTypeId", int)
ItemId = NewType("ItemId", int)
PortalName = NewType("PortalName", str)

LEAD: Final = EntityTypeId(1)
DEAL: Final = EntityTypeId(2)
CONTACT: Final = EntityTypeId(3)
COMPANY: Final = EntityTypeId(4)
QUOTE: Final = EntityTypeId(7)
INVOICE: Final = EntityTypeId(31)

TYPE_NAMES: Final[dict[str, EntityTypeId]] = {
    "lead": LEAD,
    "deal": DEAL,
    "contact": CONTACT,
    "company": COMPANY,
    "quote": QUOTE,
    "invoice": INVOICE,
}


def type_name(kind: EntityTypeId) -> str:
    """`company`, or `type 1302`."""
    return next((name for name, number in TYPE_NAMES.items() if number == kind), f"type {kind}")


LONGEST_STAMP: Final = 255
"""Characters of the stamped text; `originId` is a string field whose length the documentation leaves open."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the keys of one entity are unique in, within one portal."""

    entity_type_id: EntityTypeId
    originator_id: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """How an identity is written into an item, and so how it is looked up.

    With `originId` as the field, `originatorId` holds the other half; any other field (`xmlId`, a custom one)
    holds `originatorId:originId`.
    """

    field: str
    originator_id: str

    @property
    def split(self) -> bool:
        return self.field == "originId"

    def text(self, origin_id: str) -> str:
        """The text that lands in the stamped field."""
        return origin_id if self.split else f"{self.originator_id}:{origin_id}"

    def fields(self, origin_id: str) -> dict[str, str]:
        """The item fields that carry the identity."""
        own = {self.field: self.text(origin_id)}
        return {"originatorId": self.originator_id, **own} if self.split else own

    def origin_id(self, text: str) -> str | None:
        """The key within a stamped text; None when it is not one of ours."""
        if self.split:
            return text
        prefix = f"{self.originator_id}:"
        return text[len(prefix) :] if text.startswith(prefix) else None


def default_stamp_field(entity_type_id: EntityTypeId) -> str | None:
    """The field of a type that holds an external id; None for a quote, which has none.

    Source: api-reference/crm/universal/crm-item-add.md (field tables of each type).
    """
    if entity_type_id in (LEAD, DEAL, CONTACT, COMPANY):
        return "originId"
    return None if entity_type_id == QUOTE else "xmlId"
