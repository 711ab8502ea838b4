"""A run: the lease it holds, what earlier runs left open, and the execution of its plan."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict
from threading import Event
from typing import Final, Self

from syncer.bitrix24.lookup import Lookup
from syncer.bitrix24.portal import Portal
from syncer.errors import StateError
from syncer.execute.apply import Execution
from syncer.execute.distrust import seconds_of_distrust
from syncer.execute.failpoints import Failpoint, reached
from syncer.execute.holding import Holding
from syncer.execute.keeping import Keeper
from syncer.execute.recorder import Recorder
from syncer.execute.settling import Settler
from syncer.execute.witnesses import Witnesses
from syncer.log import logger
from syncer.model.identity import EntityTypeId, PortalName
from syncer.model.run import RunResult
from syncer.plan.plan import Plan, Target
from syncer.plan.probes import Probes
from syncer.plan.targets import Targets
from syncer.plan.workspace import Workspace
from syncer.spec import Spec
from syncer.store import Hold, PortalId, State

PROVED: Final = "proved_types"
"""Where the state keeps the types whose items were found again by their identity, for each user of the portal."""


class Run:
    """One `apply`: holds the state's lease from `with` to its end, however that comes.

    Entering waits up to `patience` seconds for another run to end, then raises StateLockedError. `command` is
    what the user asked for, for the history; `allowed` are the guards that it lets through.
    """

    def __init__(
        self,
        state: State,
        portal: Portal,
        portal_id: PortalId,
        portal_name: PortalName,
        specs: tuple[Spec, ...],
        *,
        patience: float,
        stop: Event,
        command: str = "apply",
        allowed: Collection[str] = (),
    ) -> None:
        self._state = state
        self._portal = portal
        self._portal_id = portal_id
        self._portal_name = portal_name
        self._stop = stop
        names = tuple(str(spec.file) for spec in specs)
        self._allowed = allowed
        self._holding = Holding(state, command, specs=names, root=specs[0].root, patience=patience, stop=stop)
        self._specs = specs

    def __enter__(self) -> Self:
        self._holding.__enter__()
        self._tell_what_it_resumes()
        files = [str(spec.file) for spec in self._specs]
        logger().info("run.started", run=self.hold.run_id, specs=files, portal=self._portal_name)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            self._holding.__exit__(kind, error, trace)
        finally:
            logger().info(
                "run.finished", run=self.hold.run_id, status=self._holding.status, **dict(self._holding.summary)
            )

    @property
    def hold(self) -> Hold:
        return self._holding.hold

    @property
    def keeper(self) -> Keeper:
        return self._holding.keeper

    def keep(self) -> None:
        """Keeps the lease; to be called often while the plan is made. Raises StateLockedError."""
        reached(Failpoint.PLANNING)
        self.keeper.keep()

    def _tell_what_it_resumes(self) -> None:
        names = {name for spec in self._specs for name in (spec.name, spec.moved_from) if name}
        for earlier, count in self._state.left_open(self._portal_id, names).items():
            text = f"resuming run {earlier}: {count:,} item{'' if count == 1 else 's'} without a known outcome"
            logger().info("run.resumed", run=self.hold.run_id, earlier=earlier, items=count, message=text)

    def settle_earlier(self, targets: Targets) -> None:
        """Looks up what earlier runs left open, before anything is planned on top of it."""
        with Workspace() as scratch:
            lookup, probes = Lookup(self._portal), Probes(self._state.portals, self._portal_id)
            Settler(
                targets.all,
                ledgers=targets.ledgers,
                probes=probes,
                lookup=lookup,
                witnesses=Witnesses(self._portal, lookup, targets.ledgers, probes),
                recorder=self._recorder(targets, scratch),
                stop=self._stop,
            ).look()

    def execute(self, plan: Plan, targets: Targets, *, progress: Callable[[Target, int], None]) -> RunResult:
        """Creates what the plan says, and remembers what was learned on the way."""
        portals, portal_id = self._state.portals, self._portal_id
        unconfirmed = () if "identity-change" in self._allowed else tuple(plan.changed)
        targets = targets.recorded(self._state, portal_id, self.hold, unconfirmed=unconfirmed)
        proved_by = f"{PROVED}:{self._portal.caller}"
        kept = portals.catalog(portal_id, proved_by)
        before = {EntityTypeId(each) for each in (kept.body if kept else [])}
        execution = Execution(
            plan,
            run=self.hold.run_id,
            portal=self._portal,
            recorder=self._recorder(targets, plan.workspace),
            ledgers=targets.ledgers,
            proved=set(before),
            learned=portals.learned(portal_id),
            distrusted_for=seconds_of_distrust(
                self._state, self._portal, portal_id, plan, targets.ledgers, since=self.hold.now
            ),
            stop=self._stop,
            progress=progress,
        )
        self._holding.under_way = True
        result = execution.run()
        self._holding.under_way = execution.left_open
        done = "done" if result.exit_code == 0 else "incomplete"
        self._holding.status, self._holding.summary = "stopped" if result.stopped else done, asdict(result.total)
        self._holding.told = result.error
        if isinstance(result.error, StateError):
            return result
        if execution.proved != before:
            portals.put_catalog(portal_id, proved_by, sorted(execution.proved))
        plan.probes.save()
        portals.put_learned(portal_id, execution.learned())
        return result

    def _recorder(self, targets: Targets, workspace: Workspace) -> Recorder:
        return Recorder(self.hold, self.keeper, targets.ledgers, targets.owners, workspace)
