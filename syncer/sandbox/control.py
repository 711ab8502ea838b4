"""/_sandbox/: the switches, faults and counters of a running portal, as JSON, for rehearsals and tests.

GET    /_sandbox/             everything at a glance: settings, faults, counters, items per type, portal, uuid
DELETE /_sandbox/             everything as in a new file and a new process; code and UUID stay
PATCH  /_sandbox/settings     changes switches (options.Settings)
POST   /_sandbox/faults       adds a fault (faults.Fault) or a list of them; DELETE removes all
GET    /_sandbox/log          counters and the last requests; DELETE counts from nothing
DELETE /_sandbox/limits       empties the bucket and the operating budget
POST   /_sandbox/types        adds a smart process (setup.add_type)
POST   /_sandbox/fields       adds a custom field (setup.add_field)
POST   /_sandbox/next-ids     {"2": 102}: the next deal gets 102
POST   /_sandbox/tokens       {expires_in?}: a pair of OAuth tokens and the client they belong to
DELETE /_sandbox/tokens       every access token expires now
GET    /_sandbox/items/TYPE   all items of a type
GET    /_sandbox/files/ID     an uploaded file
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from syncer.sandbox.making import shown, switch
from syncer.sandbox.oauth import CLIENT_ID
from syncer.sandbox.options import SandboxError
from syncer.sandbox.reading import asked_as_loopback
from syncer.sandbox.refusal import Refusal
from syncer.sandbox.rest import Rest
from syncer.sandbox.schema import Schema
from syncer.sandbox.setup import add_field, add_type


class Control:
    """The handlers of /_sandbox/."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.portal = rest.portal

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/_sandbox/", _guarded(self.overview)),
            web.delete("/_sandbox/", _guarded(self.reset)),
            web.patch("/_sandbox/settings", _guarded(self.change_settings)),
            web.post("/_sandbox/faults", _guarded(self.add_faults)),
            web.delete("/_sandbox/faults", _guarded(self.clear_faults)),
            web.get("/_sandbox/log", _guarded(self.log)),
            web.delete("/_sandbox/log", _guarded(self.clear_log)),
            web.delete("/_sandbox/limits", _guarded(self.clear_limits)),
            web.post("/_sandbox/types", _guarded(self.new_type)),
            web.post("/_sandbox/fields", _guarded(self.new_field)),
            web.post("/_sandbox/next-ids", _guarded(self.next_ids)),
            web.post("/_sandbox/tokens", _guarded(self.tokens)),
            web.delete("/_sandbox/tokens", _guarded(self.expire_tokens)),
            web.get("/_sandbox/items/{type}", _guarded(self.items)),
            web.get("/_sandbox/files/{id}", self.file),
        ]

    async def overview(self, request: web.Request) -> Any:
        """Everything at a glance."""
        return {
            "portal": f"{self.portal.url}rest/1/{self.portal.code}/",
            "uuid": self.portal.uuid,
            "settings": asdict(self.portal.settings),
            "faults": self.rest.faults.shown(),
            "counters": self.rest.journal.counters(),
            "bucket": self.portal.bucket.level,
            "items": {str(number): count for number, count in self.portal.store.counts().items()},
        }

    async def reset(self, request: web.Request) -> Any:
        """As `overview`."""
        self.portal.reset()
        self.rest.faults.clear()
        self.rest.journal.clear()
        return await self.overview(request)

    async def change_settings(self, request: web.Request) -> Any:
        """The settings after the change."""
        switch(self.portal, await request.json())
        return asdict(self.portal.settings)

    async def add_faults(self, request: web.Request) -> Any:
        """The faults that wait now."""
        given = await request.json()
        for each in given if isinstance(given, list) else [given]:
            self.rest.faults.add(each)
        return self.rest.faults.shown()

    async def clear_faults(self, request: web.Request) -> Any:
        """None are left."""
        self.rest.faults.clear()
        return []

    async def log(self, request: web.Request) -> Any:
        """Counters and requests, the oldest first."""
        return self.rest.journal.counters() | {"entries": list(self.rest.journal.entries)}

    async def clear_log(self, request: web.Request) -> Any:
        """Counters from nothing."""
        self.rest.journal.clear()
        return self.rest.journal.counters()

    async def clear_limits(self, request: web.Request) -> Any:
        """As if nothing had been asked yet."""
        self.portal.bucket.level = 0.0
        self.portal.budget.clear()
        return {}

    async def new_type(self, request: web.Request) -> Any:
        """The smart process as crm.type.list gives it."""
        found = add_type(self.portal.schema.document, await request.json())
        self._keep()
        return found

    async def new_field(self, request: web.Request) -> Any:
        """The custom field as given."""
        found = add_field(self.portal.schema.document, await request.json())
        self._keep()
        return found

    def _keep(self) -> None:
        schema = Schema(self.portal.schema.document)
        self.portal.store.begin()
        self.portal.store.put_setting("document", schema.document)
        self.portal.store.commit()
        self.portal.schema = schema

    async def next_ids(self, request: web.Request) -> Any:
        """What was set."""
        given = await request.json()
        for number, next_id in given.items():
            self.portal.store.set_last_id(f"item:{int(number)}", int(next_id) - 1)
        self.portal.store.commit()
        return given

    async def tokens(self, request: web.Request) -> Any:
        """A pair, and what renews it."""
        given = await request.json() if request.can_read_body else {}
        pair = self.portal.tokens.issue(float(given.get("expires_in", 3600)))
        return pair | {"client_id": CLIENT_ID, "client_secret": self.portal.tokens.client_secret}

    async def expire_tokens(self, request: web.Request) -> Any:
        """Every access token has expired."""
        self.portal.tokens.expire()
        return {}

    async def items(self, request: web.Request) -> Any:
        """Every item of a type, by id."""
        item_type = self.portal.schema.item_type(request.match_info["type"])
        bodies = self.portal.store.bodies(item_type.entity_type_id)
        return [shown(self.portal, item_type, item, False) for _, item in bodies]

    async def file(self, request: web.Request) -> web.StreamResponse:
        """An uploaded file's content."""
        if not asked_as_loopback(request):
            return _forbidden()
        number = request.match_info["id"]
        found = self.portal.store.file(int(number)) if number.isdecimal() else None
        if found is None:
            raise web.HTTPNotFound
        return web.Response(body=found[1], content_type="application/octet-stream")


def _forbidden() -> web.Response:
    return web.json_response({"error": "the control endpoint is for this machine alone"}, status=403)


def _guarded(
    handler: Callable[[web.Request], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Answers as JSON, and to this machine alone: a foreign Host header means a web page is asking."""

    async def guarded(request: web.Request) -> web.Response:
        if not asked_as_loopback(request):
            return _forbidden()
        try:
            return web.json_response(await handler(request))
        except (SandboxError, ValueError, KeyError, TypeError, AttributeError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
        except Refusal as refusal:
            return web.json_response(refusal.body(), status=refusal.status)

    return guarded
