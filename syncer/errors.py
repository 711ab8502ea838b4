"""Every error that syncer tells a user, and the exit code it ends a command with.

SyncerError                    1   something went wrong before anything was written
├── UsageError                64   the command line, or specs that cannot go together
├── SpecError                  1   findings in spec files, all of them at once
│   └── ExpectationError       1   rows of a source that are not as the spec expects them
├── SourceError                1   a source database or file cannot be read
├── StateError                 1   the state database cannot be used
│   ├── StateVersionError      1   it was written by a newer syncer, or needs an upgrade
│   └── StateLockedError       5   another run holds the lease
├── PortalError                1   the portal refused or cannot be used
│   ├── PortalUnreachable      1   no connection: the request never left
│   ├── PortalRefused          1   a complete answer that says no, with its code
│   └── AnswerLost             1   the request left and no complete answer came back
├── GuardRefusal               4   a guard of the spec says no
├── PlanFileError              6   a saved plan is damaged, not the approved one, or no longer fits
└── Interrupted          130/143   a signal, after a clean stop

An error tells what happened (`summary`), what is known of it (`detail`), where (`where`) and what to do
(`hint`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a file: 1-based line and column."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a spec: a stable code (`SYN101`), where it is, and how to mend it."""

    code: str
    severity: Literal["error", "warning"]
    span: Span
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.span}: {self.severity} {self.code}: {self.message}"
        return f"{text}\n    {self.hint}" if self.hint else text


class SyncerError(Exception):
    """The root: anything that is told to a user without a traceback."""

    exit_code: ClassVar[int] = 1

    def __init__(self, summary: str, *, detail: str = "", hint: str = "", where: str | Span = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.hint = hint
        self.where = str(where)

    def __str__(self) -> str:
        head = f"{self.where}: {self.summary}" if self.where else self.summary
        return "\n".join(part for part in (head, self.detail, self.hint) if part)


class UsageError(SyncerError):
    """The command line asks for something that cannot be."""

    exit_code = 64


class SpecError(SyncerError):
    """Spec files with findings; every finding of every file at once."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(sorted(findings, key=lambda f: (f.span.file, f.span.line, f.span.column, f.code)))
        count = len(self.findings)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} in the spec")

    def __str__(self) -> str:
        return "\n".join([*map(str, self.findings), self.summary])


class ExpectationError(SpecError):
    """Rows that are not as the spec expects them; of every entity at once, and nothing was written."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(findings)
        count = len(self.findings)
        self.summary = f"{count} expectation{'' if count == 1 else 's'} of the spec not met: nothing was written"


class SourceError(SyncerError):
    """A source database or file cannot be opened or read, or its query fails.

    When no row was read yet it becomes a finding: `code` and `span` are its own ones, where they are special.
    """

    def __init__(
        self, summary: str, *, detail: str = "", hint: str = "", where: str | Span = "", code: str = ""
    ) -> None:
        super().__init__(summary, detail=detail, hint=hint, where=where)
        self.code = code
        self.span: Span | None = None


class StateError(SyncerError):
    """The state database cannot be opened, read or written."""


class StateVersionError(StateError):
    """The state's schema is newer than this program, or older and not ours to upgrade unasked."""


class StateLockedError(StateError):
    """Another run holds the state's lease."""

    exit_code = 5


class PortalError(SyncerError):
    """The portal cannot be used as asked."""


class PortalUnreachable(PortalError):
    """No connection could be made: the request never left this machine."""


class PortalRefused(PortalError):
    """The portal answered completely, and the answer is no.

    `code` is the portal's own (`insufficient_scope`, `"100"`, even `""`), `status` the HTTP status.
    """

    def __init__(self, summary: str, *, code: str, status: int, detail: str = "", hint: str = "") -> None:
        super().__init__(summary, detail=detail, hint=hint)
        self.code = code
        self.status = status


class AnswerLost(PortalError):
    """The request may have reached the portal, but no complete answer came back."""


class GuardRefusal(SyncerError):
    """A guard refuses the plan; `--allow` or the spec can let it through."""

    exit_code = 4


class PlanFileError(SyncerError):
    """A saved plan that must not be applied."""

    exit_code = 6


class Interrupted(SyncerError):
    """A signal ended the command; what was in flight had been finished."""

    exit_code = 130

    def __init__(self, summary: str, *, exit_code: int = 130) -> None:
        super().__init__(summary)
        self.exit_code = exit_code  # type: ignore[misc]  # 143 for SIGTERM
