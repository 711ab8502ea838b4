"""crm.item.list: pages of 50 (crm-item-list.md, list-methods-pecularities.md, huge-data.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from syncer.sandbox.filters import FilterReader, Query, read_order
from syncer.sandbox.making import Item, shown
from syncer.sandbox.portal import Call, Portal, Reply
from syncer.sandbox.rows import PAGE
from syncer.sandbox.schema import ItemType


def list_items(portal: Portal, call: Call) -> Reply:
    """One page of items. `start` -1: no counting, so `total` is 0 and `next` is absent."""
    item_type = portal.item_type(call)
    query = FilterReader(portal, item_type, call).read(call.map("filter"))
    order = read_order(item_type, call)
    if not portal.readable(item_type):
        return Reply({"items": []}, 0)
    offset = max(call.start, 0)
    rows = _rows(portal, item_type, query, order, offset)
    pick = _selection(portal, item_type, call)
    reply = {"items": [pick(json.loads(body)) for body in rows]}
    if call.start == -1:
        return Reply(reply, 0)
    total = _total(portal, item_type, query)
    return Reply(reply, total, offset + PAGE if total > offset + PAGE else None)


def _rows(portal: Portal, item_type: ItemType, query: Query, order: str, offset: int) -> list[str]:
    text = f"SELECT body FROM item WHERE type = ? AND {query.where} ORDER BY {order} LIMIT {PAGE} OFFSET ?"  # noqa: S608
    found = portal.store.db.execute(text, (item_type.entity_type_id, *query.values, offset))
    return [row[0] for row in found]


def _total(portal: Portal, item_type: ItemType, query: Query) -> int:
    text = f"SELECT count(*) FROM item WHERE type = ? AND {query.where}"  # noqa: S608
    return int(portal.store.db.execute(text, (item_type.entity_type_id, *query.values)).fetchone()[0])


def _selection(portal: Portal, item_type: ItemType, call: Call) -> Callable[[Item], dict[str, Any]]:
    """What of an item the call wants; `fm` comes only with everything (search-by-phone-and-email.md)."""
    original = call.original_names
    names = [str(each) for each in call.map("select").values()]
    if not names or "*" in names:
        if not names or names == ["*"]:
            return lambda item: shown(portal, item_type, item, original)
        return lambda item: {k: v for k, v in shown(portal, item_type, item, original).items() if k != "fm"}
    wanted = {"id"} | ({*names} & item_type.named(original).keys()) - {"fm"}
    return lambda item: {k: v for k, v in shown(portal, item_type, item, original).items() if k in wanted}
