"""Read-back: what the portal stored of each created item is compared with what was sent for it.

The answer to a create holds the item. Where there was none, and after an import, whose answer holds ids alone, items
are listed. Under `verify: warn` differences are counted, and one of each kind is logged; under `strict` the row has
failed: its item exists, so it is recorded as created and never sent again, and the difference is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from syncer.bitrix24.lookup import PAGE, item_list, items
from syncer.bitrix24.portal import Portal
from syncer.errors import SyncerError
from syncer.execute.recorder import Recorder
from syncer.log import logger
from syncer.mapping.stored import Kind, differences
from syncer.model import wire
from syncer.model.identity import ItemId
from syncer.model.outcome import STORED_OTHERWISE, StoredOtherwise
from syncer.plan.plan import Plan, Target
from syncer.store import Found, Ledger, Status, Trouble

CHUNK: Final = 10 * PAGE
"""Items listed in one request: whole ones take some kilobytes each."""

Sent = Mapping[str, Any]
Item = Mapping[str, Any]


@dataclass(slots=True)
class _Tally:
    """How often one field was stored otherwise in one way, and the first item of which that is so."""

    count: int
    example: str
    sent: Any
    stored: Any


class ReadBack:
    """Compares and counts, for one run."""

    def __init__(self, plan: Plan, portal: Portal, ledgers: Mapping[int, Ledger], recorder: Recorder) -> None:
        self._plan = plan
        self._portal = portal
        self._ledgers = ledgers
        self._recorder = recorder
        self._tallies: dict[tuple[int, str, Kind], _Tally] = {}
        self._read: set[int] = set()

    def told(self) -> list[StoredOtherwise]:
        """What was found, by entity and field."""
        return [
            StoredOtherwise(
                self._plan.targets[index].name, field, kind, tally.count, tally.example, tally.sent, tally.stored
            )
            for (index, field, kind), tally in sorted(self._tallies.items())
        ]

    def saw(self, target: Target) -> bool:
        """Whether any item of the target was read back in this run."""
        return target.index in self._read

    def dropped(self, target: Target) -> list[str]:
        """The target's fields of which the portal kept nothing in some item."""
        return sorted(field for index, field, kind in self._tallies if (index, kind) == (target.index, "dropped"))

    def compare(self, target: Target, key: str, item_id: ItemId, sent: Sent, stored: Item) -> str:
        """Notes what differs; the words for it where that makes the row fail, else nothing.

        The fields of the identity are left out: `probes` learns how the portal keeps those.
        """
        if target.entity.verify == "off":
            return ""
        self._read.add(target.index)
        stamped = target.stamp.fields(key)
        asked = {name: value for name, value in sent.items() if name not in stamped}
        found = list(differences(target.catalog, asked, stored))
        for field, kind in found:
            self._note(target, field, kind, key, item_id, sent[field], stored.get(field))
        if not found or target.entity.verify != "strict":
            return ""
        words = ", ".join(f"{field} ({kind})" for field, kind in found)
        return f"item {item_id} was created, and the portal stored otherwise than sent: {words}"

    def read_unread(self, target: Target) -> None:
        """Lists the target's items whose creation was seen by look-ups alone, and compares them.

        Raises what `Portal.read_many` does.
        """
        if target.entity.verify == "off":
            return
        for chunk in self._plan.workspace.unread(target.index, CHUNK):
            self._recorder.keeper.keep()
            rows = [wire.loads(entry.fields or "{}") for entry in chunk]
            ids = parent_ids(self._ledgers, target, rows)
            sent = {
                ItemId(entry.item_id or 0): (entry.origin_id, wire.resolve(fields, ids))
                for entry, fields in zip(chunk, rows, strict=True)
            }
            troubles = []
            for item in self._listed(target, sent):
                item_id = ItemId(int(item["id"]))
                if item_id in sent and (
                    text := self.compare(target, sent[item_id][0], item_id, sent[item_id][1], item)
                ):
                    troubles.append((Found(sent[item_id][0], item_id), text))
            self._recorder.otherwise(target, [(found, _trouble(found, text)) for found, text in troubles])
            self._plan.workspace.mark_read(target.index, [entry.origin_id for entry in chunk])

    def refuse_dropped(self, target: Target) -> SyncerError | None:
        """Why nothing more of the target is sent under `verify: strict`: its first item lacks what was sent."""
        fields = self.dropped(target)
        if not fields:
            return None
        example = self._tallies[target.index, fields[0], "dropped"].example
        return SyncerError(
            f"the portal dropped {', '.join(fields)} of the first item; nothing more of this entity was sent",
            where=f"{target.name} {example}",
            hint="mend or remove the field, or say `verify: warn`; the item stays as it is in the portal",
        )

    def _note(self, target: Target, field: str, kind: Kind, key: str, item_id: ItemId, sent: Any, stored: Any) -> None:
        tally = self._tallies.get((target.index, field, kind))
        if tally is not None:
            tally.count += 1
            return
        self._tallies[target.index, field, kind] = _Tally(1, key, sent, stored)
        logger().warning(
            "item.stored_otherwise",
            spec=target.name.spec,
            entity=target.name.entity,
            entityTypeId=target.entity_type_id,
            originatorId=target.stamp.originator_id,
            originId=key,
            id=item_id,
            field=field,
            kind=kind,
        )

    def _listed(self, target: Target, sent: Mapping[ItemId, tuple[str, Sent]]) -> Iterator[Item]:
        select = selected(name for _, fields in sent.values() for name in fields)
        ids = list(sent)
        commands = {
            start: item_list(target.entity_type_id, {"@id": ids[start : start + PAGE]}, select)
            for start in range(0, len(ids), PAGE)
        }
        for answer in self._portal.read_many(commands).values():
            yield from items(answer)


def selected(names: Iterator[str] | Collection[str], *more: str) -> list[str]:
    """What to select in crm.item.list to see these fields: `fm` comes with everything alone (crm-item-list.md)."""
    wanted = list(dict.fromkeys(("id", *more, *names)))
    return ["*"] if "fm" in wanted else wanted


def parent_ids(
    ledgers: Mapping[int, Ledger], target: Target, rows: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], int]:
    """The ids of the created items that rows refer to, by (entity, originId)."""
    wanted: dict[str, set[str]] = {}
    for values in rows:
        for ref in wire.references(values):
            wanted.setdefault(ref.entity, set()).add(ref.origin_id)
    return {
        (entity, key): known.item_id
        for entity, keys in wanted.items()
        for key, known in ledgers[target.parents[entity]].ids(sorted(keys)).items()
        if known.status is Status.CREATED and known.item_id is not None
    }


def _trouble(found: Found, text: str) -> Trouble:
    return Trouble(found.origin_id, STORED_OTHERWISE, text)
