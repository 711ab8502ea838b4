"""Pages for people: what the portal holds, item by item, and what it was asked.

GET /                    types with their items, switches that are switched, faults that wait
GET /items/TYPE          the items of a type: ?search=, ?sort=COLUMN, ?way=up|down, ?page=
GET /items/TYPE/ID       one item with all its fields
GET /requests            the last requests, the latest first: ?page=, or ?number= for the page with that one
GET /page.css            how it looks

They change nothing, have no script, and answer to this machine alone. They are no requests to the portal: limits do not
count them.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from aiohttp import web

from syncer.sandbox.making import Item
from syncer.sandbox.options import Settings
from syncer.sandbox.reading import asked_as_loopback
from syncer.sandbox.refusal import Refusal
from syncer.sandbox.rest import Rest
from syncer.sandbox.schema import ItemType
from syncer.sandbox.window import PAGE, Wanted, Window
from syncer.sandbox.wording import Around, Wording

LONGEST_SEARCH: Final = 200
_LONGEST_NUMBER: Final = 18
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One of the table of items: its name in `sort`, and the fields that it shows."""

    name: str
    heading: str
    fields: tuple[str, ...]


class Absent(Exception):
    """There is no such type or item. The text is for people."""


Handler = Callable[[web.Request], Awaitable[str]]


