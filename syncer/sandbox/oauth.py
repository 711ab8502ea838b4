"""Access tokens of OAuth calls and their renewal.

settings/oauth/auto-renewal.md, settings/oauth/error-codes.md. Tokens live as long as the process. The
statuses of renewal errors are undocumented: 400, but 401 for the client.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from syncer.sandbox.refusal import Refusal

LIFE = 3600
CLIENT_ID = "local.sandbox"


class Tokens:
    """The one application that the sandbox knows, and the tokens it holds."""

    def __init__(self) -> None:
        self.client_secret = secrets.token_hex(16)
        self._ends: dict[str, float] = {}  # access token -> the unix time it ends
        self._refresh: set[str] = set()

    def issue(self, life: float = LIFE) -> dict[str, Any]:
        """A new pair, valid for `life` seconds, with what a client needs to renew it."""
        access, refresh = secrets.token_hex(16), secrets.token_hex(16)
        self._ends[access] = time.time() + life
        self._refresh.add(refresh)
        return {
            "access_token": access,
            "refresh_token": refresh,
            "expires": int(self._ends[access]),
            "expires_in": int(life),
        }

    def expire(self) -> None:
        """Ends every access token now; refresh tokens stay."""
        self._ends = dict.fromkeys(self._ends, 0.0)

    def check(self, token: str) -> None:
        """Raises 401 NO_AUTH_FOUND for an unknown token and 401 expired_token for an old one."""
        end = self._ends.get(token)
        if end is None:
            raise Refusal("NO_AUTH_FOUND", "Wrong authorization data", 401)
        if end <= time.time():
            raise Refusal("expired_token", "The access token provided has expired", 401)

    def renew(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to `grant_type=refresh_token`; the old refresh token is used up."""
        if params.get("grant_type") != "refresh_token":
            raise Refusal("invalid_request", "")
        if params.get("client_id") != CLIENT_ID or params.get("client_secret") != self.client_secret:
            raise Refusal("invalid_client", "", 401)
        token = str(params.get("refresh_token"))
        if token not in self._refresh:
            raise Refusal("invalid_grant", "")
        self._refresh.remove(token)
        return self.issue()
