"""One REST request from its path to its answer: authorization, limits, the method or the batch, faults."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import traceback
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from syncer.sandbox import batch, methods
from syncer.sandbox.faults import Fault, Faults
from syncer.sandbox.journal import Asked, Journal
from syncer.sandbox.making import switch
from syncer.sandbox.php import Params
from syncer.sandbox.portal import Call, Portal
from syncer.sandbox.reading import read_params
from syncer.sandbox.refusal import Refusal

_MAKING = frozenset(("crm.item.add", "crm.item.import", "crm.item.batchImport"))
_SERVER_ERROR = Refusal("INTERNAL_SERVER_ERROR", "Internal server error", 500)


@dataclass(slots=True)
class Answer:
    """Status and body, before a fault gets hold of them."""

    status: int
    body: dict[str, Any]

    def encoded(self) -> bytes:
        """The body as it goes out."""
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


class Rest:
    """The portal behind /rest/."""

    def __init__(self, portal: Portal, seed: str = "") -> None:
        self.portal = portal
        self.faults = Faults(seed)
        self.journal = Journal()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers `/rest/USER/CODE/METHOD` and `/rest/METHOD`."""
        user, code, method = _parts(request.path)
        asked = self.journal.begin(time.time(), methods.spelling(method))
        moved = self.portal.settings.moved_to
        if moved:
            self._note(asked, Answer(302, {}), 0)
            return web.Response(status=302, headers={"Location": moved.rstrip("/") + request.raw_path})
        params = await _sent(request)
        called = {asked.method, *batch.methods_of(params)} if isinstance(params, dict) else {asked.method}
        fault = self._taken(called)
        if fault and fault.kind == "delay" and fault.at == "before":
            await asyncio.sleep(fault.seconds)
        if fault and fault.at == "before" and fault.kind != "delay":
            return await self._struck(request, fault, Answer(200, {}), asked)
        try:
            if isinstance(params, Exception):
                raise params
            answer = await self._answer(user, code, Call(method, params, 0), fault, asked)
        except Refusal as refusal:
            self.portal.store.commit()
            answer = Answer(refusal.status, dict(refusal.body()))
        except ConnectionError:  # the client went away before it had said everything; nobody reads the answer
            answer = Answer(400, {})
        except Exception:  # noqa: BLE001
            self.portal.store.roll_back()
            traceback.print_exc(file=sys.stderr)
            answer = Answer(500, dict(_SERVER_ERROR.body()))
        if fault and fault.at == "after":
            return await self._struck(request, fault, answer, asked)
        self._note(asked, answer, _commands(params))
        return _response(answer.status, answer.encoded())

    def _taken(self, methods: Collection[str]) -> Fault | None:
        """The fault that strikes a request; those that only change switches have done so."""
        while (fault := self.faults.take(methods)) and fault.kind == "switch":
            switch(self.portal, fault.switches)
        return fault

    async def _answer(self, user: str, code: str, call: Call, fault: Fault | None, asked: Asked) -> Answer:
        """Runs the method; whose call it is comes out here. Raises Refusal."""
        self.portal.refresh()
        call.user_id = self._authorized(user, code, call)
        self.portal.bucket.admit(self.portal.settings)
        async with self.portal.workers.one(self.portal.settings.workers):
            start, clock = time.time(), time.perf_counter()
            if call.method.lower() == "batch":
                reply = (await self._batch(call, fault, asked)).reply()
                moment = self.portal.moment(start, time.perf_counter() - clock, None)
            else:
                done = await self._run(call, asked)
                reply, moment = done.reply, done.time
            self.portal.store.commit()
        body: dict[str, Any] = {"result": reply.result}
        if reply.next is not None:
            body["next"] = reply.next
        if reply.total is not None:
            body["total"] = reply.total
        return Answer(200, body | {"time": moment})

    def _authorized(self, user: str, code: str, call: Call) -> int:
        """The caller's id. Raises the portal-wide refusals of system-errors.md; the pages of imports name another
        code for a wrong webhook.
        """
        settings = self.portal.settings
        if settings.https_required:
            raise Refusal("INVALID_REQUEST", "Https required")
        if settings.overloaded:
            raise Refusal("OVERLOAD_LIMIT", "REST API is blocked due to overload", 503)
        if code:
            if code != self.portal.code or not user.isdecimal() or int(user) not in self.portal.schema.users:
                if methods.spelling(call.method) in ("crm.item.import", "crm.item.batchImport"):
                    raise Refusal("INVALID_CREDENTIALS", "Invalid authorization data for the request", 401)
                raise Refusal("NO_AUTH_FOUND", "Wrong authorization data", 401)
            return int(user)
        self.portal.tokens.check(str(call.params.pop("auth", "")))
        return 1

    async def _run(self, call: Call, asked: Asked) -> methods.Done:
        """Runs one call, spending its simulated time first when told to."""
        method = methods.spelling(call.method)
        begun = time.time()
        asked.calls[method] += 1
        if fault := self.faults.take((method,), commands=True):
            if fault.at == "after":
                self._execute(call, methods.admitted(self.portal, call), begun, asked)
            raise Refusal(fault.code, fault.text, fault.status)
        cost = self.portal.cost(method)
        handler = methods.admitted(self.portal, call)
        if self.portal.settings.sleep and cost:
            self.portal.store.commit()
            await asyncio.sleep(cost)
        done = self._execute(call, handler, begun, asked)
        self.journal.calls[method] += 1
        return done

    def _execute(self, call: Call, handler: methods.Handler, begun: float, asked: Asked) -> methods.Done:
        """Runs a call that was admitted, and notes what it cost and made. Raises Refusal."""
        method, clock = methods.spelling(call.method), time.perf_counter()
        try:
            done = methods.execute(self.portal, call, handler, begun)
        finally:
            asked.cost += self.portal.cost(method) + time.perf_counter() - clock
        if method in _MAKING:
            self.journal.note_items(asked, method, int(str(call.params["entityTypeId"])), done.reply.result)
        return done

    async def _batch(self, whole: Call, fault: Fault | None, asked: Asked) -> batch.Batch:
        found = batch.begin(whole.params, whole.user_id)
        ending = fault.commands if fault else 0
        for place, (key, call) in enumerate(found.calls()):
            if ending and place == ending:
                break
            if isinstance(call, Refusal):
                asked.errors[call.code] += 1
                found.failed(key, call)
                continue
            try:
                found.succeeded(key, await self._run(call, asked))
            except Refusal as refusal:
                asked.errors[refusal.code] += 1
                self.journal.refused_calls += refusal.code == "OPERATION_TIME_LIMIT"
                found.failed(key, refusal)
        return found

    async def _struck(self, request: web.Request, fault: Fault, answer: Answer, asked: Asked) -> web.StreamResponse:
        """The answer as a fault leaves it."""
        body = answer.encoded()
        if fault.kind == "status":
            answer = Answer(fault.status, {"error": fault.code, "error_description": fault.text})
            body = answer.encoded()
        elif fault.kind in ("drop", "cut"):
            answer = Answer(0, {})
        elif fault.kind == "html":
            answer = Answer(fault.status, {})
        self._note(asked, answer, 0, fault.kind)
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "drop":
            _close(request)
        elif fault.kind == "cut":
            return await _half(request, body)
        elif fault.kind == "html":
            page = "<html><body><h1>An error occurred</h1></body></html>"
            return web.Response(status=fault.status, text=page, content_type="text/html")
        return _response(answer.status or 500, body)

    def _note(self, asked: Asked, answer: Answer, commands: int, fault: str = "") -> None:
        self.journal.note({
            "at": asked.at, "seconds": time.time() - asked.at, "method": asked.method,
            "status": answer.status, "error": str(answer.body.get("error", "")), "commands": commands,
            "fault": fault, "number": asked.number, "calls": asked.calls, "errors": asked.errors, "cost": asked.cost,
        })  # fmt: skip


def _parts(path: str) -> tuple[str, str, str]:
    """User, code and method of a path; `.json` and a trailing slash are allowed (general-principles.md)."""
    steps = [each for each in path.split("/") if each][1:]
    method = steps[-1].removesuffix(".json") if steps else ""
    if len(steps) == 3:
        return steps[0], steps[1], method
    return "", "", method if len(steps) == 1 else ""


async def _sent(request: web.Request) -> Params | Exception:
    """The parameters, or why there are none, to be raised when it is their turn."""
    try:
        return await read_params(request)
    except Exception as error:  # noqa: BLE001
        return error


def _commands(params: Params | Exception) -> int:
    found = params.get("cmd") if isinstance(params, dict) else None
    return len(found) if isinstance(found, dict | list) else 0


def _response(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json", charset="utf-8")


def _close(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _half(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
