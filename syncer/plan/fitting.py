"""Whether a saved plan still fits: its digest, its specs and their queries, its portal and its entities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from syncer.errors import PlanFileError
from syncer.model.identity import PortalName
from syncer.plan.plan import Target
from syncer.plan.saved import SavedPlan
from syncer.spec import Spec
from syncer.spec.build import digest as content_digest

AGAIN = "plan again, and have that approved"


def check_digest(saved: SavedPlan, approved: str) -> None:
    """Raises PlanFileError for a plan that is another one than the approved."""
    if saved.digest() != approved:
        raise PlanFileError(
            "this is not the approved plan",
            detail=f"approved: {approved}\nthis file: {saved.digest()}",
            where=str(saved.path),
            hint="get the file that was approved, or have this one approved",
        )


def spec_paths(saved: SavedPlan, start: Path) -> list[Path]:
    """Where the plan's specs are: below `start`, or the nearest folder above it that has all of them.

    Raises PlanFileError when they are nowhere, or when they or their query files have changed.
    """
    for folder in (start, *start.parents):
        paths = [folder / spec.root / next(iter(spec.files)) for spec in saved.specs]
        if all(path.is_file() for path in paths):
            _check_contents(saved, folder)
            return [Path(_short(path, start)) for path in paths]
    names = ", ".join(next(iter(spec.files)) for spec in saved.specs)
    raise PlanFileError(
        f"the plan's specs are not here: {names}",
        where=str(saved.path),
        hint="run the command in the project's folder: the paths start there",
    )


def check_specs(saved: SavedPlan, specs: Sequence[Spec]) -> None:
    """Raises PlanFileError when the specs that were read are not those of the plan."""
    if [(spec.name, dict(spec.files)) for spec in specs] != [(each.name, dict(each.files)) for each in saved.specs]:
        raise _changed(saved, sorted({file for spec in specs for file in spec.files}))


def check_portal(saved: SavedPlan, name: PortalName) -> None:
    """Raises PlanFileError for another portal than the plan's."""
    if saved.portal != name:
        raise PlanFileError(
            f"the plan is for portal {saved.portal}, and this is {name}",
            where=str(saved.path),
            hint=f"name the same portal as the plan (--portal too, if it had that), or {AGAIN}",
        )


def check_targets(saved: SavedPlan, targets: Sequence[Target]) -> None:
    """Raises PlanFileError when the plan's entities are others by now: their type or the field they are stamped in."""
    now = [(each.name, each.entity_type_id, each.stamp) for each in targets]
    then = [(each.name, each.entity_type_id, each.stamp) for each in saved.targets]
    for each in then:
        if each not in now:
            name, kind, stamp = each
            raise PlanFileError(
                f"the portal has changed: {name} was of entityTypeId {kind}, stamped in {stamp.field}",
                where=str(saved.path),
                hint=AGAIN,
            )
    if now != then:
        raise PlanFileError("the specs have other entities than the plan", where=str(saved.path), hint=AGAIN)


def _check_contents(saved: SavedPlan, folder: Path) -> None:
    """What has changed is told before it is parsed: it may not be a spec any more."""
    if changed := list(_differing(saved, folder)):
        raise _changed(saved, changed)


def _differing(saved: SavedPlan, folder: Path) -> Iterator[str]:
    for spec in saved.specs:
        for name, digest in spec.files.items():
            try:
                content = (folder / spec.root / name).read_bytes()
            except OSError:
                content = None
            if content is None or content_digest(content) != digest:
                yield name


def _changed(saved: SavedPlan, names: Sequence[str]) -> PlanFileError:
    return PlanFileError(f"changed since the plan: {', '.join(names)}", where=str(saved.path), hint=AGAIN)


def _short(path: Path, start: Path) -> str:
    return str(path.relative_to(start)) if path.is_relative_to(start) else str(path)
