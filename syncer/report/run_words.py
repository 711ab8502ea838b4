"""What is said of a run as a whole, whatever the form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from syncer.model.outcome import NotSent, NotSentReason
from syncer.model.run import RunResult
from syncer.report.text import counted, duration

_WHY: Final = {
    NotSentReason.PARENT: "what it refers to was not created",
    NotSentReason.STOPPED: "the run ended before its turn",
    NotSentReason.REFUSED: "nothing more of this entity was sent",
    NotSentReason.STALE: "it is not as approved any more",
}


def why_not_sent(outcome: NotSent) -> str:
    """The message of a row that was not sent, or what its reason means."""
    return outcome.message or _WHY[outcome.reason]


def cost(result: RunResult) -> str:
    """`8 requests, 3 s.`"""
    refused = f", {result.refused:,} refused by the portal's limits" if result.refused else ""
    return f"{counted(result.requests, 'request')}{refused}, {duration(result.seconds)}."


def advice(result: RunResult) -> Iterator[str]:
    """What to do next, where there is something to do."""
    if result.stored_otherwise:
        yield "The portal stored some fields otherwise than they were sent: with verify: strict that is a failure."
    if result.twins:
        yield f"{counted(result.twins, 'row')} blocked as ambiguous: see to the items in the portal, then run it again."
    if result.stale:
        yield f"{counted(result.stale, 'row')} not as approved any more, and so not sent: plan again."
    if result.beyond:
        yield f"{counted(result.beyond, 'row')} not in the saved plan, and so left alone: plan again to have them."
    if result.not_found and result.error is None:
        yield "Look for them in the portal: if they are there, syncer's user lacks the right to read all of their type."
    if (result.total.unknown or (result.total.not_sent and not result.stale)) and result.error is None:
        yield "Run the same command again to settle and send the rest; nothing is created twice."


def run_warnings(result: RunResult) -> list[str]:
    """What is wrong with the run itself. It may hold text of rows, or of the portal."""
    warnings = [str(result.error)] if result.error is not None else []
    if result.stopped:
        warnings.append("the run was stopped before its end")
    if result.not_found:
        warnings.append(f"{counted(result.not_found, 'created item')} cannot be found by identity any more")
    return warnings
