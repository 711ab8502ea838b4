"""Saving a plan of a project and applying it, as the commands do, without a process for each."""

from __future__ import annotations

import json
from pathlib import Path

from syncer.bitrix24.lookup import Lookup
from syncer.cli.plan import planned
from syncer.cli.planfile import approved_targets
from syncer.cli.session import open_session
from syncer.errors import SyncerError
from syncer.execute.run import Run
from syncer.plan.approved import hold_to
from syncer.plan.fitting import check_portal, check_specs, spec_paths
from syncer.plan.saved import SavedPlan
from syncer.plan.saving import save_plan
from syncer.plan.workspace import Workspace
from syncer.report.run_json import run_json
from syncer.spec import load_specs
from tests.plan.project import Applied, Planned, Project


def save(project: Project, file: Path) -> SavedPlan:
    """`syncer plan -o FILE`."""
    with open_session(project.load(), mode="read") as session, Workspace() as workspace:
        save_plan(planned(session, *session.targets(()), workspace), file)
    return SavedPlan(file)


def apply_saved(project: Project, file: Path) -> Applied:
    """`syncer apply FILE`, without guards. Raises what the command would tell."""
    saved = SavedPlan(file)
    paths = spec_paths(saved, project.folder)
    specs = load_specs([project.folder / path for path in paths], project.environment)
    check_specs(saved, specs)
    with open_session(specs, mode="write") as session, Workspace() as workspace:
        check_portal(saved, session.portal_name)
        state, portal, name = session.state, session.portal, session.portal_name
        with Run(state, portal, session.portal_id, name, specs, patience=0.0, stop=session.stop) as run:
            targets, names = approved_targets(session, saved, afresh=True)
            run.settle_earlier(targets)
            plan = hold_to(planned(session, targets, names, workspace), saved, targets.ledgers, Lookup(portal))
            result = run.execute(plan, targets, progress=lambda *_: None)
        return Applied(json.loads(run_json(plan, result)), result, Planned({}))


def refused(project: Project, file: Path) -> SyncerError | None:
    """The error that `apply_saved` raises, if it does."""
    try:
        apply_saved(project, file)
    except SyncerError as error:
        return error
    return None
