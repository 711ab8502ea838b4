"""A request's parameters, in whichever way they came.

settings/how-to-call-rest-api/data-encoding.md and general-principles.md.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import BodyPartReader, web

from syncer.sandbox.options import is_loopback
from syncer.sandbox.php import Params, as_map, nest, parse_query
from syncer.sandbox.refusal import Refusal


def asked_as_loopback(request: web.Request) -> bool:
    """Whether the Host header names this machine.

    Any other one means that a web page's own name was made to lead here (DNS rebinding).
    """
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    return is_loopback(host)


async def read_params(request: web.Request) -> Params:
    """Query and body together.

    The body wins. Raises "100" for a body that is not the JSON it claims to be.
    """
    params = parse_query(request.rel_url.raw_query_string)
    if not request.can_read_body:
        return params
    kind = request.content_type
    if kind == "multipart/form-data":
        return params | await _read_multipart(request)
    body = await request.read()
    if kind == "application/json":
        return params | as_map(_read_json(body))
    if kind in ("application/x-www-form-urlencoded", "application/octet-stream"):
        return params | parse_query(body.decode("utf-8", "replace"))
    return params


def _read_json(body: bytes) -> Any:
    if not body.strip():
        return {}
    try:
        found = json.loads(body, parse_constant=_no_constant)
        if b"\\u" in body:
            json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
        return found
    except (ValueError, RecursionError):
        raise Refusal("100", "Invalid JSON in the request body") from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


async def _read_multipart(request: web.Request) -> Params:
    return nest(
        [
            (part.name, (await part.read(decode=True)).decode("utf-8", "replace"))
            async for part in await request.multipart()
            if isinstance(part, BodyPartReader) and part.name
        ]
    )
