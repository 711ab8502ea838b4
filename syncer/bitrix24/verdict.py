"""What a refusal means for the row that was sent: one table of the portal's error codes.

A code says more than an HTTP status: 503 is both "wait" and "stop for good", 400 is anything from one bad
value to a type that does not exist, and inside a batch no status is transmitted at all. So a row of the
table matches a code (without case), and where the documentation gives one code two meanings, the method or
the status as well. The first row that matches decides; the codes are an open set, so an unknown one has a
verdict too.

Source: _includes/system-errors.md, settings/how-to-call-rest-api/batch.md and the error tables of the
method pages named at each group.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Verdict(Enum):
    """What is known of a refused call's effect, and how far the refusal reaches."""

    NEVER_RAN = "never_ran"
    """Refused before it ran: sending it again cannot make a second item."""
    ITEM = "item"
    """Not done, and the row itself is why."""
    TYPE = "type"
    """Not done, and no row of this entity type would be."""
    RUN = "run"
    """Not done, and nothing else would be: stop. Never repeated."""
    FORM = "form"
    """The form of a request is refused: stop. What of it had its turn before the fault was seen may have run."""
    UNKNOWN = "unknown"
    """It may have run before it failed."""
    LOOK = "look"
    """A complete answer with a code nobody documented: look it up at once; absent means failed with that
    code.
    """


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table. Empty `codes`, `methods` and `statuses` match all; inside a batch there is no status.

    Summary and hints may have `{access}` (webhook or application), `{method}` and `{scope}`.
    """

    verdict: Verdict
    codes: tuple[str, ...]
    methods: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    text: str = ""
    summary: str = ""
    hint: str = ""
    application_hint: str = ""  # for portal.oauth, where it is another one

    def matches(self, code: str, method: str, status: int | None, text: str) -> bool:
        return (
            (not self.codes or code in self.codes)
            and (not self.methods or method in self.methods)
            and (not self.statuses or status in self.statuses)
            and self.text in text
        )


_UNTOLD: Final = "The documentation does not tell more; ask the vendor's support with this code."
_CLIENT_FAULT: Final = "This is a fault of syncer: please report it."
_BAD_FORM: Final = "The portal refuses the form of a batch"
BATCH: Final = "batch"
_ADDS: Final = ("crm.item.add", "crm.item.import", "crm.item.batchimport")
_ITEM_METHODS: Final = (*_ADDS, "crm.item.list", "crm.item.fields")

TABLE: Final[tuple[Rule, ...]] = (
    # Before anything ran (_includes/system-errors.md, limits.md).
    Rule(Verdict.NEVER_RAN, ("query_limit_exceeded",), summary="The portal gets too many requests"),
    Rule(Verdict.NEVER_RAN, ("operation_time_limit",), summary="The method's operating time is used up"),
    # The whole run (_includes/system-errors.md; otherCodes of the official SDKs).
    Rule(
        Verdict.RUN,
        ("overload_limit",),
        summary="The vendor has blocked this portal's REST API for overload",
        hint="Only the vendor's support can lift the block. Do not send anything before that.",
    ),
    Rule(
        Verdict.RUN,
        ("no_auth_found", "authorization_error", "invalid_token"),
        summary="The portal does not know this {access}",
        hint="The webhook was deleted, changed or mistyped, or its owner left: create one anew in the portal "
        "(Developer resources, Inbound webhook) and set portal.webhook.",
        application_hint="Its tokens are of another portal than portal.oauth.domain, or it was removed from the "
        "portal, or its user left: compare the domain, or install it anew and set portal.oauth.refresh_token.",
    ),
    Rule(
        Verdict.RUN,
        ("expired_token",),  # only where it could not be renewed
        summary="The access token has expired",
        hint="Create a webhook anew and set portal.webhook.",
        application_hint="It could not be renewed, for the reason given; the next run tries anew.",
    ),
    Rule(
        Verdict.RUN,
        ("invalid_credentials",),
        statuses=(401,),
        summary="The portal refuses the credentials of this {access}",
        hint="The user id or the code in the webhook URL is wrong. Copy the URL from the portal again: "
        "https://HOST/rest/USER/CODE/",
        application_hint="Install the application anew and set portal.oauth.refresh_token.",
    ),
    Rule(
        Verdict.RUN,
        ("invalid_credentials",),
        summary="The {access}'s user lacks the right to do this",
        hint="Give the webhook's owner the CRM rights to read and to add, or use a webhook of another user.",
        application_hint="Give the user who installed the application the CRM rights to read and to add, or let "
        "another user install it.",
    ),
    Rule(
        Verdict.RUN,
        ("insufficient_scope",),
        summary="The {access} lacks a scope",
        hint="Add the scope {scope} to the webhook in the portal (Developer resources, Inbound webhook).",
        application_hint="Add the scope {scope} to the application's rights, then install it anew.",
    ),
    Rule(
        Verdict.RUN,
        ("access_denied",),
        statuses=(403,),
        summary="The portal's plan has no REST API",
        hint="REST needs a commercial plan with a Market subscription, or a trial of one.",
    ),
    Rule(
        Verdict.RUN,
        ("payment_required",),
        summary="The portal's or the application's subscription has ended",
        hint="Renew it, then run again.",
    ),
    Rule(
        Verdict.RUN,
        ("invalid_request",),
        summary="The portal wants https, or the request is malformed",
        hint="Write portal.webhook with https://.",
        application_hint=_CLIENT_FAULT,
    ),
    Rule(
        Verdict.RUN,
        ("portal_deleted",),
        summary="The portal was deleted or its public part is closed",
        hint="Check the address in portal.webhook.",
        application_hint="Check the host in portal.oauth.domain.",
    ),
    Rule(
        Verdict.RUN,
        ("allowed_only_intranet_user", "user_access_error"),
        summary="The {access}'s user is not an employee of the portal, or has no access to the application",
        hint="Use a webhook of an intranet user.",
        application_hint="Let an intranet user install the application, or give its user access to it.",
    ),
    Rule(
        Verdict.RUN,
        ("method_confirm_waiting", "method_confirm_denied"),
        summary="An administrator of the portal must allow this method",
        hint="Have the call confirmed in the portal, then run again.",
    ),
    Rule(
        Verdict.RUN,
        ("wrong_auth_type",),
        summary="The method cannot be called with this kind of access",
        hint="Use an application (portal.oauth) in place of a webhook.",
        application_hint="Use a webhook (portal.webhook) in place of an application.",
    ),
    Rule(
        Verdict.RUN,
        (
            "application_not_found",
            "error_oauth",
            "not_installed",
            "wrong_client",
            "invalid_client",
            "invalid_grant",
            "invalid_scope",
        ),
        summary="The application is not installed, or its keys are wrong or too old",
        hint="Install the application anew and set portal.oauth.",
    ),
    Rule(Verdict.RUN, ("access_error",), summary="The portal refuses access", hint=_UNTOLD),
    Rule(Verdict.RUN, ("error_manifest_is_not_available",), summary="Manifest is not available", hint=_UNTOLD),
    Rule(
        Verdict.RUN,
        ("error_method_not_found",),
        summary="The portal does not know the method {method}",
        hint="A self-hosted portal may need an update of its CRM module; check the scope crm too.",
    ),
    # Of a batch that is too long the first 50 commands may have run (batch.md), and of an import nobody tells.
    Rule(
        Verdict.FORM,
        ("error_batch_method_not_allowed", "error_batch_length_exceeded"),
        methods=(BATCH,),
        summary=_BAD_FORM,
        hint=_CLIENT_FAULT,
    ),
    Rule(Verdict.FORM, ("max_import_batch_size_exceeded",), summary=_BAD_FORM, hint=_CLIENT_FAULT),
    Rule(
        Verdict.RUN,  # a command of a batch: this one did not run
        ("error_batch_method_not_allowed", "error_batch_length_exceeded"),
        summary=_BAD_FORM,
        hint=_CLIENT_FAULT,
    ),
    Rule(Verdict.RUN, ("100",), methods=(BATCH,), summary="A malformed request", hint=_CLIENT_FAULT),
    Rule(
        Verdict.RUN,
        ("100",),
        text="could not find value for parameter",
        summary="A parameter is missing in the call",
        hint=_CLIENT_FAULT,
    ),
    Rule(
        Verdict.RUN,
        ("redirect",),  # the transport's own code
        summary="The portal sends its callers to another address",
        hint="Open the portal in a browser and write its present host into portal.webhook.",
        application_hint="Open the portal in a browser and write its present host into portal.oauth.domain.",
    ),
    # It may have run (_includes/system-errors.md).
    Rule(Verdict.UNKNOWN, ("internal_server_error", "error_unexpected_answer")),
    # One entity type (api-reference/crm/universal: crm-item-*.md, import/*.md, category/*.md).
    Rule(
        Verdict.ITEM,
        ("not_found", "access_denied"),
        methods=("crm.item.get", "crm.item.update", "crm.item.delete"),
        summary="There is no such item, or the {access}'s user may not see it",
    ),
    Rule(
        Verdict.TYPE,
        ("not_found", "entity_type_not_supported"),
        methods=(*_ITEM_METHODS, "crm.category.list"),
        summary="The portal has no such entity type",
        hint="Compare the entity's `type` with `syncer portal check`; a smart process may have been deleted.",
    ),
    Rule(
        Verdict.TYPE,
        ("entity_type_not_supported",),
        summary="The entity type has no such methods",
        hint="Old invoices (entityTypeId 5) cannot be created; use `type: invoice`.",
    ),
    Rule(
        Verdict.TYPE,
        ("access_denied",),
        methods=_ADDS,
        summary="The {access}'s user may not create items of this type",
        hint="Give its role the right to add (for `write: import`: to import) in CRM, Settings, Access "
        "permissions; the right may depend on the pipeline.",
    ),
    Rule(
        Verdict.TYPE,
        ("access_denied",),
        methods=("crm.item.list", "crm.item.fields", "crm.category.list"),
        summary="The {access}'s user may not read items of this type",
        hint="Give its role the right to read in CRM, Settings, Access permissions.",
    ),
    Rule(
        Verdict.TYPE,
        ("create_dynamic_item_restricted", "update_dynamic_item_restricted"),
        summary="The portal's plan does not allow new items of smart processes",
        hint="Change the plan, or take the entity out of the spec.",
    ),
    Rule(
        Verdict.TYPE,
        ("invalid_arg_value",),
        methods=("crm.item.list",),
        summary="The portal refuses the filter, the order or a value in it",
    ),
    Rule(
        Verdict.RUN,
        ("invalid_arg_value",),
        methods=("crm.type.list",),
        summary="The portal refuses the filter, the order or a value in it",
        hint=_CLIENT_FAULT,
    ),
    # Lookups (crm-status-list.md, crm-type-list.md, crm-currency-list.md, crm-duplicate-find-by-comm.md).
    Rule(
        Verdict.TYPE,
        ("",),
        methods=("crm.status.list",),
        summary="The portal refuses the parameters",
    ),
    Rule(
        Verdict.RUN,
        ("access_denied", "access denied.", "access denied", ""),
        methods=("crm.status.list", "crm.type.list", "crm.currency.list", "crm.duplicate.findbycomm"),
        summary="The {access}'s user may not read the portal's CRM settings",
        hint="Use a webhook of a CRM administrator.",
        application_hint="Let a CRM administrator install the application.",
    ),
    Rule(Verdict.TYPE, ("invalid parameters.",), summary="The portal refuses the parameters"),
    Rule(
        Verdict.RUN,
        (),  # sentences, one of them with the parameter's value in it
        methods=("crm.duplicate.findbycomm",),
        summary="The portal refuses the parameters",
        hint=_CLIENT_FAULT,
    ),
    # One item (crm-item-add.md, crm-item-batch-import.md; crm-item-update.md for "-").
    Rule(
        Verdict.ITEM,
        ("crm_field_error_value_not_valid", "crm_field_error_required", "100"),
        summary="The portal refuses a value",
    ),
    Rule(
        Verdict.ITEM,
        ("-",),
        methods=("crm.item.update",),
        summary="The portal refuses the change of the stage",
    ),
)

_NO_CODE: Final = Rule(Verdict.LOOK, (), summary="The portal refuses with a code of its own")
_SERVER_FAILED: Final = Rule(Verdict.UNKNOWN, (), summary="The portal failed")
_WHOLE_REQUEST: Final = Rule(Verdict.UNKNOWN, (), summary="The portal refuses a request for a reason of its own")
_RIGHTS_SCOPES: Final = (("user.", "user (or user_basic)"), ("crm.", "crm"))


def rule_for(code: str, *, method: str, status: int | None, text: str = "") -> Rule:
    """The row of the table for a refusal; `status` is None for a command of a batch.

    A code that is not in the table: UNKNOWN with a 5xx (the request may have run), else LOOK. What stands in the table
    for an item or a type says nothing of the many rows of a batch that is refused as a whole: UNKNOWN too.
    """
    folded, folded_method, folded_text = code.strip().casefold(), method.casefold(), text.casefold()
    found = next((rule for rule in TABLE if rule.matches(folded, folded_method, status, folded_text)), None)
    if found is None:
        found = _SERVER_FAILED if status is not None and status >= 500 else _NO_CODE
    singular = found.verdict in (Verdict.ITEM, Verdict.TYPE, Verdict.LOOK)
    return _WHOLE_REQUEST if singular and folded_method == BATCH else found


def scope_of(method: str) -> str:
    """The scope that a webhook needs for the method; `batch`, `profile` and `scope` need none."""
    return next((scope for prefix, scope in _RIGHTS_SCOPES if method.startswith(prefix)), "of the method")
