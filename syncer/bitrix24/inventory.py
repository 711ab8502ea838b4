"""Every item of a type that carries an originatorId: what a state can be rebuilt from."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final, TypeVar

from syncer.bitrix24.answer import done
from syncer.bitrix24.encode import Command
from syncer.bitrix24.lookup import PAGE
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.size import MOST_COMMANDS
from syncer.model.identity import EntityTypeId, ItemId, Stamp

K = TypeVar("K", bound=Hashable)

CHUNK: Final = PAGE * MOST_COMMANDS
_PATTERN: Final = re.compile(r"[%_\\]")


def inventory(portal: Portal, kind: EntityTypeId, stamp: Stamp) -> Iterator[list[tuple[str, ItemId]]]:
    """The (originId, item id) of the type's items that are stamped so, some thousands at a time, by item id.

    Pages are asked for by offset (api-reference/crm/universal/crm-item-list.md), fifty a request. An item that is
    deleted meanwhile moves others to a page that was read already: they are missed, and adopted by the next plan.
    """
    total = portal.call("crm.item.list", _page(kind, stamp, 0)).total or 0
    for first in range(0, total, CHUNK):
        commands = {
            start: Command("crm.item.list", _page(kind, stamp, start))
            for start in range(first, min(first + CHUNK, total), PAGE)
        }
        answers = portal.read_many(commands)
        yield [
            (key, ItemId(int(item["id"])))
            for start in commands
            for item in done(answers[start]).result["items"]
            if (key := _key(stamp, item)) is not None
        ]


def stamped(portal: Portal, stamps: Mapping[K, tuple[EntityTypeId, Stamp]]) -> set[K]:
    """Those of the types and stamps that the portal has items of. One request."""
    commands = {key: Command("crm.item.list", _page(kind, stamp, 0)) for key, (kind, stamp) in stamps.items()}
    answers = portal.read_many(commands)
    return {
        key
        for key, (_, stamp) in stamps.items()
        if any(_key(stamp, item) is not None for item in done(answers[key]).result["items"])
    }


def _page(kind: EntityTypeId, stamp: Stamp, start: int) -> dict[str, Any]:
    """One page. A field that holds both halves of the identity is searched by its beginning.

    That is a pattern, so it ends where a letter means something else in one; `_key` is exact.
    """
    start_of_text = _PATTERN.split(stamp.text(""), maxsplit=1)[0]
    wanted = {"=originatorId": stamp.originator_id} if stamp.split else {f"=%{stamp.field}": f"{start_of_text}%"}
    return {
        "entityTypeId": kind,
        "filter": wanted,
        "select": ["id", stamp.field, *(["originatorId"] if stamp.split else [])],
        "order": {"id": "ASC"},
        "start": start,
    }


def _key(stamp: Stamp, item: dict[str, Any]) -> str | None:
    text = item.get(stamp.field)
    if not isinstance(text, str) or not text:
        return None
    if stamp.split and item.get("originatorId") != stamp.originator_id:
        return None
    return stamp.origin_id(text) or None
