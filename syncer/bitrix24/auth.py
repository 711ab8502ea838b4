"""Who calls: what is added to a request so that the portal knows the caller.

A webhook carries its rights in the URL. An application (`oauth.OauthAccess`) puts `auth` into the body and renews an
expired token once; `Access` has the places for both, the transport and the retries ask nothing else.
Source: settings/how-to-call-rest-api/general-principles.md, local-integrations/local-webhooks.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Literal, Protocol
from urllib.parse import SplitResult, urlsplit

from syncer.errors import PortalError
from syncer.log import Secret

_WEBHOOK_PATH = re.compile(r"^(?P<prefix>.*/rest)/(?P<user>\d+)/(?P<code>[^/]+)/?$")


Kind = Literal["webhook", "application"]


class Access(Protocol):
    """What a request needs to be let in. `origin` is `scheme://host[:port]` and `caller` a user's id: no secrets.

    `kind` is what people call it, `setting` the key of the spec that has the portal's host.
    """

    @property
    def kind(self) -> Kind: ...

    @property
    def setting(self) -> str: ...

    @property
    def origin(self) -> str: ...

    @property
    def caller(self) -> str: ...

    def path(self, method: str) -> str:
        """The path of the method's URL: a secret."""

    def body(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters with what the portal wants beside them."""

    def renew(self) -> bool:
        """Renews an expired token; False when there is nothing to renew."""


class Webhook:
    """An incoming webhook: `https://HOST/rest/USER/CODE/`; plain http to a loopback host alone.

    Raises PortalError for a URL of another form; the message never holds the URL.
    """

    kind: Kind = "webhook"
    setting = "portal.webhook"

    def __init__(self, url: Secret) -> None:
        parts = split_url(url.reveal().strip())
        match = _WEBHOOK_PATH.match(parts.path)
        if match is None or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise PortalError(
                "The webhook URL has the wrong form",
                hint="Copy it from the portal (Developer resources, Inbound webhook): https://HOST/rest/USER/CODE/",
            )
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
            raise PortalError("The webhook URL is not https", hint="Plain http is for a loopback host alone.")
        Secret(url.reveal(), match["code"])
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.caller = match["user"]
        self._prefix = Secret(f"{match['prefix']}/{match['user']}/{match['code']}/")

    def path(self, method: str) -> str:
        return self._prefix.reveal() + method

    def body(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return params

    def renew(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"Webhook({self.origin}/rest/…)"


def split_url(url: str) -> SplitResult:
    """The parts of a URL; all of them empty when it is none. No error that shows the URL."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # checked by the library when asked for
    except ValueError:
        return urlsplit("")
    return parts


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
