"""`syncer plan`: what would be created, and why the rest would not."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Protocol

import click

from syncer.cli import options
from syncer.cli.options import Planning
from syncer.cli.output import tell
from syncer.cli.progress import progress
from syncer.cli.reports import tell_plan
from syncer.cli.session import Session, open_session, read_specs
from syncer.errors import Interrupted, SyncerError
from syncer.log import logger, redact
from syncer.mapping.directories import Directories
from syncer.plan.guards import check_guards
from syncer.plan.plan import Plan, Target
from syncer.plan.planning import make_plan
from syncer.plan.probes import Probes
from syncer.plan.saving import check_place, save_plan
from syncer.plan.targets import Targets
from syncer.plan.view import PlanView
from syncer.plan.witness import Witness
from syncer.plan.workspace import Workspace
from syncer.report.returning import RETURNING
from syncer.report.text import counted

_OF_THE_PLAN: Final = {"--detailed-exitcode": False, "--drift": False, "--format": True, "--report": True}
"""Options that the next command leaves out, and whether a value follows."""


SAVE: Final = "Save the plan for `syncer apply` and `syncer show`: .jsonl, or .jsonl.gz."
DRIFT: Final = "Tell of known rows that changed, and of items that are gone, since creation."
_KEPT: Final = ("--state", "--portal", "--allow", "--strict")
"""Options of the plan that its apply takes too, when it is saved."""


@click.command("plan")
@options.planning
@click.option("-o", "--output", "file", type=click.Path(path_type=Path), metavar="PLANFILE", help=SAVE)
@click.option("--drift", is_flag=True, help=DRIFT)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when creates or adoptions are pending.")
def command(asked: Planning, file: Path | None, drift: bool, detailed_exitcode: bool) -> int:
    """Show what would be created, and why the rest would not. Writes nothing: neither portal nor state.

    With portal.oauth it keeps the tokens that it had to renew, in the state.
    """
    if file is not None:
        check_place(file)
    specs = read_specs(asked.specs, state_url=asked.state_url, rehearsal=asked.portal)
    with open_session(specs, mode="read") as session, ExitStack() as leaving:

        def make(workspace: Workspace, *, afresh: bool) -> Plan:
            return planned(session, *session.targets(asked.only, afresh=afresh), workspace, drift=drift)

        plan = current(session, leaving, make)
        warn_of_what_returns(plan)
        refusal = None
        try:
            refuse(plan, asked)
        except SyncerError as error:
            refusal = error
        if file is not None:
            save_plan(plan, file)
        following = _next_command() if file is None else apply_command(plan, file, options=_kept())
        tell_plan(
            plan,
            asked.form,
            asked.reports,
            next_command=following if refusal is None else None,
            refusal=refusal,
        )
        if refusal is not None:
            return tell(refusal, debug=False)
        return 2 if detailed_exitcode and plan.total.pending else 0


class Making(Protocol):
    """Makes a plan; `afresh`: whatever copies of the portal's fields the state has."""

    def __call__(self, workspace: Workspace, *, afresh: bool) -> Plan: ...


def current(session: Session, leaving: ExitStack, make: Making) -> Plan:
    """A plan by the portal's fields of now.

    The state's copy of them does for a plan that renders no row, which is made without a request. Any other plan asks
    for them, and is made again where they are other ones.
    """
    plan = make(leaving.enter_context(Workspace()), afresh=False)
    if session.outdated(plan):
        plan = make(leaving.enter_context(Workspace()), afresh=True)
    return plan


def planned(
    session: Session,
    targets: Targets,
    names: Directories,
    workspace: Workspace,
    *,
    keep: Callable[[], None] = lambda: None,
    witness: Witness | None = None,
    drift: bool = False,
) -> Plan:
    """The plan of a session, with signs of life while it reads. `keep` is called often, to keep a lease."""
    with progress("plan.reading") as show_progress:

        def alive(target: Target, rows: int) -> None:
            keep()
            show_progress(target, rows)
            if session.stop.is_set():
                raise Interrupted("stopped while planning; nothing was written")

        return make_plan(
            session.specs,
            targets,
            portal=session.portal,
            portal_name=session.portal_name,
            names=names,
            learned=session.state.portals.learned(session.portal_id),
            probes=Probes(session.state.portals, session.portal_id),
            workspace=workspace,
            progress=alive,
            witness=witness,
            drift=drift,
        )


def warn_of_what_returns(plan: Plan) -> None:
    """The log's word of what the report says too: see `PlanTally.returning`."""
    if plan.total.returning:
        detail = "the portal holds items that the state does not know, and others are missing: " + RETURNING
        adopted, missing = plan.total.adopt, plan.total.create
        logger().warning("plan.incomplete_state", adopted=adopted, missing=missing, detail=detail)


def refuse(plan: Plan, asked: Planning) -> None:
    """Raises what keeps the plan from being applied: a guard, or under --strict a blocked row."""
    check_guards(plan, asked.allow)
    if asked.strict and plan.total.blocked:
        raise SyncerError(
            f"{counted(plan.total.blocked, 'blocked row')}, which --strict takes as an error; nothing was written",
            hint="mend the rows, the templates or `when`, or leave --strict out",
        )


def apply_command(plan: PlanView, file: Path, *, options: Sequence[str] = ()) -> str:
    """What applies a saved plan, and no other one."""
    return shlex.join(["syncer", "apply", str(file), "--digest", plan.digest(), *map(redact, options)])


def _kept() -> list[str]:
    """Options of this command line that the apply of its saved plan needs as well."""
    given, kept = sys.argv[2:], []
    for place, each in enumerate(given):
        name, mark, _ = each.partition("=")
        if name in _KEPT:
            kept.append(each)
            if not mark and name != "--strict" and place + 1 < len(given):
                kept.append(given[place + 1])
    return kept


def _next_command() -> str:
    """This command line with `apply` in place of `plan`, without what is for the plan alone."""
    arguments, rest = [], iter(sys.argv[2:])
    for each in rest:
        name, mark, _ = each.partition("=")
        if name in _OF_THE_PLAN:
            if _OF_THE_PLAN[name] and not mark:
                next(rest, None)
            continue
        arguments.append(each)
    return shlex.join(["syncer", "apply", *map(redact, arguments)])  # before the quotes: they may cut a secret in two
