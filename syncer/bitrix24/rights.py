"""What the webhook or the application may do: who it acts as, and within which scopes.

Source: api-reference/common/users/profile.md, api-reference/common/system/scope.md (both need no scope).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncer.bitrix24.answer import done, rows
from syncer.bitrix24.encode import Command
from syncer.bitrix24.portal import Portal
from syncer.errors import PortalRefused


@dataclass(frozen=True, slots=True)
class Rights:
    """The caller: a user of the portal, and the scopes of the webhook or application."""

    user_id: int
    name: str
    is_admin: bool
    scopes: tuple[str, ...]


def describe(portal: Portal) -> Rights:
    """Asks in one request. Raises PortalRefused when the webhook is wrong or lacks the scope `crm`."""
    answers = portal.read_many({"profile": Command("profile", {}), "scope": Command("scope", {})})
    profile, scopes = (done(answers[name]).result for name in ("profile", "scope"))
    told = profile if isinstance(profile, Mapping) else {}
    rights = Rights(
        user_id=int(told.get("ID") or 0),
        name=" ".join(str(told[key]) for key in ("NAME", "LAST_NAME") if told.get(key)),
        is_admin=told.get("ADMIN") in (True, "Y"),
        scopes=tuple(sorted(str(each) for each in rows(scopes))),
    )
    if "crm" not in rights.scopes:
        raise PortalRefused(
            f"The {portal.access} lacks the scope crm",
            code="insufficient_scope",
            status=200,
            detail=f"It has: {', '.join(rights.scopes) or 'none'}",
            hint="Add the scope crm to the webhook in the portal (Developer resources, Inbound webhook)."
            if portal.access == "webhook"
            else "Add the scope crm to the application's rights, then install it anew.",
        )
    return rights
