"""What the answer to a request of imports makes of its rows, sorted for the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncer.bitrix24.answer import NeverSent, Refusal
from syncer.bitrix24.verdict import Verdict
from syncer.errors import PortalUnreachable, SyncerError
from syncer.store import Found, Trouble, Twins

Shown = dict[str, list[Mapping[str, Any]]]
"""Items that lists show, by key."""


@dataclass(slots=True)
class Became:
    """What an answer says of its rows, for the ledger."""

    created: list[Found] = field(default_factory=list)
    shown: Shown = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    twins: list[Twins] = field(default_factory=list)
    failed: list[Trouble] = field(default_factory=list)
    lost: list[Trouble] = field(default_factory=list)
    never_ran: list[Trouble] = field(default_factory=list)
    singly: set[str] = field(default_factory=set)
    """Rows of a call that was refused as a whole: each goes again in a call of its own, to see whose fault it was."""
    type_refused: SyncerError | None = None
    run_refused: SyncerError | None = None

    def refuse(self, key: str, no: Refusal) -> None:
        """One row that is not in the portal, by the portal's own answer."""
        trouble = Trouble(key, no.code, no.text)
        match no.verdict:
            case Verdict.ITEM | Verdict.LOOK:  # it was looked up already
                self.failed.append(trouble)
            case Verdict.FORM:
                self.lost.append(Trouble(key, "", no.words))
                self.run_refused = self.run_refused or no.error()
            case Verdict.UNKNOWN:
                self.lost.append(Trouble(key, "", no.words))
            case Verdict.TYPE:
                self.never_ran.append(trouble)
                self.type_refused = self.type_refused or no.error()
            case Verdict.RUN:
                self.never_ran.append(trouble)
                self.run_refused = self.run_refused or no.error()
            case Verdict.NEVER_RAN:
                self.never_ran.append(trouble)

    def refuse_call(self, no: Refusal, absent: set[str], rows: int) -> None:
        """A call of so many rows, of which these are not in the portal."""
        if rows > 1:
            self.singly |= absent
            self.never_ran += [Trouble(key, no.code, no.text) for key in sorted(absent)]
        else:
            for key in absent:
                self.refuse(key, no)

    def unsent(self, key: str, answer: NeverSent) -> None:
        self.never_ran.append(Trouble(key, "", answer.reason))
        if not answer.late:
            self.run_refused = self.run_refused or PortalUnreachable(
                "the portal cannot be reached any more", detail=answer.reason, hint="run `syncer apply` again later"
            )
