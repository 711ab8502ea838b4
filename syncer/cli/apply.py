"""`syncer apply`: creates the missing items."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from syncer.bitrix24.lookup import Lookup
from syncer.cli import options
from syncer.cli.options import Planning
from syncer.cli.output import paint, tell, width, write_lines
from syncer.cli.plan import current, planned, refuse, warn_of_what_returns
from syncer.cli.planfile import approved_targets, saved_plan
from syncer.cli.progress import progress
from syncer.cli.reports import report_refusal, tell_run
from syncer.cli.session import Session, open_session, read_specs
from syncer.cli.signals import Signals
from syncer.errors import Interrupted, SyncerError
from syncer.execute.run import Run
from syncer.log import redact, say
from syncer.model.run import RunResult
from syncer.plan.approved import hold_to
from syncer.plan.fitting import check_portal, check_specs, spec_paths
from syncer.plan.plan import Plan
from syncer.plan.saved import SavedPlan
from syncer.plan.targets import Targets
from syncer.plan.workspace import Workspace
from syncer.report.plan_text import plan_text
from syncer.report.text import counted


def _digest(_ctx: click.Context, _param: click.Parameter, given: Sequence[str]) -> str | None:
    """A digest that is empty or ill-formed proves nothing, nor do two different ones."""
    for each in given:
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", each):
            raise click.BadParameter(f"{each!r} is no digest: write it as the plan does, sha256:…")
    if len(set(given)) > 1:
        raise click.BadParameter("two different digests")
    return given[0] if given else None


@click.command("apply")
@options.applying
@click.option("--digest", multiple=True, callback=_digest, metavar="sha256:…", help="Of the approved plan.")
@click.option("--yes", is_flag=True, help="Do not ask before creating.")
@click.option(
    "--wait", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Wait for another run to end."
)
def command(asked: Planning, digest: str | None, yes: bool, wait: float) -> int:
    """Create the missing items, each once, and record them in the state.

    Of a saved plan: nothing beyond it, and each row exactly as it was approved, or not at all.
    """
    saved = saved_plan(asked, digest)
    paths = asked.specs if saved is None else spec_paths(saved, Path.cwd())
    specs = read_specs(paths, state_url=asked.state_url, rehearsal=asked.portal)
    if saved is not None:
        check_specs(saved, specs)
    ask = saved is None and not yes and sys.stdin.isatty() and sys.stdout.isatty()
    with Signals() as signals:
        try:
            with open_session(specs, mode="write", stop=signals.stop) as session:
                code = _apply(session, asked, saved, signals, ask=ask, patience=wait)
        except Interrupted as interrupted:
            code = tell(interrupted, debug=False)
    return signals.exit_code(code)


def _apply(
    session: Session, asked: Planning, saved: SavedPlan | None, signals: Signals, *, ask: bool, patience: float
) -> int:
    """One run: lease, what earlier runs left open, plan, guards, execution, report.

    A saved plan takes the same way: the plan is made afresh, and then held to it.
    """
    if saved is not None:
        check_portal(saved, session.portal_name)
    run = Run(
        session.state,
        session.portal,
        session.portal_id,
        session.portal_name,
        session.specs,
        patience=patience,
        stop=session.stop,
        command=" ".join(["apply", *_of(saved), *options.flags(asked.allow)]),
        allowed=asked.allow,
    )
    with run, ExitStack() as leaving:
        targets: Targets

        def make(workspace: Workspace, *, afresh: bool) -> Plan:
            nonlocal targets
            targets, names = (
                session.targets(asked.only, afresh=afresh)
                if saved is None
                else approved_targets(session, saved, afresh=afresh)
            )
            run.settle_earlier(targets)
            return planned(session, targets, names, workspace, keep=run.keep)

        plan = current(session, leaving, make)
        session.plan_took()
        if saved is not None:
            plan = hold_to(plan, saved, targets.ledgers, Lookup(session.portal))
        warn_of_what_returns(plan)
        _check(plan, asked)
        if ask and plan.total.pending:
            _confirm(plan, signals, asked.form)
        with progress("apply.sending", total=plan.total.create) as show_progress:
            result = run.execute(plan, targets, progress=show_progress)
        result.allowed = tuple(options.flags(asked.allow))
        return _told(plan, result, asked)


def _check(plan: Plan, asked: Planning) -> None:
    """Raises what keeps the plan from being applied; the reports say so too. One that cannot be written is told."""
    try:
        refuse(plan, asked)
    except SyncerError as refusal:
        try:
            report_refusal(plan, refusal, asked.reports)
        except SyncerError as error:
            tell(error, debug=False)
        raise


def _of(saved: SavedPlan | None) -> list[str]:
    """What the history says of a saved plan: its file and its digest."""
    return [] if saved is None else [saved.path.name, saved.digest()]


def _confirm(plan: Plan, signals: Signals, form: str) -> None:
    """Shows the plan and asks; raises Interrupted unless a person says yes. A document has stdout to itself."""
    lines = plan_text(plan, next_command=None, width=width(), paint=paint, wrap=True)
    if form != "text":
        for line in lines:
            say(redact(line))
    else:
        write_lines(lines)
    returning = plan.total.returning
    question = f"Create the {counted(returning, 'missing item')} all the same?" if returning else "Create these?"
    try:
        with signals.asking():
            while not signals.stop.is_set():
                click.echo(f"{question} [y/N]: ", nl=False, err=form != "text")
                match signals.answer().strip().lower():
                    case "y" | "yes":
                        return
                    case "" | "n" | "no":
                        break
    except KeyboardInterrupt:
        click.echo(err=True)
    raise Interrupted("stopped; nothing was created")


def _told(plan: Plan, result: RunResult, asked: Planning) -> int:
    """Tells what the run did. The exit code is the run's, but for a run that did all and could not tell it."""
    code = result.exit_code
    try:
        tell_run(plan, result, asked.form, asked.reports)
    except SyncerError as error:
        error.hint = f"the run is done all the same: `syncer runs show {result.run}`"
        code = code or tell(error, debug=False)
    if result.error is not None:
        tell(result.error, debug=False)
    return code
