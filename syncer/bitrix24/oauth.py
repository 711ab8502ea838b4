"""An application's access to a portal: its access token, and its renewal when the portal says `expired_token`.

The access token lives an hour, the refresh token 180 days, and each renewal gives a new pair. Renewing by the
clock or before each call may get an application blocked, so it is done for that answer alone, and once where no
access token is known yet. The documentation is silent on whether the old refresh token stays valid when the
answer of a renewal is lost: the old one is kept and tried again.
Source: settings/oauth/auto-renewal.md.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, Final, Protocol

from syncer.bitrix24.auth import Kind, is_loopback, split_url
from syncer.bitrix24.renewal import ANEW, TOKEN_REFUSED, Application, Pair, exchange
from syncer.errors import AnswerLost, Interrupted, PortalError, PortalRefused, PortalUnreachable
from syncer.log import Secret, logger

ATTEMPTS: Final = 3
ANSWER_SECONDS: Final = 15.0
ASK_SECONDS: Final = 60.0
"""How long a renewal asks the OAuth server, all tries of all tokens together, from when it took the right."""
WAIT_SECONDS: Final = 150.0
"""How long another process may take to renew; longer than a lock is held."""


class Keeper(Protocol):
    """Where a pair is kept between commands, for all processes. Raises StateError when it cannot be used."""

    def load(self) -> Pair | None: ...

    def lock(self) -> bool:
        """Takes the right to renew, for longer than a renewal takes; False while another process has it."""

    def save(self, pair: Pair) -> bool:
        """Keeps a pair and gives the right back; False when another pair was kept in the meantime."""

    def unlock(self) -> None:
        """Gives the right back, if it is ours. Raises nothing."""


class OauthAccess:
    """Calls with `auth` in the body, to the portal's host alone. Safe for several threads; `open` must come first."""

    kind: Kind = "application"
    setting = "portal.oauth.domain"

    def __init__(self, application: Application, keeper: Keeper, stop: threading.Event | None = None) -> None:
        host = split_url(f"//{application.domain}").hostname or ""
        self.origin = f"{'http' if is_loopback(host) else 'https'}://{application.domain}"
        self._application = application
        self._keeper = keeper
        self._stop = stop or threading.Event()
        self._pair: Pair | None = None
        self._lock = threading.Lock()
        self._sent = threading.local()

    def open(self) -> None:
        """Takes the kept pair, or gets the first one. Raises PortalError, StateError, Interrupted."""
        self._pair = self._keeper.load()
        if self._pair is None:
            self._renew_from(None)

    @property
    def caller(self) -> str:
        return self._known().user

    def path(self, method: str) -> str:
        return f"/rest/{method}"

    def body(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        pair = self._known()
        self._sent.access = pair.access
        return {**params, "auth": pair.access.reveal()}

    def renew(self) -> bool:
        """Renews the token that this thread sent last, unless somebody has done so."""
        with self._lock:
            self._renew_from(getattr(self._sent, "access", None))
        return True

    def _known(self) -> Pair:
        assert self._pair is not None, "the access was not opened"
        return self._pair

    def _renew_from(self, stale: Secret | None) -> None:
        if self._pair is not None and self._pair.access != stale:
            return  # another thread has renewed it
        until = time.monotonic() + WAIT_SECONDS
        while True:
            begun = time.monotonic()
            if self._keeper.lock():
                break
            if self._taken_over(stale):
                return
            if begun > until:
                raise PortalError("Another process does not finish renewing the access token", hint="Run again.")
            if self._stop.wait(0.2):
                raise Interrupted("Stopped while another process renews the access token")
        try:
            if self._taken_over(stale):  # it was renewed before we got the lock
                return
            pair = self._ask(stale, begun + ASK_SECONDS)
            if pair is None:
                return
            self._pair = pair  # first of all: whatever becomes of its keeping, it is the one that is valid
            if not self._keeper.save(pair):
                self._taken_over(stale)
        finally:
            self._keeper.unlock()
        logger().info("token.renewed")

    def _taken_over(self, stale: Secret | None) -> bool:
        kept = self._keeper.load()
        if kept is None or kept.access == stale:
            return False
        self._pair = kept
        return True

    def _ask(self, stale: Secret | None, until: float) -> Pair | None:
        """A new pair by the kept refresh token, or where that is refused, by the one in the spec.

        None when another process, taken for dead and alive after all, has kept a pair before us.
        """
        kept, written = self._keeper.load(), self._application.refresh_token
        tokens = [written] if kept is None or kept.refresh == written else [kept.refresh, written]
        lost, refused = False, None
        for token in tokens:
            for attempt in range(ATTEMPTS):
                try:
                    return self._exchange(token, until)
                except (AnswerLost, PortalUnreachable) as error:
                    lost = lost or isinstance(error, AnswerLost)
                    if attempt == ATTEMPTS - 1 or self._stop.wait(2.0**attempt) or time.monotonic() > until - 1:
                        raise
                except PortalRefused as error:
                    if error.code not in TOKEN_REFUSED:
                        raise
                    refused = error
                    break
            if self._taken_over(stale):
                return None
        assert refused is not None
        named = "the refresh token" if len(tokens) == 1 else "the kept refresh token and the one in the spec"
        after = " The answer of a renewal was lost before: its new token is known to nobody." if lost else ""
        raise PortalRefused(
            f"The OAuth server refuses {named}", code=refused.code, status=refused.status, hint=ANEW + after
        )

    def _exchange(self, token: Secret, until: float) -> Pair:
        seconds = min(ANSWER_SECONDS, max(1.0, until - time.monotonic()))
        pair, portal = exchange(self._application, token, seconds=seconds)
        if portal and portal.removesuffix(":443") != self._application.domain:
            logger().warning(
                "token.elsewhere",
                portal=portal,
                hint="The refresh token belongs to this portal: compare portal.oauth.domain. It gets nothing from us.",
            )
        return pair

    def __repr__(self) -> str:
        return f"OauthAccess({self.origin})"
