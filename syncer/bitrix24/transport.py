"""One POST to the portal, and exactly what is known of it afterwards.

Three ends: no connection (`PortalUnreachable`: nothing left), a complete answer (`Envelope` or `Refused`),
and everything between (`AnswerLost`: the portal may have worked). Nothing is repeated here but the one POST
that a renamed portal asks for with a 302. The URL of a webhook is a secret and HTTP libraries put URLs into
errors and logs, so no error of theirs is chained and their loggers stay quiet. Source:
settings/how-to-call-rest-api/general-principles.md, api-reference/data-types.md, …/change-domen.md.
"""

from __future__ import annotations

import json
import logging
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from syncer import __version__
from syncer.bitrix24.auth import Access, is_loopback, split_url
from syncer.bitrix24.encode import as_json
from syncer.errors import AnswerLost, PortalError, PortalUnreachable
from syncer.log import Secret, logger, redact

CONNECT_SECONDS: Final = 10.0
ANSWER_MARGIN: Final = 0.25
SHORTEST_MARGIN_SECONDS: Final = 5.0
LONGEST_MARGIN_SECONDS: Final = 15.0
"""How long beyond `request_seconds` an answer may be on its way: a quarter of them, within these."""
IDLE_SECONDS: Final = 4.0
"""A connection idle for longer is not used again: the portal may be closing it as the request arrives."""
SOCKET_DEATH_MILLISECONDS: Final = 10_000
REDIRECT_CODE: Final = "REDIRECT"
_MOVED: Final = (301, 302, 307, 308)  # not 303: it says that the POST was worked on
_VENDOR = re.compile(r"(?:^|\.)(bitrix24\.[a-z]{2,}(?:\.[a-z]{2})?)$")


@dataclass(frozen=True, slots=True)
class Time:
    """The portal's own clockwork for one call: seconds, and unix seconds by its clock; None where it told
    nothing.

    `operating` is the sum over the last ten minutes for the method, not this call's share (limits.md).
    """

    duration: float | None = None
    finish: float | None = None
    operating: float | None = None
    operating_reset_at: float | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """A complete answer that carries a result; it does not print, for links to files hold the webhook's code."""

    result: Any = field(repr=False)
    time: Time
    total: int | None
    next: int | None
    status: int
    took: float = 0.0
    """Seconds from the request's leaving to its complete answer, by our clock."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A complete answer that says no. `code` is the portal's own, even `""`; the HTTP status alone means
    nothing.
    """

    code: str
    text: str
    status: int


class Transport:
    """Connections to one portal; safe for several threads."""

    def __init__(self, access: Access, *, request_seconds: float) -> None:
        for name in ("httpx2", "httpcore2"):  # both write URLs and headers, which hold the webhook's code
            logging.getLogger(name).setLevel(logging.WARNING)
        self._access = access
        self._origin = access.origin
        margin = max(SHORTEST_MARGIN_SECONDS, min(LONGEST_MARGIN_SECONDS, request_seconds * ANSWER_MARGIN))
        self._deadline = request_seconds + margin
        self._http = httpx2.HTTPTransport(
            verify=authorities(access.origin),
            proxy=proxy_for(access.origin),
            socket_options=_socket_options(),
            limits=httpx2.Limits(max_connections=None, keepalive_expiry=IDLE_SECONDS),
        )

    def close(self) -> None:
        self._http.close()

    def post(self, method: str, params: Mapping[str, Any]) -> Envelope | Refused:
        """Calls the method once. Raises PortalUnreachable or AnswerLost; see the module.

        A value that JSON cannot carry raises ValueError or TypeError before anything is sent.
        """
        content = json.dumps(as_json(self._access.body(params)), ensure_ascii=False, allow_nan=False).encode()
        path, left_at = self._access.path(method), time.monotonic()
        status, headers, body = self._exchange(self._origin + path, content)
        if status in _MOVED:
            target = _target(self._origin + path, headers.get("location", ""))
            if target is None:
                return _refused_redirect(status)
            self._follow(target)
            status, headers, body = self._exchange(self._origin + path, content)
            if status in _MOVED:
                return _refused_redirect(status)
        return _read(status, body, time.monotonic() - left_at)

    def _follow(self, origin: str) -> None:
        """All later requests go to the new address at once; the mend is told once."""
        if origin != self._origin:
            self._origin = origin
            hint = f"The portal's address has changed: write the new host into {self._access.setting}."
            logger().warning("portal.moved", new=origin, hint=hint)

    def _exchange(self, url: str, content: bytes) -> tuple[int, httpx2.Headers, bytes]:
        timeout = httpx2.Timeout(self._deadline, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)
        request = httpx2.Request(
            "POST",
            url,
            headers={
                "Content-Type": "application/json",
                "Accept": "application/json",
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": f"syncer/{__version__}",
            },
            content=content,
            extensions={"timeout": timeout.as_dict()},
        )
        host = urlsplit(self._origin).netloc
        try:
            return self._send(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError) as error:
            failure: PortalError = PortalUnreachable(f"No connection to {host}", detail=_reason(error))
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            failure = AnswerLost(f"No complete answer from {host}", detail=_reason(error))
        raise failure  # out here, so that it is chained to nothing

    def _send(self, request: httpx2.Request) -> tuple[int, httpx2.Headers, bytes]:
        until = time.monotonic() + self._deadline
        response = self._http.handle_request(request)
        try:
            chunks = []
            for chunk in response.iter_bytes():
                chunks.append(chunk)
                if time.monotonic() > until:
                    raise httpx2.ReadTimeout("the answer came too slowly")
        finally:
            response.close()
        return response.status_code, response.headers, b"".join(chunks)


