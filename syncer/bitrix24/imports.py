"""`crm.item.batchImport`: rows packed into calls, and its answer read.

A call takes up to 20 items (api-reference/crm/universal/import/crm-item-batch-import.md), and as a command of a batch
at most 900 variables. The answer has an id or an error for each item. That its order is that of the items is documented
nowhere, so it is believed of errors alone, and only where it agrees with what a look-up finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from syncer.bitrix24.answer import Done, Refusal, refusal, rows
from syncer.bitrix24.encode import MOST_VARIABLES, Command, variables
from syncer.bitrix24.lookup import KEYS
from syncer.bitrix24.size import MOST_COMMANDS
from syncer.bitrix24.transport import Refused, error_of
from syncer.model.identity import EntityTypeId, ItemId

METHOD: Final = "crm.item.batchImport"
AT_ONCE: Final = 20
"""Items in one call; more are refused with MAX_IMPORT_BATCH_SIZE_EXCEEDED."""
MOST_ROWS: Final = 700
"""Items in one request: 35 calls of 20, and 15 commands that look them up."""

Fields = Mapping[str, Any]


def call(entity_type_id: EntityTypeId, data: Sequence[Fields]) -> Command:
    return Command(METHOD, {"entityTypeId": entity_type_id, "data": data})


@dataclass(slots=True)
class Load:
    """What goes into one request: packs of rows by their keys, each pack a call. `most` are commands of the batch,
    those included that look the rows up.
    """

    most: int = MOST_COMMANDS
    packs: list[dict[str, Fields]] = field(default_factory=list)
    rows: int = 0
    _variables: int = 0

    def add(self, key: str, fields: Fields, counted: Fields | None = None, *, alone: bool = False) -> bool:
        """Adds a row, with a call of its own if `alone`; False: there is no room.

        `counted` has the variables of the row where `fields` does not have them yet.
        """
        count = sum(1 for _ in variables({"data": [fields if counted is None else counted]}))
        fits = self.packs and not alone and len(self.packs[-1]) < AT_ONCE and self._variables + count <= MOST_VARIABLES
        packs = len(self.packs) + (0 if fits else 1)
        if packs + (self.rows + KEYS) // KEYS > self.most:
            return False
        if not fits:
            self.packs.append({})
            self._variables = 1  # entityTypeId
        self.packs[-1][key] = fields
        self._variables = MOST_VARIABLES if alone else self._variables + count
        self.rows += 1
        return True


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says of a pack's rows: errors by key, as far as places tell, and ids in no order."""

    errors: Mapping[str, Refusal]
    ids: frozenset[ItemId]


def told(keys: Sequence[str], answer: Done) -> Told:
    """Reads the answer to a pack of these keys."""
    entries = [entry if isinstance(entry, Mapping) else {} for entry in rows(answer.result, "items")]
    errors: dict[str, Refusal] = {}
    ids: set[ItemId] = set()
    for place, entry in enumerate(entries):
        item = entry.get("item")
        if isinstance(item, Mapping) and str(item.get("id")).isdecimal():
            ids.add(ItemId(int(str(item["id"]))))
        elif "error" in entry:
            code, text = error_of(entry)
            name = keys[place] if place < len(keys) else f"#{place}"
            errors[name] = refusal(METHOD, Refused(code, text, 200), status=None)
    return Told(errors, frozenset(ids))
