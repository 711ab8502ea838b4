"""What a plan says that may bring back items which people deleted."""

from __future__ import annotations

from typing import Final

from syncer.model.tally import PlanTally
from syncer.report.text import counted

RETURNING: Final = (
    "if the state was lost or is an old copy, items that people deleted in the portal since would come back"
)


def returning_text(total: PlanTally) -> str:
    """With both numbers; for a plan whose tally has `returning` items."""
    return (
        f"The portal holds {counted(total.adopt, 'item')} that the state does not know, and none of the "
        f"{total.create:,} to be created: {RETURNING}."
    )