class Pages:
    """The handlers of the pages."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.portal = rest.portal
        self.window = Window(rest.portal.store.path)

    def routes(self) -> list[web.RouteDef]:
        """All of them, each with its kind of content."""
        return [
            web.get("/", self._guarded(self.overview)),
            web.get("/items/{type}", self._guarded(self.items)),
            web.get("/items/{type}/{id}", self._guarded(self.item)),
            web.get("/requests", self._guarded(self.requests)),
            web.get("/page.css", self._guarded(self.style, "text/css")),
        ]

    async def overview(self, request: web.Request) -> str:
        """Types, switches, faults, counters."""
        counts = await self.window.counts()
        usual = dataclasses.asdict(Settings())
        now = dataclasses.asdict(self.portal.settings)
        return self._rendered(
            "overview",
            types=[(each, counts.get(number, 0)) for number, each in sorted(self.portal.schema.types.items())],
            switched=[(name, _json(now[name]), _json(usual[name])) for name in now if now[name] != usual[name]],
            faults=self.rest.faults.shown(),
            counters=self.rest.journal.counters(),
        )

    async def items(self, request: web.Request) -> str:
        """The table of a type's items."""
        item_type = self._type(request)
        columns = _columns(item_type)
        asked = request.query
        sort = next((each for each in columns if each.name == asked.get("sort")), columns[0])
        way = asked.get("way") or ("down" if sort.name in ("id", "created") else "up")
        search = asked.get("search", "")[:LONGEST_SEARCH].strip()
        ranks = self._stages(item_type) if sort.name == "stage" else ()
        found = await self.window.items(
            Wanted(item_type.entity_type_id, search, sort.fields, ranks, way == "down", _number(asked.get("page")))
        )
        wording = Wording(self.portal.schema)
        return self._rendered(
            "items",
            type=item_type,
            columns=columns,
            rows=[(item["id"], [_cell(wording, item_type, item, each) for each in columns]) for item in found.items],
            found=found,
            search=search,
            sort=sort.name,
            way=way,
        )

    async def item(self, request: web.Request) -> str:
        """One item."""
        item_type = self._type(request)
        number = _number(request.match_info["id"], 0)
        item = await self.window.item(item_type.entity_type_id, number)
        if item is None:
            raise Absent(f"There is no {item_type.title} {request.match_info['id']}. It may have been deleted.")
        wording = Wording(self.portal.schema)
        around = Around(
            await self.window.several(wording.links(item_type, item)),
            await self.window.files(wording.files(item_type, item)),
        )
        lines = wording.lines(item_type, item, around)
        made = self.rest.journal.made(item_type.entity_type_id, number)
        return self._rendered(
            "item",
            type=item_type,
            id=number,
            title=wording.title(item_type, item),
            filled=[each for each in lines if not each.empty],
            empty=[each for each in lines if each.empty],
            origin=[
                (item_type.fields[name].title, name, item[name])
                for name in ("originatorId", "originId", "xmlId")
                if name in item_type.fields and item.get(name)
            ],
            stamped=any(name in item_type.fields for name in ("originId", "xmlId")),
            made=made,
            logged=made is not None and any(each["number"] == made.asked.number for each in self.rest.journal.entries),
            created=(item.get("createdTime", ""), wording.user(item.get("createdBy"))),
        )

    async def requests(self, request: web.Request) -> str:
        """The last requests."""
        entries = self.rest.journal.entries
        pages = max(1, -(-len(entries) // PAGE))
        page = min(_number(request.query.get("page")), pages)
        if number := _number(request.query.get("number"), 0):
            numbers = [each["number"] for each in reversed(entries)]
            page = numbers.index(number) // PAGE + 1 if number in numbers else page
        return self._rendered(
            "requests",
            entries=list(islice(reversed(entries), (page - 1) * PAGE, page * PAGE)),
            total=len(entries),
            all=self.rest.journal.requests,
            page=page,
            pages=pages,
        )

    async def style(self, request: web.Request) -> str:
        """The style sheet."""
        from syncer.sandbox.rendering import style

        return style()

    def _rendered(self, name: str, **shown: Any) -> str:
        from syncer.sandbox.rendering import rendered  # the template engine: only for those who look at pages

        return rendered(name, self.portal, **shown)

    def _type(self, request: web.Request) -> ItemType:
        """The type that a path names. Raises Absent."""
        try:
            return self.portal.schema.item_type(request.match_info["type"])
        except Refusal:
            raise Absent(f"There is no type {request.match_info['type']}.") from None

    def _stages(self, item_type: ItemType) -> list[str]:
        """The stages of a type, pipeline by pipeline, as they follow each other."""
        directories = [item_type.stage_directory(each) for each in item_type.categories or (0,)]
        return [stage for name in directories for stage in self.portal.schema.directories.get(name, ())]

    def _guarded(
        self, handler: Handler, content_type: str = "text/html"
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Answers to this machine alone, and tells in words what cannot be shown."""

        async def guarded(request: web.Request) -> web.Response:
            if not asked_as_loopback(request):
                return web.Response(status=403, text="This page is for this machine alone.\n", headers=_HEADERS)
            status = 200
            try:
                self.portal.refresh()
                text = await handler(request)
            except Absent as absent:
                status, text = 404, self._rendered("absent", told=str(absent))
            except sqlite3.Error as error:
                status, text = 503, self._rendered("absent", told=f"The portal's file cannot be read: {error}")
            body = text.encode("utf-8", "replace")
            return web.Response(status=status, body=body, content_type=content_type, charset="utf-8", headers=_HEADERS)

        return guarded


def _columns(item_type: ItemType) -> list[Column]:
    """What tells items of a type apart at a glance."""
    title = ("title",) if "title" in item_type.fields else ("lastName", "name")
    found = [Column("id", "ID", ("id",)), Column("title", "Title" if len(title) == 1 else "Name", title)]
    if item_type.stages:
        found.append(Column("stage", "Stage", ("stageId",)))
    outside = (name for name in ("originatorId", "originId", "xmlId") if name in item_type.fields)
    return [*found, *(Column(name, name, (name,)) for name in outside), Column("created", "Created", ("createdTime",))]


def _cell(wording: Wording, item_type: ItemType, item: Item, column: Column) -> tuple[str, str]:
    """What a cell shows, and what in small letters beneath."""
    match column.name:
        case "title":
            return wording.title(item_type, item), ""
        case "stage":
            stage = wording.stage(item_type, item)
            return (stage.name or stage.text, stage.text if stage.name else "") if stage else ("", "")
    return str(item.get(column.fields[0], "")), ""


def _number(text: str | None, least: int = 1) -> int:
    """A number of a query or a path: of plain digits, and not too long for the file. Anything else is `least`."""
    fits = text is not None and text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
    return max(least, int(text)) if text and fits else least


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
