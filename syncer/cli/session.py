"""What a command that meets a portal needs, opened in order and closed in reverse."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Literal
from urllib.parse import urlsplit

from syncer.bitrix24.auth import is_loopback
from syncer.bitrix24.portal import Portal
from syncer.cli.access import open_access
from syncer.cli.output import warn
from syncer.errors import PortalRefused, SpecError, StateError
from syncer.log import redact, say
from syncer.mapping.directories import Directories
from syncer.model.change import EntityName
from syncer.model.identity import EntityTypeId, PortalName
from syncer.plan.catalogs import field_catalogs
from syncer.plan.checking import Portrait, look_at
from syncer.plan.columns import Sources, misfits
from syncer.plan.plan import Plan
from syncer.plan.targets import Targets, check_only, find_targets, wanted
from syncer.spec import Spec, load_specs
from syncer.store import PortalId, State

IN_FLIGHT = "in_flight"
"""Where the state keeps how many requests at once the portal bore."""
OPERATING = "operating"
"""Where the state keeps what each caller has used of the methods' operating budgets, and when it is free again."""
PLAN_REQUESTS = 10.0
"""The bucket's level a command starts with: as if somebody had just run a plan."""


@dataclass(frozen=True, slots=True)
class Session:
    """Specs, their one portal and their one state, open."""

    specs: tuple[Spec, ...]
    state: State
    portal: Portal
    portal_name: PortalName
    portal_id: PortalId
    stop: Event
    writable: bool
    copies: set[EntityTypeId] = field(default_factory=set)
    """Types whose fields are as the state had kept them, and not asked for in this session."""

    def plan_took(self) -> None:
        """A plan is made: one that ran just before asked as much of the portal, and not what was assumed of it."""
        self.portal.pace.instead(PLAN_REQUESTS, self.portal.spent.requests)

    def outdated(self, plan: Plan) -> bool:
        """Whether the portal has other fields by now than those by which rows of the plan were rendered."""
        tallies = plan.tallies
        rendered = [each for each in plan.targets if tallies[each.index].create or tallies[each.index].blocked]
        used = {each.entity_type_id: each.catalog for each in rendered if each.entity_type_id in self.copies}
        refused: dict[EntityTypeId, PortalRefused] = {}
        now = field_catalogs(
            dict.fromkeys(used, ()),
            portal=self.portal,
            state=self.state,
            portal_id=self.portal_id,
            keep=self.writable,
            refresh=True,
            refused=refused,
        )
        return bool(refused) or any(now[kind] != fields for kind, fields in used.items())

    def targets(self, only: Sequence[str], *, afresh: bool = False) -> tuple[Targets, Directories]:
        """The entities to work on, checked against the portal, and the names that templates may ask for.

        Raises SpecError with everything that the check finds, and what the sources show besides; warnings alone are
        told, and stop nothing.
        """
        check_only(self.specs, only)
        found = self.portrait(only, afresh=afresh)
        if any(each.severity == "error" for each in found.findings):
            entities = ((spec, each) for spec in self.specs for each in wanted(spec, only))
            with ExitStack() as leaving:
                raise SpecError([*found.findings, *misfits(entities, Sources(leaving))])
        for finding in found.findings:
            say(redact(str(finding)))
        targets = find_targets(
            self.specs,
            only=only,
            types=found.types,
            catalogs=found.catalogs,
            state=self.state,
            portal_id=self.portal_id,
        )
        return targets, found.names

    def portrait(self, only: Sequence[str] = (), *, locks: bool = True, afresh: bool = False) -> Portrait:
        """What the portal is for these specs, and the findings about them."""
        self.copies.clear()
        return look_at(
            self.specs,
            portal=self.portal,
            portal_name=self.portal_name,
            state=self.state,
            portal_id=self.portal_id,
            keep=self.writable,
            among={EntityName(spec.name, each.name) for spec in self.specs for each in wanted(spec, only)},
            locks=locks,
            afresh=afresh,
            copies=self.copies,
        )


def read_specs(paths: Sequence[Path], *, state_url: str | None, rehearsal: Path | None) -> tuple[Spec, ...]:
    """The specs with the command line's portal and state in place of their own."""
    return load_specs(paths, os.environ, state=state_url, sandbox=rehearsal)


@contextmanager
def open_session(
    specs: tuple[Spec, ...], *, mode: Literal["read", "write"], stop: Event | None = None
) -> Iterator[Session]:
    """Opens state and portal of the specs."""
    spec, stop = specs[0], stop or Event()
    with ExitStack() as leaving:
        state = leaving.enter_context(State.open(spec.state, mode=mode))
        access, name = open_access(spec, leaving, stop)
        _warn_of_lost_state(spec, access.origin)
        portal_id = state.portals.id(name)
        portal = leaving.enter_context(
            Portal(
                access,
                spec.portal.limits,
                start_level=_bucket_level(state, portal_id, spec, mode),
                learned_in_flight=_learned_in_flight(state, portal_id),
                stop=stop,
                writes=mode == "write",
            )
        )
        operating = f"{OPERATING}:{portal.caller}"  # the portal counts for each application or webhook (limits.md)
        if (kept := state.portals.catalog(portal_id, operating)) is not None and isinstance(kept.body, dict):
            portal.pace.recall(kept.body, kept.now - kept.fetched_at)
        yield Session(specs, state, portal, PortalName(name), portal_id, stop, mode == "write")
        if mode == "write":
            with suppress(StateError):  # a level that is forgotten costs a refusal; the run has told of its state
                state.portals.put_bucket(portal_id, portal.pace.level())
                state.portals.put_catalog(portal_id, operating, portal.pace.kept())
                if portal.in_flight.learned is not None:
                    state.portals.put_catalog(portal_id, IN_FLIGHT, portal.in_flight.learned)


def _learned_in_flight(state: State, portal_id: PortalId) -> float | None:
    """How many requests at once the portal bore at the end of the last run with `in_flight: auto`."""
    kept = state.portals.catalog(portal_id, IN_FLIGHT)
    return float(kept.body) if kept and isinstance(kept.body, int | float) else None


def _bucket_level(state: State, portal_id: PortalId, spec: Spec, mode: str) -> float:
    """How full the portal's bucket may be: what the last apply left, drained since, and a plan's requests."""
    known = state.portals.find(portal_id)
    left = 0.0
    if known is not None and known.bucket_level is not None and known.bucket_at is not None:
        drained = max(0.0, known.now - known.bucket_at) * spec.portal.limits.requests_per_second
        left = max(0.0, known.bucket_level - drained)
    return min(left + (PLAN_REQUESTS if mode == "write" else 0.0), float(spec.portal.limits.burst))


def _warn_of_lost_state(spec: Spec, origin: str) -> None:
    """An SQLite state in CI is lost with its machine, or comes back old from a cache."""
    host = urlsplit(origin).hostname or ""
    if os.environ.get("CI") and spec.state.reveal().startswith("sqlite") and not is_loopback(host):
        warn(
            "the state is an SQLite file on a CI machine. When it is lost, or an old copy comes back from a cache, "
            "every row is looked up in the portal again and items that people deleted there are created once more. "
            "Use a PostgreSQL state: --state postgresql+psycopg://… or SYNCER_STATE"
        )
