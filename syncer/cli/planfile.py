"""A saved plan where specs could stand."""

from __future__ import annotations

from syncer.cli.options import Planning
from syncer.cli.session import Session
from syncer.errors import PlanFileError, SpecError, UsageError
from syncer.mapping.directories import Directories
from syncer.plan.fitting import AGAIN, check_digest, check_targets
from syncer.plan.saved import SavedPlan
from syncer.plan.saving import is_plan_file
from syncer.plan.targets import Targets


def saved_plan(asked: Planning, digest: str | None) -> SavedPlan | None:
    """The saved plan that is named in place of specs, if one is, and the approved one if a digest says which that is.

    Raises UsageError for what cannot go with it, PlanFileError for a file that is not whole or not the approved one.
    """
    if not any(is_plan_file(path) for path in asked.specs):
        if digest is not None:
            raise UsageError("--digest says which saved plan is approved", hint="name a saved plan: PLANFILE.jsonl")
        return None
    if len(asked.specs) > 1:
        raise UsageError("a saved plan goes alone: its specs are those it was made of")
    if asked.only:
        raise UsageError("a saved plan has its entities", hint="leave --only out, or plan again with it")
    saved = SavedPlan(asked.specs[0])
    if digest is not None:
        check_digest(saved, digest)
    return saved


def approved_targets(session: Session, saved: SavedPlan, *, afresh: bool) -> tuple[Targets, Directories]:
    """The entities of a saved plan. Raises PlanFileError when spec or portal have others by now."""
    try:
        targets, names = session.targets([target.name.entity for target in saved.targets], afresh=afresh)
    except SpecError as error:
        raise PlanFileError(
            "the specs do not fit the portal any more", detail=str(error), where=str(saved.path), hint=AGAIN
        ) from error
    check_targets(saved, targets.all)
    return targets, names
