"""The OAuth server: one request that gives a new pair of tokens for a refresh token.

The request holds every secret of the application in its URL, so no error of the HTTP library is chained, and no
redirect is followed. Where the answer points a REST client to is told to the caller and never called.
Source: settings/oauth/auto-renewal.md, settings/oauth/error-codes.md; the HTTP statuses of errors are not documented.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final

import httpx2

from syncer.bitrix24.auth import split_url
from syncer.bitrix24.transport import authorities, error_of, proxy_for
from syncer.errors import AnswerLost, PortalError, PortalRefused, PortalUnreachable
from syncer.log import Secret

LARGEST_ANSWER: Final = 1 << 20
TOKEN_REFUSED: Final = ("invalid_grant", "expired_token", "invalid_token")
"""Codes that mean the refresh token; another one may be good."""
ANEW: Final = "Install the application anew in the portal, and set portal.oauth.refresh_token to the new token."
_CARD: Final = "Check portal.oauth.client_id and portal.oauth.client_secret: the application's card has them."
_HINTS: Final[Mapping[str, str]] = {
    "payment_required": "The subscription of the portal or of the application has ended: renew it, then run again.",
    "invalid_client": _CARD,
    "wrong_client": _CARD,
    "application_not_found": _CARD,
    "invalid_request": f"{_CARD} Check portal.oauth.server too.",
    "redirect": "Check portal.oauth.server.",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """An access token and the refresh token that came with it; `user` is the id of the user they act for."""

    access: Secret
    refresh: Secret
    user: str


@dataclass(frozen=True, slots=True)
class Application:
    """What the OAuth server wants to know. `server` is `scheme://host[:port]`, `domain` the portal's host."""

    domain: str
    client_id: Secret
    client_secret: Secret
    refresh_token: Secret
    server: str


def exchange(application: Application, token: Secret, *, seconds: float) -> tuple[Pair, str]:
    """A new pair, and the host of the portal it is for, as the server tells it (empty: not told).

    Ends within `seconds`. Raises PortalUnreachable (nothing left), PortalRefused (a complete answer that says no; its
    code in lower case) and AnswerLost (the server may have made a pair).
    """
    host = split_url(application.server).netloc
    status, body = _within(seconds, lambda: _get(application, token, host, seconds), host)
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if 300 <= status < 400:
        raise _refused("redirect", f"HTTP {status} points to another address", status)
    if isinstance(answer, dict) and answer.get("error") is not None and status < 500:
        code, text = error_of(answer)
        raise _refused(code.casefold(), f"{code} {text}".strip(), status)
    if status != 200 or not isinstance(answer, dict):
        raise AnswerLost(f"The OAuth server {host} answered HTTP {status} with no token", hint="Run again later.")
    found = [answer.get(name) for name in ("access_token", "refresh_token")]
    if not all(isinstance(each, str) and each for each in found):
        raise AnswerLost(f"The OAuth server {host} answered without tokens", hint="Run again later.")
    pair = Pair(Secret(str(found[0])), Secret(str(found[1])), str(answer.get("user_id") or ""))
    return pair, split_url(str(answer.get("client_endpoint") or "")).netloc.lower()


def _refused(code: str, told: str, status: int) -> PortalRefused:
    return PortalRefused(
        "The OAuth server refuses to renew the access token",
        code=code,
        status=status,
        detail=told,
        hint=_HINTS.get(code, ANEW),
    )


def _within(seconds: float, work: Callable[[], tuple[int, bytes]], host: str) -> tuple[int, bytes]:
    """The result of `work`, or AnswerLost: a server that sends a byte now and then would hold us for ever."""
    ended: SimpleQueue[tuple[int, bytes] | PortalError] = SimpleQueue()

    def run() -> None:
        try:
            ended.put(work())
        except PortalError as error:
            ended.put(error)
        except Exception as error:  # noqa: BLE001 -- its text may hold the URL
            ended.put(AnswerLost(f"No answer from the OAuth server {host}", detail=type(error).__name__))

    threading.Thread(target=run, daemon=True, name="oauth").start()
    try:
        found = ended.get(timeout=seconds)
    except Empty:
        found = AnswerLost(f"The OAuth server {host} did not answer in {seconds:.0f} s", hint="Run again later.")
    if isinstance(found, PortalError):
        raise found
    return found


def _get(application: Application, token: Secret, host: str, seconds: float) -> tuple[int, bytes]:
    timeout = httpx2.Timeout(seconds)
    try:
        request = httpx2.Request(
            "GET",
            f"{application.server}/oauth/token/",
            params={
                "grant_type": "refresh_token",
                "client_id": application.client_id.reveal(),
                "client_secret": application.client_secret.reveal(),
                "refresh_token": token.reveal(),
            },
            headers={"Accept": "application/json"},
            extensions={"timeout": timeout.as_dict()},
        )
        server = application.server
        with httpx2.HTTPTransport(verify=authorities(server), proxy=proxy_for(server)) as http:
            response = http.handle_request(request)
            try:
                return response.status_code, _body(response, time.monotonic() + seconds)
            finally:
                response.close()
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError):
        failure: PortalError = PortalUnreachable(
            f"No connection to the OAuth server {host}",
            hint="Check portal.oauth.server, the network, and HTTPS_PROXY; then run again.",
        )
    except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL):
        failure = AnswerLost(
            f"No complete answer from the OAuth server {host}",
            hint="Run again: the refresh token from before is kept and is tried first.",
        )
    raise failure  # out here, so that it is chained to nothing: the URL holds secrets


def _body(response: Any, until: float) -> bytes:
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER or time.monotonic() > until:
            raise httpx2.ReadTimeout("too long an answer")
    return body
