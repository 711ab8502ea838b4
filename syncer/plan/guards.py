"""Guards: bounds that a plan must keep before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor

from syncer.errors import GuardRefusal, Span
from syncer.model.tally import PlanTally
from syncer.plan.plan import Plan
from syncer.spec import EntityGuards, Spec


@dataclass(frozen=True, slots=True)
class Breach:
    """One guard that says no: both numbers, the spec's line, and what `--allow` needs to let it through."""

    message: str
    span: Span
    name: str
    bound: float | None = None


def check_guards(plan: Plan, allowed: Mapping[str, float]) -> None:
    """Raises GuardRefusal with every breach. `allowed` is from `--allow NAME=N`."""
    breaches = [
        breach
        for spec in plan.specs
        for path, what, tally, known, guards in _bounds(plan, spec)
        for breach in _breaches(spec, path, what, tally, known, guards, allowed)
    ]
    breaches += _too_many(plan, allowed)
    breaches += _identity_changes(plan, allowed)
    breaches += _new_portal(plan, allowed)
    if not breaches:
        return
    raise GuardRefusal(
        "the plan is refused by a guard; nothing was written",
        detail="\n".join(f"{breach.span}: {breach.message}" for breach in breaches),
        hint=f"if that is right, let it through once with: {_flags(breaches)}",
    )


def _flags(breaches: Sequence[Breach]) -> str:
    """The flags that let all of it through: one a name, with the bound that is enough for every breach of it."""
    bounds: dict[str, list[float]] = {}
    for breach in breaches:
        bounds.setdefault(breach.name, []).extend(() if breach.bound is None else (breach.bound,))
    return " ".join(
        f"--allow {name}={(min if name == 'known-ratio' else max)(values)}" if values else f"--allow {name}"
        for name, values in bounds.items()
    )


def _identity_changes(plan: Plan, allowed: Mapping[str, float]) -> Iterator[Breach]:
    """Entities whose rows would all be new, because their identities are made otherwise than before."""
    for index, known in plan.changed.items():
        target, create = plan.targets[index], plan.tallies[index].create
        if create and "identity-change" not in allowed:
            message = (
                f"the identity of entity {target.entity.name} has changed: the state knows {known:,} items by the "
                f"former one, and {create:,} would be created by the new one"
            )
            yield Breach(message, target.spec.span("entities", target.entity.name), "identity-change")


def _new_portal(plan: Plan, allowed: Mapping[str, float]) -> Iterator[Breach]:
    create = plan.total.create
    if plan.other_portals and create and "new-portal" not in allowed:
        known = ", ".join(f"{name} ({count:,} items)" for name, count in plan.other_portals.items())
        message = (
            f"the state does not know portal {plan.portal}, where {create:,} items would be created; it knows {known}"
        )
        yield Breach(message, plan.specs[0].span("portal"), "new-portal")


def _too_many(plan: Plan, allowed: Mapping[str, float]) -> Iterator[Breach]:
    """Bounds on what is created: each entity's own, and the run's, the smallest of its specs, over all of them."""
    for target in plan.targets:
        name, most, create = target.entity.name, target.entity.guards.max_create, plan.tallies[target.index].create
        if isinstance(most, int) and create > max(most, allowed.get("create", -1)):
            message = f"entity {name} would create {create:,} items, and max_create is {most:,}"
            yield Breach(message, target.spec.span("entities", name, "guards", "max_create"), "create", create)
    bounds = [(spec.guards.max_create, spec) for spec in plan.specs if isinstance(spec.guards.max_create, int)]
    if not bounds:
        return
    most, spec = min(bounds, key=lambda bound: bound[0])
    create = plan.total.create
    if create > max(most, allowed.get("create", -1)):
        many = len(plan.specs) > 1
        what = f"the {len(plan.specs)} specs of this run" if many else f"spec {spec.name}"
        whose = f" in spec {spec.name}" if many else ""
        message = f"{what} would create {create:,} items, and max_create is {most:,}{whose}"
        yield Breach(message, spec.span("guards", "max_create"), "create", create)


def _bounds(plan: Plan, spec: Spec) -> Iterator[tuple[tuple[str, ...], str, PlanTally, int, EntityGuards]]:
    """The guards of a spec and of each of its entities, with the counts they bound and the items known so far."""
    total, all_known = PlanTally(), 0
    for target in plan.targets:
        if target.spec is spec:
            tally, known = plan.tallies[target.index], plan.known.get(target.index, 0)
            total += tally
            all_known += known
            name = target.entity.name
            yield ("entities", name, "guards"), f"entity {name}", tally, known, target.entity.guards
    yield ("guards",), f"spec {spec.name}", total, all_known, spec.guards


def _breaches(
    spec: Spec,
    path: tuple[str, ...],
    what: str,
    tally: PlanTally,
    items: int,
    guards: EntityGuards,
    allowed: Mapping[str, float],
) -> Iterator[Breach]:
    rows, known = tally.rows, tally.unchanged + tally.adopt
    if not rows:
        return
    if (
        guards.max_missing is not None
        and tally.adopt
        and tally.create > max(guards.max_missing, allowed.get("missing", -1))
    ):
        message = (
            f"{what} would create {tally.create:,} items beside {tally.adopt:,} that the portal holds and the state "
            f"does not know, and max_missing is {guards.max_missing:,}: if the state was lost or is an old copy, items "
            "that people deleted would come back"
        )
        yield Breach(message, spec.span(*path, "max_missing"), "missing", tally.create)
    first = not (items or known)  # then every row is new; later a source of strange rows alone is the wrong one
    upper = (
        ("max_create_ratio", "create-ratio", "would create", 0 if first else tally.create),
        ("max_blocked_ratio", "blocked-ratio", "blocks", tally.blocked),
    )
    for key, flag, does, count in upper:
        bound, ratio = getattr(guards, key), count / rows
        if bound is not None and ratio > max(bound, allowed.get(flag, 0.0)):
            message = f"{what} {does} {_share(count, rows)}, and {key} is {_percent(bound)}"
            yield Breach(message, spec.span(*path, key), flag, ceil(ratio * 1000) / 1000)
    least, ratio = guards.min_known_ratio, known / rows
    if least is not None and not first and ratio < min(least, allowed.get("known-ratio", 1.0)):
        message = f"{what} knows {_share(known, rows)}, and min_known_ratio is {_percent(least)}"
        yield Breach(message, spec.span(*path, "min_known_ratio"), "known-ratio", floor(ratio * 1000) / 1000)


def _share(count: int, rows: int) -> str:
    """The counts, for a share alone may look like the bound that it is over."""
    return f"{count:,} of its {rows:,} rows ({_percent(count / rows)})"


def _percent(ratio: float) -> str:
    return f"{ratio * 100:.4g}%"
