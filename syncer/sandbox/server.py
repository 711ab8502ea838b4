"""The HTTP server around a portal: it listens on a loopback address, and ends in an orderly way."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable

from aiohttp import web

from syncer.sandbox.control import Control
from syncer.sandbox.options import Options, SandboxError
from syncer.sandbox.pages import Pages
from syncer.sandbox.php import as_map
from syncer.sandbox.portal import Portal
from syncer.sandbox.reading import read_params
from syncer.sandbox.refusal import Refusal
from syncer.sandbox.rest import Rest

LARGEST_BODY = 1 << 30
RENEWAL = "oauth.token"
"""What a renewal of tokens is called by faults and counters."""
GRACE = 3.0  # seconds that requests under way get when the server ends


def run(options: Options) -> int:
    """Serves until told to stop; the exit code."""
    try:
        options.check()
        portal = Portal(options)
    except SandboxError as error:
        sys.stderr.write(f"syncer sandbox: {error}\n")
        return 1
    try:
        return asyncio.run(_serve(options, portal))
    finally:
        portal.store.close()


async def _serve(options: Options, portal: Portal) -> int:
    runner = web.AppRunner(_application(portal, options), access_log=None, shutdown_timeout=GRACE)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port)
        await site.start()
    except OSError as error:
        sys.stderr.write(f"syncer sandbox: cannot listen on {options.host}:{options.port}: {error}\n")
        await runner.cleanup()
        return 1
    stopped = _stop_event(options)
    port = runner.addresses[0][1]
    host = f"[{options.host}]" if ":" in options.host else options.host
    portal.url = f"http://{host}:{port}/"
    sys.stdout.write(f"PORTAL {portal.url}rest/1/{portal.code}/\nUUID {portal.uuid}\nPAGE {portal.url}\n")
    sys.stdout.flush()
    await stopped.wait()
    await runner.cleanup()
    return 0


def _application(portal: Portal, options: Options) -> web.Application:
    rest = Rest(portal, options.seed)
    for fault in options.faults:
        rest.faults.add(fault)
    application = web.Application(client_max_size=LARGEST_BODY)
    application.add_routes(Control(rest).routes())
    pages = Pages(rest)
    application.add_routes(pages.routes())
    application.on_cleanup.append(_closing(pages))
    application.router.add_route("*", "/oauth/token/", _renewal(portal, rest))
    application.router.add_route("*", "/rest/{tail:.*}", rest.handle)
    return application


def _closing(pages: Pages) -> Callable[[web.Application], Awaitable[None]]:
    async def close(_: web.Application) -> None:
        pages.window.close()

    return close


def _renewal(portal: Portal, rest: Rest) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The OAuth server's renewal of tokens (settings/oauth/auto-renewal.md)."""

    async def renew(request: web.Request) -> web.Response:
        fault = rest.faults.take((RENEWAL,))
        if fault and fault.kind == "status" and fault.at == "before":
            return web.json_response(Refusal(fault.code, fault.text).body(), status=fault.status)
        try:
            found = portal.tokens.renew(as_map(await read_params(request)))
        except Refusal as refusal:
            return web.json_response(refusal.body(), status=refusal.status)
        rest.journal.calls[RENEWAL] += 1
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault and fault.kind in ("drop", "cut"):
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        endpoint = f"{portal.url}rest/"
        return web.json_response(
            found
            | {
                "client_endpoint": endpoint,
                "server_endpoint": endpoint,
                "domain": request.host,
                "status": "L",
                "member_id": portal.uuid.replace("-", ""),
                "scope": ",".join(portal.settings.scopes),
                "user_id": 1,
            }
        )

    return renew


def _stop_event(options: Options) -> asyncio.Event:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if options.follow_stdin:

        def follow() -> None:
            while os.read(0, 4096):
                pass
            loop.call_soon_threadsafe(stopped.set)

        threading.Thread(target=follow, daemon=True).start()
    return stopped
