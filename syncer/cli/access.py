"""How the portal of a spec is reached: by webhook, as an application, or started for the command."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from tempfile import gettempdir
from threading import Event

from syncer.bitrix24.auth import Access, Webhook
from syncer.bitrix24.oauth import OauthAccess
from syncer.bitrix24.renewal import Application, Pair
from syncer.cli.embedded import embedded_portal
from syncer.errors import UsageError
from syncer.log import Secret
from syncer.spec import Oauth, Spec
from syncer.store.tokens import Tokens, sealing


def open_access(spec: Spec, leaving: ExitStack, stop: Event) -> tuple[Access, str]:
    """The access to the portal and the portal's name in the state."""
    if spec.portal.sandbox is not None:
        webhook, uuid = leaving.enter_context(embedded_portal(spec.portal.sandbox))
        return Webhook(webhook), spec.portal.name or uuid
    if spec.portal.oauth is not None:
        name = spec.portal.name or spec.portal.oauth.domain
        return _application(spec, spec.portal.oauth, name, stop), name
    if spec.portal.webhook is None:
        raise UsageError("the portal's webhook is not known")
    return Webhook(spec.portal.webhook), spec.portal.name or spec.portal.webhook.host


def _application(spec: Spec, oauth: Oauth, name: str, stop: Event) -> Access:
    """The access, with tokens. Whatever the command is, renewed ones are kept, or the next has none that is valid."""
    folders = (spec.root / "state", Path(gettempdir()))
    tokens = Tokens(spec.state, name, start=oauth.refresh_token, seal=sealing(os.environ), folders=folders)
    application = Application(oauth.domain, oauth.client_id, oauth.client_secret, oauth.refresh_token, oauth.server)
    access = OauthAccess(application, _Kept(tokens), stop)
    access.open()
    return access


class _Kept:
    """The state as the keeper of a pair."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self.lock = tokens.lock
        self.unlock = tokens.unlock

    def load(self) -> Pair | None:
        kept = self._tokens.load()
        return None if kept is None else Pair(Secret(kept["access"]), Secret(kept["refresh"]), kept["user"])

    def save(self, pair: Pair) -> bool:
        return self._tokens.save({"access": pair.access.reveal(), "refresh": pair.refresh.reveal(), "user": pair.user})
