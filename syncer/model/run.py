"""What a run did."""

from __future__ import annotations

from dataclasses import dataclass, field

from syncer.errors import SyncerError
from syncer.model.outcome import NotSentReason, StoredOtherwise
from syncer.model.tally import RunTally


@dataclass(slots=True)
class RunResult:
    """A finished run: counts by target of its plan, and what it cost.

    `requests` are all of the command, planning included; `seconds` are those of adopting, sending and settling.
    """

    run: str
    tallies: list[RunTally]
    requests: int = 0
    refused: int = 0
    seconds: float = 0.0
    not_found: int = 0
    """Created items that a look-up by their identity does not show."""
    twins: int = 0
    """Rows blocked because the portal holds several items of their identity, or might."""
    stored_otherwise: list[StoredOtherwise] = field(default_factory=list)
    stale: int = 0
    """Rows not sent because they are not as the saved plan has them any more."""
    beyond: int | None = None
    """Rows left alone because the saved plan has them not; None: no saved plan was applied."""
    allowed: tuple[str, ...] = ()
    """The `--allow` flags of its command, as they were given."""
    error: SyncerError | None = None
    stopped: bool = False
    why_not_sent: dict[int, NotSentReason] = field(default_factory=dict)

    @property
    def total(self) -> RunTally:
        total = RunTally()
        for tally in self.tallies:
            total += tally
        return total

    @property
    def exit_code(self) -> int:
        """The contract's: 7 for open outcomes, 3 for rows that failed or were not sent."""
        total = self.total
        if total.unknown or self.not_found or self.twins:
            return 7
        wrote = total.created or total.adopted
        if self.error is not None and not wrote and not total.failed:
            return self.error.exit_code
        return 3 if total.failed or total.not_sent or self.error is not None else 0
