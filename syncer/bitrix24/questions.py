"""Questions about look-ups themselves: does the portal filter by the field, is there anything to be found at all?

The documentation says neither which fields can be filtered by nor what becomes of a filter that cannot
(api-reference/crm/universal/crm-item-list.md), so the portal is asked: a random text must find nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from syncer.bitrix24.answer import CommandAnswer
from syncer.bitrix24.encode import Command
from syncer.bitrix24.lookup import item_list, items, unfilterable
from syncer.errors import PortalError
from syncer.model.identity import EntityTypeId, Stamp

RANDOM = "random"
ANY = "any"


def filter_questions(entity_type_id: EntityTypeId, stamp: Stamp) -> dict[str, Command]:
    """A text that no item bears, and the type's first items."""
    text = f"syncer-{secrets.token_hex(12)}"
    return {
        RANDOM: item_list(entity_type_id, {f"@{stamp.field}": [text]}, ["id"]),
        ANY: item_list(entity_type_id, {}, ["id"]),
    }


def filters(entity_type_id: EntityTypeId, stamp: Stamp, answers: Mapping[str, CommandAnswer]) -> bool:
    """Whether the answers prove that the portal filters; a type without items proves nothing.

    Raises PortalError when the portal does not, PortalRefused when it says so itself.
    """
    if items(answers[RANDOM]):
        raise PortalError(
            f"the portal ignores the filter by {stamp.field}: every look-up would find items",
            detail=f"crm.item.list of entityTypeId {entity_type_id} gave items for a random text",
            hint=unfilterable(stamp),
        )
    return bool(items(answers[ANY]))