def _reason(error: Exception) -> str:
    text = redact(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def authorities(origin: str) -> ssl.SSLContext | bool:
    """Whose certificates are believed: those of this machine's store, and nobody's where nothing is encrypted.

    To load the store takes longer than a request to a portal on this machine, which stays on http (`_target`).
    """
    return origin.startswith("https:") or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _socket_options() -> list[tuple[int, int, int]]:
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: sent data that nobody acknowledges ends the connection
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SOCKET_DEATH_MILLISECONDS))
    return options


def proxy_for(origin: str) -> httpx2.Proxy | None:
    """The proxy that the environment names for an origin; none for this machine."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return None
    found = getproxies()
    url = found.get(parts.scheme) or found.get("all")
    if not url:
        return None
    password = split_url(url).password
    if password:
        Secret(password)
    try:
        return httpx2.Proxy(url)
    except (ValueError, httpx2.InvalidURL):
        raise PortalError(
            "The proxy in the environment is not a URL of http, https or socks5", hint="See HTTPS_PROXY."
        ) from None


def _target(url: str, location: str) -> str | None:
    """The origin to repeat a POST at, or None where a webhook must not be shown to it.

    Allowed is https (or this machine, as before), under the same vendor domain, with the same path.
    """
    old, new = split_url(url), split_url(location)
    old_host, new_host = old.hostname or "", new.hostname or ""
    if new.path.rstrip("/") != old.path.rstrip("/") or not new_host or new.username:
        return None
    if is_loopback(old_host):
        allowed = new.scheme == old.scheme and is_loopback(new_host)
    else:
        vendor = _VENDOR.search(old_host)
        same = bool(vendor) and new_host.endswith(f".{vendor[1]}") if vendor else new_host == old_host
        allowed = new.scheme == "https" and same
    return f"{new.scheme}://{new.netloc}" if allowed else None


def _refused_redirect(status: int) -> Refused:
    return Refused(REDIRECT_CODE, f"The portal answered HTTP {status} and points to another address.", status)


def _read(status: int, body: bytes, took: float) -> Envelope | Refused:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise AnswerLost(f"The portal answered HTTP {status} with {_kind(body)} in place of a JSON object")
    if "error" in answer:
        return _refused(answer, status)
    if "result" not in answer or not 200 <= status < 300:
        raise AnswerLost(f"The portal answered HTTP {status} with a JSON object that is no answer")
    return Envelope(
        result=answer["result"],
        time=read_time(answer.get("time")),
        total=_integer(answer.get("total")),
        next=_integer(answer.get("next")),
        status=status,
        took=took,
    )


def _refused(answer: Mapping[str, Any], status: int) -> Refused:
    code, text = error_of(answer)
    return Refused(code, text, status)


def error_of(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Code and text of an error object; a number or nothing as a code becomes text."""
    code, text = answer.get("error"), answer.get("error_description")
    return "" if code is None else str(code), redact("" if text is None else str(text))


def read_time(value: Any) -> Time:
    """The `time` object of an envelope or of a command; anything else is an empty one
    (api-reference/data-types.md).
    """
    if not isinstance(value, Mapping):
        return Time()
    names = ("duration", "finish", "operating", "operating_reset_at")
    return Time(**{name: _number(value.get(name)) for name in names})


def _number(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return float(value) if number else None


def _integer(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _kind(body: bytes) -> str:
    start = body.lstrip()[:1]
    if not start:
        return "nothing"
    if start == b"<":
        return "HTML"
    return "cut JSON" if start in b"{[" else "text"
